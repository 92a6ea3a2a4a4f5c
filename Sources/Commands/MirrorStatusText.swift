import CoreTypes
import Files
import Repositories

/// How mirrors stand, in words and in JSON.
enum MirrorStatusText {
  /// A table, and what has no place in it.
  static func lines(_ standings: [MirrorStanding]) -> [String] {
    var lines = TextTable.lines(
      header: ["Mirror", "State", "Contact", "Last done", "Verified"],
      rows: standings.filter { $0.same == nil }.map { standing in
        [
          name(standing), standing.state.rawValue, time(standing.note.lastContact),
          time(standing.note.lastSuccess), verified(standing),
        ]
      },
      rightAligned: [],
      fitting: .terminal(shortening: 0, dropping: [2, 4])
    )
    for standing in standings {
      let remarks = furtherNames(of: standing, among: standings) + remarks(standing)
      for remark in remarks.map({ "\(name(standing)): \($0)" }) {
        guard let width = StandardStreams.terminalWidth(1) else {
          lines.append(remark)
          continue
        }
        lines += TextFold.lines(remark, width: max(40, width), first: "", lead: "  ")
      }
    }
    return lines
  }

  /// One object.
  static func json(_ standing: MirrorStanding) -> JSONText {
    let note = standing.note
    var json = JSONText([
      "message_type": .text("mirror"),
      "destination": JSONText.name(Array(standing.target.name.utf8)),
      "of_profile": .flag(standing.target.isOfProfile), "state": .text(standing.state.rawValue),
      "last_contact": moment(note.lastContact), "last_attempt": moment(note.lastAttempt),
      "last_success": moment(note.lastSuccess),
      "last_failure": note.failure.map { .text($0) } ?? .null,
      "known_at": moment(note.knownAt),
      "selecting": .flag(note.isSelecting),
      "snapshots_behind": number(standing.lag?.snapshots),
      "records_behind": number(standing.lag?.records),
      "objects_behind": number(standing.lag?.objects), "bytes_behind": number(standing.lag?.bytes),
      "extra_records": number(note.frontier.map { _ in Int(clamping: note.extraRecordCount) }),
      "verified": moment(standing.verification?.0.time),
      "verified_extent": standing.verification.map { .text(word($0.0.extent)) } ?? .null,
      "verified_by": standing.verification.map {
        .text($0.byMirror ? "mirror" : "this machine")
      } ?? .null,
      "last_read": moment(standing.checks?.wasReadAt),
      "records_lost_here": .flag(standing.doubts.contains(.recordsAreLost)),
      "times_ahead": .flag(note.isAhead(in: standing.order)),
      "findings": number(standing.checks?.fault.map { Int(clamping: $0.findingCount) }),
    ])
    let obstacle: String? =
      switch standing.answer {
      case .obstacle(let why), .otherRepository(let why): why
      case .came, nil: nil
      }
    json.add("reachable", standing.answer.map { .flag(!$0.isObstacle) } ?? .null)
    json.add("obstacle", obstacle.map { .text($0) } ?? .null)
    if let same = standing.same { json.add("same_as", JSONText.name(Array(same.target.name.utf8))) }
    return json
  }

  private static func name(_ standing: MirrorStanding) -> String {
    DisplayedName.text(standing.target.name)
  }

  private static func amount(_ lag: MirrorLag) -> String {
    let what =
      lag.snapshots > 0
      ? Quantities.count(lag.snapshots, "snapshot") : Quantities.count(lag.records, "record")
    return lag.bytes > 0 ? "\(what), \(Quantities.bytes(lag.bytes))" : what
  }

  private static func verified(_ standing: MirrorStanding) -> String {
    guard let (verification, byMirror) = standing.verification else {
      return standing.checks?.fault == nil ? "never" : "damage found"
    }
    return "\(time(verification.time).prefix { $0 != " " }), \(word(verification.extent))"
      + (byMirror ? " (it says)" : "")
  }

  private static func word(_ extent: Verification.Extent) -> String {
    switch extent {
    case .lists: "lists"
    case .part: "part of the data"
    case .everything: "all data"
    }
  }

  /// The other names under which a store was reached, in one line.
  private static func furtherNames(
    of standing: MirrorStanding,
    among all: [MirrorStanding]
  ) -> [String] {
    let names = all.filter { $0.same?.target.name == standing.target.name }.map(name)
    return names.isEmpty ? [] : ["the same copy is reached as \(names.joined(separator: ", "))"]
  }

  private static func remarks(_ standing: MirrorStanding) -> [String] {
    let note = standing.note
    var remarks: [String] = []
    switch standing.answer {
    case .obstacle(let why):
      remarks.append("not reachable now: \(DisplayedName.text(why))")
    case .otherRepository(let why): remarks.append(DisplayedName.text(why))
    case .came, nil: break
    }
    // All else is told of the row that it belongs to.
    if standing.same != nil { return remarks }
    if note.isSelecting { remarks.insert("holds chosen snapshots only, as was asked for", at: 0) }
    if let fault = standing.checks?.fault {
      remarks.append(
        "\(time(fault.verification.time)): a check found "
          + "\(Quantities.count(Int(clamping: fault.findingCount), "thing")) damaged or missing"
      )
    }
    if standing.doubts.contains(.hasLostRecords) {
      remarks.append(
        "had records that are lost here; `kist check --repair-from DEST` brings them back, where DEST is this mirror"
      )
    } else if standing.doubts.contains(.recordsAreLost) {
      remarks.append("whether it has the records that are lost here is not known")
    }
    if note.isAhead(in: standing.order) {
      remarks.append(
        "was noted with times that have not come yet: this machine's clock was wrong then, or is now; "
          + "the next run that ends well puts them right"
      )
    }
    // Whoever is current lacks nothing, whatever a run before came to.
    if let failure = note.failure, standing.state != .current {
      remarks.append(
        "the last run, \(time(note.lastAttempt)), "
          + (failure == MirrorNoting.stop
            ? "was stopped" : "failed: " + DisplayedName.text(failure))
      )
    }
    if let known = note.knownAt, let lag = standing.lag, lag.records > 0 {
      remarks.append("behind by \(amount(lag)), as far as is known since \(time(known))")
    }
    if note.extraRecordCount > 0, note.frontier != nil {
      remarks.append(
        "has \(Quantities.count(Int(clamping: note.extraRecordCount), "record")) more than here; "
          + "`kist mirror pull` fetches them"
      )
    }
    return remarks
  }

  private static func time(_ seconds: Int64) -> String { time(PointInTime(seconds: seconds)) }

  private static func time(_ time: PointInTime?) -> String {
    time.map { CalendarTime.text(clamped($0)) } ?? "never"
  }

  private static func moment(_ seconds: Int64?) -> JSONText.Value {
    moment(seconds.map { PointInTime(seconds: $0) })
  }

  private static func moment(_ time: PointInTime?) -> JSONText.Value {
    time.map { .text(CalendarTime.iso(clamped($0))) } ?? .null
  }

  private static func number(_ count: Int?) -> JSONText.Value { count.map { .number($0) } ?? .null }

  /// Years that a calendar has four digits for.
  private static func clamped(_ time: PointInTime) -> PointInTime {
    min(max(time, PointInTime(seconds: 0)), PointInTime(seconds: 253_402_300_799))
  }
}
