import CoreTypes
import Files
import Repositories
import Storage

/// Tells whether an older copy stands in a repository's place, as far as this machine remembers.
struct RollbackWatch {
  let options: RepositoryOptions

  /// Throws if records that this machine saw in the store are gone.
  func refuse(_ store: any BlobStore, _ configuration: Configuration) throws {
    let log = try RecordLog(store: store, configuration: configuration)
    let missing = try memory(of: configuration).lost(from: log, of: store.id)
    guard missing.isEmpty else {
      throw try failure(missing, in: configuration.repositoryID)
    }
  }

  /// Throws if records are gone of what a writer is about to add to.
  func refuse(_ enrolment: WriterEnrolment, in repository: OpenRepository) throws {
    do {
      try enrolment.refuseRollback()
    } catch RepositoryError.rollback(let missing) {
      throw try failure(missing, in: repository.configuration.repositoryID)
    }
  }

  /// The records that a repair may give up; throws if an older copy stands in the repository's place.
  func lostRecords(of repository: OpenRepository) throws -> LostRecords {
    do {
      return try memory(of: repository.configuration)
        .lostRecords(of: repository.log, in: repository.store.id)
    } catch RepositoryError.rollback(let missing) {
      throw try failure(missing, in: repository.configuration.repositoryID)
    }
  }

  /// Says it with the folder that is to go if the older copy was put there on purpose.
  private func failure(_ missing: [RecordID], in repository: RepositoryID) throws -> Failure {
    let general = Explanation.failure(from: .rollback(missing: missing))
    let folder = try options.folders().state + "/\(repository)"
    return Failure(
      general.status,
      general.what,
      meaning: general.meaning,
      advice: Explanation.bringingBackRecords
        + "If you restored the repository on purpose, remove what this machine remembers of it: rm -r "
        + DisplayedName.text(folder)
    )
  }

  /// As above, for whoever mends what is damaged: a configuration that cannot be read is no reason.
  func refuse(_ store: any BlobStore) throws {
    let configuration: Configuration
    do {
      configuration = try Configuration(decoding: try store.readConfiguration())
    } catch {
      // Ignored: the repair begins with it, and says what is wrong with it.
      return
    }
    try refuse(store, configuration)
  }

  /// Says that the store is older than it was; true if it is.
  func warn(_ log: RecordLog, of store: any BlobStore, _ configuration: Configuration) -> Bool {
    let missing = missing(from: log, of: store, configuration)
    guard !missing.isEmpty else { return false }
    let what = Explanation.failure(from: .rollback(missing: missing)).what
    options.console.warn(
      options.json
        ? JSONText([
          "message_type": .text("warning"), "code": .number(Int(ExitStatus.rollback.rawValue)),
          "message": .text(what),
        ]).line
        : "warning: \(what); what was saved since is not in it"
    )
    return true
  }

  /// Records that are gone, for whoever only reads.
  func missing(
    from log: RecordLog,
    of store: any BlobStore,
    _ configuration: Configuration
  ) -> [RecordID] {
    do {
      return try memory(of: configuration).lost(from: log, of: store.id)
    } catch {
      // Ignored: a state folder that cannot be used remembers nothing.
      return []
    }
  }

  private func memory(of configuration: Configuration) throws -> ClientMemory {
    try options.memory(of: configuration.repositoryID)
  }
}
