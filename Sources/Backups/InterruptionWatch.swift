import Threading

/// Asks a few times a second whether to stop, so that no worker has to.
final class InterruptionWatch: Sendable {
  private let context: BackupContext
  private let interruption: @Sendable () -> Bool
  private let isDone = Monitor<Bool>(false)
  private static let intervalMilliseconds = 50

  init(context: BackupContext, interruption: @escaping @Sendable () -> Bool) {
    self.context = context
    self.interruption = interruption
  }

  func run() {
    while !isDone.wait(upToMilliseconds: InterruptionWatch.intervalMilliseconds, until: { $0 }) {
      if interruption() {
        context.fail(.interrupted)
        return
      }
    }
  }

  func stop() { isDone.update { $0 = true } }
}
