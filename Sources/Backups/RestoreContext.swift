import Files
import Repositories
import Restoring
import Threading

/// What every part of a running restore works with.
struct RestoreContext: Sendable {
  let repository: OpenRepository
  let plan: RestorePlan
  let jobs: RestoreJobs
  let finisher: RestoreFinisher
  let progress: RestoreProgress
  let failure: FirstFailure<BackupError>
  let interruption: @Sendable () -> Bool

  init(
    repository: OpenRepository,
    plan: RestorePlan,
    progress: RestoreProgress,
    interruption: @escaping @Sendable () -> Bool
  ) {
    self.repository = repository
    self.plan = plan
    self.progress = progress
    self.interruption = interruption
    jobs = RestoreJobs()
    failure = FirstFailure()
    finisher = RestoreFinisher(
      plan: plan,
      store: repository.store,
      progress: progress,
      failure: failure
    )
  }

  var isDryRun: Bool {
    switch plan.effect {
    case .restore: false
    case .foresee: true
    }
  }

  /// Whether to stop without an error of one's own; throws when a signal asks for it.
  func isStopped() throws(BackupError) -> Bool {
    if interruption() { throw .interrupted }
    return failure.isSet
  }
}
