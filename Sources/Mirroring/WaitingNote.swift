/// What a person is told when the other end has been silent for a while.
package struct WaitingNote: Sendable {
  /// Silence after which it is told, in seconds.
  package let seconds: Int
  /// Tells it; called once.
  package let tell: @Sendable () -> Void

  package init(afterSeconds seconds: Int, _ tell: @escaping @Sendable () -> Void) {
    self.seconds = seconds
    self.tell = tell
  }

  /// Nothing is told.
  package static let none = WaitingNote(afterSeconds: .max) {}
}
