import Threading

/// Asks a few times a second whether to stop, and which call to the source's file system does not return, so that no worker has to.
final class InterruptionWatch: Sendable {
  private let context: BackupContext
  private let interruption: @Sendable () -> Bool
  private let isDone = Monitor<Bool>(false)
  private static let intervalMilliseconds = 50
  /// Looks, in the interval above, after which a call is shown as waited for: 3 s.
  private static let shownLooks = 60
  /// Looks after which that is told once, wherever there is no display: 10 s.
  private static let toldLooks = 200

  init(context: BackupContext, interruption: @escaping @Sendable () -> Bool) {
    self.context = context
    self.interruption = interruption
  }

  func run() {
    var stalls = StallWatch()
    while !isDone.wait(upToMilliseconds: InterruptionWatch.intervalMilliseconds, until: { $0 }) {
      if interruption() {
        context.fail(.interrupted)
        return
      }
      let stalled = stalls.look(at: context.calls.all)
      let isShown = stalled.map { $0.looks >= InterruptionWatch.shownLooks } ?? false
      context.progress.waiting(for: isShown ? stalled?.call.path : nil)
      if let stalled, stalled.looks == InterruptionWatch.toldLooks {
        context.progress.stalled(at: stalled.call.path)
      }
    }
  }

  func stop() { isDone.update { $0 = true } }
}
