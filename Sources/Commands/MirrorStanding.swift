import Mirroring
import Repositories

/// How a mirror stands, as far as this machine knows.
struct MirrorStanding {
  /// The one word for it, the first that is true.
  enum State: String {
    /// A check found something there, and none since found it mended.
    case damaged
    /// It was asked just now and did not answer.
    case unreachable
    /// No run with it ever ended well, and it never answered.
    case neverReached = "never reached"
    /// The last run with it failed, and nothing was learned since.
    case failed
    /// It answered, but what it holds was never learned.
    case unknown
    /// It lacks records of this repository.
    case behind
    /// It had everything when it last answered, and nothing came here since.
    case current
  }

  let target: MirrorTarget
  let note: MirrorNote
  /// What checks by this machine found there.
  let checks: CheckNote?
  /// What it lacks; `nil` if that is not known.
  let lag: MirrorLag?
  /// Why it does not answer now: an empty text if it does, `nil` if it was not asked.
  let obstacle: String?

  var state: State {
    if checks?.fault != nil { return .damaged }
    if let obstacle, !obstacle.isEmpty { return .unreachable }
    if note.lastContact == nil { return .neverReached }
    if note.failure != nil, (note.knownAt ?? .min) <= (note.lastAttempt ?? .min) { return .failed }
    guard let lag else { return .unknown }
    return lag.records == 0 ? .current : .behind
  }

  /// The last check that found nothing, and who says so; a fault voids it.
  var verification: (Verification, byMirror: Bool)? {
    guard checks?.fault == nil else { return nil }
    if let passed = checks?.passed {
      guard let reported = note.reported, reported.time > passed.time else {
        return (passed, false)
      }
      return (reported, true)
    }
    return note.reported.map { ($0, true) }
  }
}
