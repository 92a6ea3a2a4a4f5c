import Sealing
import CoreTypes
import Repositories
package import Trees

/// Reads the content of files in order, each chunk proven before it is handed on.
package struct ContentReader {
  private let source: NodeSource
  private let interruption: () -> Bool

  package init(source: NodeSource, interruption: @escaping () -> Bool) {
    self.source = source
    self.interruption = interruption
  }

  /// Takes bytes of a file.
  package typealias Body = (ArraySlice<UInt8>) throws(BrowsingError) -> Void

  /// Calls `body` with the whole content.
  package func read(
    _ entry: TreeEntry,
    at path: [UInt8],
    _ body: Body
  ) throws(BrowsingError) {
    try read(entry, parts: entry.size > 0 ? [0..<entry.size] : [], at: path, body)
  }

  /// Calls `body` with some parts of the content, which ascend and lie within it.
  package func read(
    _ entry: TreeEntry,
    parts: [Range<UInt64>],
    at path: [UInt8],
    _ body: Body
  ) throws(BrowsingError) {
    if case .inline(let bytes) = entry.content {
      for part in parts { try body(bytes[Int(part.lowerBound)..<Int(part.upperBound)]) }
      return
    }
    var parts = parts[...]
    var start: UInt64 = 0
    var items = source.reader.items(of: entry)
    while !parts.isEmpty, let item = try next(&items, at: path) {
      // Cannot overflow: the cursor has proven that all items together are as long as the file.
      let end = start + UInt64(item.length) * item.repeats
      defer { start = end }
      guard let first = parts.first, first.lowerBound < end else { continue }
      let bytes = try chunk(item, at: path)
      while let part = parts.first, part.lowerBound < end {
        try write(bytes, start, part.clamped(to: start..<end), body)
        guard part.upperBound <= end else { break }
        parts.removeFirst()
      }
    }
  }

  /// Writes a range of a row of equal chunks that begins at `start`.
  private func write(
    _ bytes: [UInt8],
    _ start: UInt64,
    _ range: Range<UInt64>,
    _ body: Body
  ) throws(BrowsingError) {
    var place = range.lowerBound
    while place < range.upperBound {
      if interruption() { throw .interrupted }
      let offset = Int((place - start) % UInt64(bytes.count))
      let count = min(bytes.count - offset, Int(clamping: range.upperBound - place))
      try body(bytes[offset..<offset + count])
      place += UInt64(count)
    }
  }

  private func next(
    _ items: inout ItemCursor<BrowsingError>,
    at path: [UInt8]
  ) throws(BrowsingError) -> ChunkReference? {
    do {
      return try items.next()
    } catch {
      throw Self.damaged(error.browsingError, at: path)
    }
  }

  /// The bytes of an item's chunk, of which the length was compared.
  func chunk(_ item: ChunkReference, at path: [UInt8]) throws(BrowsingError) -> [UInt8] {
    if interruption() { throw .interrupted }
    let bytes: [UInt8]
    do {
      bytes = try source.chunks.bytes(of: item.id, kind: .data)
    } catch {
      throw .damagedContent(path: path, error)
    }
    guard bytes.count == Int(item.length) else {
      throw .damagedContent(
        path: path,
        .malformedTree(
          item.id,
          .wrongSize(promised: UInt64(item.length), found: UInt64(bytes.count))
        )
      )
    }
    return bytes
  }

  private static func damaged(_ error: BrowsingError, at path: [UInt8]) -> BrowsingError {
    guard case .repository(let error) = error else { return error }
    return .damagedContent(path: path, error)
  }

  // MARK: Holes

  /// The parts of a file that are no holes; what a hole covers was proven to be zero.
  ///
  /// `nil` if the file has no holes. Source: Formats/tree.md §6.
  package func partsBesideHoles(
    of entry: TreeEntry,
    at path: [UInt8]
  ) throws(BrowsingError)
    -> [Range<UInt64>]?
  {
    let holes: [HoleExtent]
    do {
      holes = try source.reader.holes(of: entry)
    } catch {
      // Ignored: holes only save space, and without their map everything is written.
      return nil
    }
    let proven = try provenHoles(holes.map { $0.offset..<$0.offset + $0.length }, entry, at: path)
    guard !proven.isEmpty else { return nil }
    var parts: [Range<UInt64>] = []
    var place: UInt64 = 0
    for hole in proven {
      if place < hole.lowerBound { parts.append(place..<hole.lowerBound) }
      place = hole.upperBound
    }
    if place < entry.size { parts.append(place..<entry.size) }
    return parts
  }

  private func provenHoles(
    _ holes: [Range<UInt64>],
    _ entry: TreeEntry,
    at path: [UInt8]
  ) throws(BrowsingError) -> [Range<UInt64>] {
    var wrong: Set<Int> = []
    var next = 0
    var start: UInt64 = 0
    var items = source.reader.items(of: entry)
    while next < holes.count, let item = try self.next(&items, at: path) {
      let end = start + UInt64(item.length) * item.repeats
      defer { start = end }
      guard holes[next].lowerBound < end else { continue }
      let bytes = try chunk(item, at: path)
      let isZero = bytes.allSatisfy { $0 == 0 }
      while next < holes.count, holes[next].lowerBound < end {
        let covered = holes[next].clamped(to: start..<end)
        if !isZero, !Self.isZero(bytes, item, start, covered) { wrong.insert(next) }
        guard holes[next].upperBound <= end else { break }
        next += 1
      }
    }
    return holes.enumerated().filter { !wrong.contains($0.offset) }.map(\.element)
  }

  private static func isZero(
    _ bytes: [UInt8],
    _ item: ChunkReference,
    _ start: UInt64,
    _ covered: Range<UInt64>
  ) -> Bool {
    // Of a chunk that follows itself and is not zero, a hole may cover any part.
    guard item.repeats == 1 else { return false }
    return bytes[Int(covered.lowerBound - start)..<Int(covered.upperBound - start)]
      .allSatisfy { $0 == 0 }
  }
}
