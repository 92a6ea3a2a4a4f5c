import Encoding
import Trees

/// The sealed part of a record of kind 6.
///
/// Source: Formats/record-log.md §7.
enum TagList {
  /// The bytes for tags that are ascending, distinct and within the limits.
  static func encode(_ tags: [String]) -> [UInt8] {
    var writer = CBORWriter()
    writer.mapHeader(tags.isEmpty ? 0 : 1)
    if !tags.isEmpty {
      writer.unsigned(1)
      writer.arrayHeader(tags.count)
      for tag in tags { writer.text(tag) }
    }
    return writer.bytes
  }

  /// Reads the tags, and checks number, length and order.
  static func decode(_ bytes: [UInt8]) throws -> [String] {
    var reader = CBORReader(bytes)
    var tags: [String] = []
    if try reader.readMapHeader(limit: 1) == 1 {
      guard try reader.readUnsigned() == 1 else { throw RecordError.malformed("unknown key") }
      let count = try reader.readArrayHeader(limit: SnapshotLimits.tags)
      guard count > 0 else { throw RecordError.malformed("an empty list of tags") }
      for _ in 0..<count {
        let tag = try reader.readText(limit: SnapshotLimits.textByteCount)
        guard !tag.isEmpty else { throw RecordError.malformed("an empty tag") }
        if let last = tags.last, !precedes(last, tag) {
          throw RecordError.malformed("tags are not ascending")
        }
        tags.append(tag)
      }
    }
    try reader.finish()
    return tags
  }

  /// The tags in the order in which they are stored and shown, each once.
  static func ordered(_ tags: some Sequence<String>) -> [String] {
    var ordered: [String] = []
    for tag in tags.sorted(by: precedes) {
      if let last = ordered.last, !precedes(last, tag) { continue }
      ordered.append(tag)
    }
    return ordered
  }

  // By bytes: Swift's own order counts texts as equal that are other bytes.
  private static func precedes(_ left: String, _ right: String) -> Bool {
    left.utf8.lexicographicallyPrecedes(right.utf8)
  }
}
