import Browsing
import CoreTypes
import Repositories
import Trees

/// Snapshots for people and programs.
enum SnapshotText {
  /// The columns of a row.
  static let columns = ["id", "time", "host", "tags", "files", "size", "paths"]
  static let compactColumns = ["id", "time", "host", "tags"]
  /// Remarks before the paths; in a narrow terminal the paths are shortened, and these are not.
  static let incomplete = "(incomplete)  "
  static let leftOut = "(left out)  "

  static func row(_ snapshot: OpenedSnapshot) -> [String] {
    let content = snapshot.content
    return compactRow(snapshot) + [
      Quantities.count(Int(clamping: content.totals.files)),
      Quantities.bytes(Int(clamping: content.totals.bytes)),
      (content.unreadable > 0 ? incomplete : "")
        + snapshot.paths.map(DisplayedName.text).joined(separator: "  "),
    ]
  }

  static func compactRow(_ snapshot: OpenedSnapshot) -> [String] {
    [
      snapshot.id.digest.short, CalendarTime.text(snapshot.record.clear.time),
      snapshot.host.map { DisplayedName.text($0) } ?? "-",
      TagText.shown(snapshot.tags),
    ]
  }

  /// Says why a snapshot could not be looked through to its end.
  static func warn(of error: BrowsingError, in snapshot: OpenedSnapshot, _ console: Console) {
    let text = "snapshot \(snapshot.id.digest.short): " + Explanation.failure(from: error).what
    console.warn(
      console.isJSON
        ? JSONText([
          "message_type": .text("error"), "item": .text("\(snapshot.id)"), "message": .text(text),
        ]).line : "warning: " + text
    )
  }

  /// Says what of a snapshot could not be counted.
  static func warn(of gap: SnapshotCensus.Gap, _ console: Console) {
    let place = gap.path.isEmpty ? "its table of hard links" : DisplayedName.text(gap.path)
    let text =
      "snapshot \(gap.snapshot.id.digest.short): \(place): "
      + Explanation.failure(from: gap.error).what
    console.warn(
      console.isJSON
        ? JSONText([
          "message_type": .text("error"), "item": JSONText.name(gap.path), "message": .text(text),
        ]).line : "warning: " + text
    )
  }

  /// As below, and whether a copy that leaves snapshots out holds this one.
  static func json(_ snapshot: OpenedSnapshot, in holding: StoreHolding) -> JSONText {
    var text = json(snapshot)
    if holding != .everything { text.add("held", .flag(holding.holds(snapshot.id))) }
    return text
  }

  /// - Parameter kind: the message type, for lines among others.
  static func json(_ snapshot: OpenedSnapshot, kind: String? = nil) -> JSONText {
    let content = snapshot.content
    var json = JSONText()
    if let kind { json.add("message_type", .text(kind)) }
    json.add("id", .text("\(snapshot.id)"))
    json.add("short_id", .text(snapshot.id.digest.short))
    json.add("time", .text(CalendarTime.iso(snapshot.record.clear.time)))
    json.add("paths", .list(snapshot.paths.map { JSONText.name($0) }))
    json.add("files", .number(Int(clamping: content.totals.files)))
    json.add("bytes", .number(Int(clamping: content.totals.bytes)))
    json.add("entries", .number(Int(clamping: content.totals.entries)))
    json.add("unreadable", .number(Int(clamping: content.unreadable)))
    json.add("parents", .list(content.parents.map { .text("\($0)") }))
    if let author = content.author {
      json.add("hostname", .text(author.host))
      json.add("username", .text(author.user))
      json.add("program_version", .text(author.program))
    }
    json.add("tags", .list(snapshot.tags.map { .text($0) }))
    return json
  }
}
