package import CoreTypes
import Sealing
import Trees

/// The first hexadecimal digits of an id.
package struct IDBeginning: Hashable, Sendable {
  private let text: String
  /// The first 16 digits, as far as they are given.
  private let bits: UInt64
  private let mask: UInt64

  /// `nil` unless these are 1 to 64 hexadecimal digits.
  package init?(_ text: String) {
    guard (1...2 * Digest.byteCount).contains(text.utf8.count) else { return nil }
    var bits: UInt64 = 0
    var mask: UInt64 = 0
    var shift = 60
    for digit in text {
      guard digit.isASCII, let value = digit.hexDigitValue else { return nil }
      if shift >= 0 {
        bits |= UInt64(value) << UInt64(shift)
        mask |= 15 << UInt64(shift)
        shift -= 4
      }
    }
    self.text = text.lowercased()
    self.bits = bits
    self.mask = mask
  }

  /// True if the id begins with these digits.
  package func begins(_ id: Digest) -> Bool {
    guard id.prefix & mask == bits else { return false }
    return text.utf8.count <= 16 || id.description.hasPrefix(text)
  }
}

/// Chunks that are looked for, by their ids or the beginnings of them.
package struct WantedChunks: Sendable {
  /// Which chunks count.
  package enum Scope: Sendable {
    case content
    case nodes
    case both
  }

  private let ids: Set<ChunkID>
  private let beginnings: [IDBeginning]
  package let scope: Scope

  package init(ids: Set<ChunkID> = [], beginnings: [IDBeginning] = [], scope: Scope) {
    self.ids = ids
    self.beginnings = beginnings
    self.scope = scope
  }

  func contains(_ id: ChunkID) -> Bool {
    ids.contains(id) || beginnings.contains { $0.begins(id.digest) }
  }
}

/// Asks which entries need some of the chunks that are looked for.
struct ChunkQuestion: SearchQuestion {
  private let wanted: WantedChunks
  private let reader: TreeReader<BrowsingError>
  private let nodes: NodeWatch
  private var reasons: [FoundChunk] = []

  /// Reads lists through the same source that the search reads folders from: it tells of every node.
  init(_ wanted: WantedChunks, source: NodeSource) {
    self.wanted = wanted
    reader = source.reader
    let nodes = NodeWatch()
    self.nodes = nodes
    guard wanted.scope != .content else { return }
    source.observe { id, _ in
      if wanted.contains(id) { nodes.seen.append(id) }
    }
  }

  // Where a folder lies says nothing of what it needs.
  func place(of path: [[UInt8]]) -> Int { 0 }
  func place(of name: [UInt8], in folder: Int) -> Int? { 0 }

  mutating func asks(for entry: TreeEntry, in folder: Int) throws(BrowsingError) -> Bool {
    if wanted.scope != .content { try reader.loadNodes(beside: entry) }
    if entry.kind == .file { try readList(of: entry) }
    return !reasons.isEmpty || !nodes.seen.isEmpty
  }

  private mutating func readList(of entry: TreeEntry) throws(BrowsingError) {
    try reader.forEachChunk(of: entry) { item throws(BrowsingError) in
      guard wanted.scope != .nodes, wanted.contains(item.id) else { return }
      let reason = FoundChunk(id: item.id, role: .content)
      if !reasons.contains(reason) { reasons.append(reason) }
    }
  }

  mutating func takeReasons() -> [FoundChunk] {
    guard !reasons.isEmpty || !nodes.seen.isEmpty else { return [] }
    defer {
      reasons = []
      nodes.seen = []
    }
    return reasons + nodes.seen.map { FoundChunk(id: $0, role: .node) }
  }
}

/// Nodes that were looked for and have just been loaded; used by one thread.
private final class NodeWatch {
  var seen: [ChunkID] = []
}
