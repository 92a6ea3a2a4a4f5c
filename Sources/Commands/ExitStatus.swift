/// What the process returns.
///
/// Scripts rely on these numbers; the table stands in README.md.
package enum ExitStatus: Int32, Sendable {
  case done = 0
  case failed = 1
  case usage = 2
  /// The snapshot is kept, or the restore done, but something was left out.
  case incomplete = 3
  case noRepository = 10
  case busy = 11
  case wrongPassword = 12
  case damage = 20
  case noSpace = 21
  case refusedForSafety = 22
  case rollback = 23
  /// A mirror lacks something, was never reached, or its last run failed.
  case mirrorBehind = 24
  case interrupted = 130
  /// Whoever read the output has gone; as a shell shows it of other programs.
  case outputClosed = 141
}

/// An error with everything that a person needs: what happened, what it means, what to do.
package struct Failure: Error {
  package let status: ExitStatus
  package let what: String
  package let meaning: String?
  package let advice: String?

  init(_ status: ExitStatus, _ what: String, meaning: String? = nil, advice: String? = nil) {
    self.status = status
    self.what = what
    self.meaning = meaning
    self.advice = advice
  }
}
