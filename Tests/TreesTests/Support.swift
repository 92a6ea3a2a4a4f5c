import TestSupport
import CoreTypes
import Encoding

@testable import Trees

/// Keeps nodes in memory under a hash of their bytes, and counts what is done with it.
final class NodeStore {
  private(set) var nodes: [ChunkID: [UInt8]] = [:]
  private(set) var loads: [ChunkID] = []
  /// Nodes that were stored and were not there before.
  private(set) var fresh = 0

  struct Missing: Error, Equatable {
    let id: ChunkID
  }

  func store(_ bytes: [UInt8]) -> ChunkID {
    let id = ChunkID(Digest(words: 1, 2, 3, 4).mixed(with: bytes))
    if nodes.updateValue(bytes, forKey: id) == nil { fresh += 1 }
    return id
  }

  func put(_ bytes: [UInt8], as id: ChunkID) { nodes[id] = bytes }

  func resetCounts() {
    fresh = 0
    loads = []
  }

  var reader: TreeReader<Missing> {
    TreeReader { id throws(Missing) in
      self.loads.append(id)
      guard let bytes = self.nodes[id] else { throw Missing(id: id) }
      return bytes
    }
  }

  /// Stores a directory of these entries, in the order of their names.
  func directory(_ entries: [TreeEntry]) throws -> TreeEntry {
    var builder = DirectoryBuilder(splitHash: splitHash)
    for entry in entries.sorted(by: { $0.name.lexicographicallyPrecedes($1.name) }) {
      try builder.append(entry, store: store)
    }
    let (id, totals) = builder.finish(store: store)
    var entry = TreeEntry(name: bytes("directory"), kind: .directory)
    entry.directory = id
    entry.subtree = totals
    return entry
  }
}

extension Digest {
  /// No cryptography: equal bytes give equal ids, and others almost surely give others.
  func mixed(with bytes: [UInt8]) -> Digest {
    var words: [UInt64] = [0, 0, 0, 0]
    var state: UInt64 = 0xCBF2_9CE4_8422_2325
    for byte in bytes { state = (state ^ UInt64(byte)) &* 0x100_0000_01B3 }
    for index in words.indices {
      var random = SplitMix64(seed: state &+ UInt64(index))
      words[index] = random.next()
    }
    return Digest(words: words[0], words[1], words[2], words[3])
  }
}

let splitHash: @Sendable ([UInt8]) -> UInt64 = { name in
  var state: UInt64 = 0xCBF2_9CE4_8422_2325
  for byte in name { state = (state ^ UInt64(byte)) &* 0x100_0000_01B3 }
  var random = SplitMix64(seed: state)
  return random.next()
}

func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }

/// An id of one byte, 32 times.
func repeated(_ byte: UInt8) -> ChunkID {
  let word = UInt64(byte) &* 0x0101_0101_0101_0101
  return ChunkID(Digest(words: word, word, word, word))
}

func item(_ number: UInt64, length: UInt32 = 1_000, repeats: UInt64 = 1) -> ChunkReference {
  var random = SplitMix64(seed: number)
  let id = ChunkID(Digest(words: random.next(), random.next(), random.next(), random.next()))
  return ChunkReference(id: id, length: length, repeats: repeats)
}

func file(_ name: String, _ content: String = "x") -> TreeEntry {
  var entry = TreeEntry(name: bytes(name), kind: .file)
  entry.mode = 0o644
  entry.content = content.isEmpty ? .empty : .inline(bytes(content))
  entry.size = UInt64(content.utf8.count)
  return entry
}

func padded(_ number: Int) -> String {
  let digits = String(number)
  return String(repeating: "0", count: max(0, 6 - digits.count)) + digits
}

func decodeEntry(_ encoded: [UInt8]) throws(TreeError) -> TreeEntry {
  var reader = CBORReader(encoded)
  let entry = try TreeEntry(decoding: &reader)
  try reader.ended()
  return entry
}

/// The bytes of an entry's map, written key by key.
func map(_ fields: [(key: UInt64, value: (inout CBORWriter) -> Void)]) -> [UInt8] {
  var writer = CBORWriter()
  writer.mapHeader(fields.count)
  for field in fields {
    writer.unsigned(field.key)
    field.value(&writer)
  }
  return writer.bytes
}
