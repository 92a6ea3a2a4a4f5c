import CoreTypes
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
    /// It answered, but what it holds was never learned, or what was known of it is lost, or records are lost here.
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
  /// What keeps this machine from knowing.
  let doubts: Set<Doubt>
  /// Tells the later of two moments.
  let order: NoteOrder
  /// Another name of the same store, under which it is told; this is how that one stands.
  var same: Same?

  /// Why what is remembered is not the whole truth.
  enum Doubt {
    /// The note of it cannot be read.
    case noteIsLost
    /// Records of this repository are gone or cannot be read: whether it has them is not known.
    case recordsAreLost
    /// It held such records.
    case hasLostRecords
  }

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
    let isLastWord = !order.is(note.knownAt, laterThan: note.lastAttempt)
    if note.failure == MirrorNoting.stop, isLastWord { return .stopped }
    if note.lastContact == nil {
      return doubts.contains(.noteIsLost) ? .unknown : .neverReached
    }
    if note.failure != nil, isLastWord { return .failed }
    guard let lag else { return .unknown }
    guard lag.records == 0 else { return .behind }
    return doubts.contains(.recordsAreLost) ? .unknown : .current
  }

  /// The last check that found nothing, and who says so; a fault voids it.
  var verification: (Verification, byMirror: Bool)? {
    guard checks?.fault == nil else { return nil }
    if let passed = checks?.passed {
      guard let reported = note.reported,
        order.is(PointInTime(seconds: reported.time), laterThan: PointInTime(seconds: passed.time))
      else {
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
      doubts: row.doubts,
      order: order,
      same: Same(target: row.target, state: row.state)
    )
  }

  private func joined(with other: MirrorStanding) -> MirrorStanding {
    let isNewer = order.is(other.note.knownAt, laterThan: note.knownAt)
    return MirrorStanding(
      target: target,
      note: note.joined(with: other.note, in: order),
      checks: checks,
      lag: isNewer ? other.lag : lag,
      answer: answer,
      doubts: isNewer ? other.doubts : doubts,
      order: order
    )
  }
}
