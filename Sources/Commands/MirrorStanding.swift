import Mirroring
import Repositories

/// How a mirror stands, as far as this machine knows.
struct MirrorStanding {
  /// The one word for it, the first that is true.
  enum State: String {
    /// A check found something there, and none since found it mended.
    case damaged
    /// It was asked just now, and holds another repository.
    case otherRepository = "another repository"
    /// It was asked just now and did not answer.
    case unreachable
    /// Somebody stopped the last run with it, and nothing was learned since.
    case stopped
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
  /// What asking it just now came to; `nil` if it was not asked.
  let answer: Answer?
  /// Another name of the same store, under which it is told; this is how that one stands.
  var same: Same?

  /// The row of the table that a further name belongs to.
  struct Same {
    let target: MirrorTarget
    let state: State
  }

  /// What asking a mirror comes to.
  enum Answer: Equatable {
    case came
    /// Why it did not answer.
    case obstacle(String)
    /// What it holds instead.
    case otherRepository(String)

    /// True if nothing came from there.
    var isObstacle: Bool {
      if case .obstacle = self { return true }
      return false
    }
  }

  var state: State {
    if let same { return same.state }
    if checks?.fault != nil { return .damaged }
    switch answer {
    case .obstacle: return .unreachable
    case .otherRepository: return .otherRepository
    case .came, nil: break
    }
    let isLastWord = !MirrorNote.is(note.knownAt, laterThan: note.lastAttempt)
    if note.failure == MirrorNoting.stop, isLastWord { return .stopped }
    if note.lastContact == nil { return .neverReached }
    if note.failure != nil, isLastWord { return .failed }
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

  /// Tells each store once: of several names for one, the first stands for all, with the newest that is known under any.
  static func joined(_ standings: [MirrorStanding]) -> [MirrorStanding] {
    var first: [[UInt8]: Int] = [:]
    var joined: [MirrorStanding] = []
    // The row that a further name belongs to, by the place of each.
    var rows: [(name: Int, row: Int)] = []
    for standing in standings {
      let mark = standing.note.mark
      guard !mark.isEmpty, let known = first[mark] else {
        if !mark.isEmpty { first[mark] = joined.count }
        joined.append(standing)
        continue
      }
      joined[known] = joined[known].joined(with: standing)
      rows.append((joined.count, known))
      joined.append(standing)
    }
    for (name, row) in rows { joined[name] = joined[name].further(name: joined[row]) }
    return joined
  }

  /// What is known of the store under the name that is told, with this target and what asking it came to.
  private func further(name row: MirrorStanding) -> MirrorStanding {
    MirrorStanding(
      target: target,
      note: row.note,
      checks: row.checks,
      lag: row.lag,
      answer: answer,
      same: Same(target: row.target, state: row.state)
    )
  }

  private func joined(with other: MirrorStanding) -> MirrorStanding {
    let isNewer = MirrorNote.is(other.note.knownAt, laterThan: note.knownAt)
    return MirrorStanding(
      target: target,
      note: note.joined(with: other.note),
      checks: checks,
      lag: isNewer ? other.lag : lag,
      answer: answer
    )
  }
}
