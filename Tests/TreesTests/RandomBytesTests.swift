import TestSupport
import CoreTypes
import Testing

@testable import Trees

@Suite("Random bytes")
struct RandomBytesTests {
  @Test func `random bytes never trap`() {
    let seed: UInt64 = 0x5EED
    var random = SplitMix64(seed: seed)
    for _ in 0..<25_000 {
      let noise = random.bytes(Int.random(in: 0...40, using: &random))
      #expect(throws: TreeError.self, "seed \(seed)") { try TreeNode(decoding: noise) }
      #expect(throws: TreeError.self, "seed \(seed)") { try Snapshot(decoding: noise) }
    }
    Cases.tell(.decoders, 50_000, "noise as trees and snapshots")
  }

  @Test func `nodes with a few wrong bytes never trap, and what is taken is canonical`() {
    let seed: UInt64 = 0xBAD
    var random = SplitMix64(seed: seed)
    let nodes =
      NodeTests.nodes.map { $0.encoded() } + [
        TreeNode.directoryPage(
          EntryTests.everyKind().reduce(.zero) { $0.adding($1.totals) },
          EntryTests.everyKind().dropLast(2).sorted { $0.name.lexicographicallyPrecedes($1.name) }
        ).encoded()
      ]
    for _ in 0..<20_000 {
      let bytes = RandomBytesTests.damaged(nodes, &random)
      // Refusing is right; taking it is right if it says the same again.
      guard let node = try? TreeNode(decoding: bytes) else { continue }
      #expect(node.encoded() == bytes, "seed \(seed)")
    }
    for _ in 0..<5_000 {
      let bytes = RandomBytesTests.damaged([SnapshotTests.full().encoded()], &random)
      guard let snapshot = try? Snapshot(decoding: bytes) else { continue }
      #expect(snapshot.encoded() == bytes, "seed \(seed)")
    }
  }

  @Test func `trees with wrong bytes never trap their readers`() throws {
    let seed: UInt64 = 0xFA11
    var random = SplitMix64(seed: seed)
    let store = NodeStore()
    var inner = try store.directory((0..<100).map { file(padded($0)) })
    inner.name = bytes("inner")
    let root = try store.directory([inner, file("a"), file("z")])
    let id = try #require(root.directory)
    var failures = 0
    for _ in 0..<500 {
      let reader = TreeReader<NodeStore.Missing> { id throws(NodeStore.Missing) in
        guard let bytes = store.nodes[id] else { throw NodeStore.Missing(id: id) }
        return RandomBytesTests.damaged([bytes], &random)
      }
      do {
        try reader.walk(id) { _, _ in .enter }
      } catch {
        failures += 1
      }
      do {
        try reader.differences(from: id, to: try #require(inner.directory)) { _, _ in }
      } catch {
        failures += 1
      }
    }
    #expect(failures > 400, "seed \(seed)")
  }

  /// One of `originals` with one to three bytes changed.
  static func damaged(_ originals: [[UInt8]], _ random: inout SplitMix64) -> [UInt8] {
    var bytes = originals.randomElement(using: &random) ?? []
    for _ in 0..<Int.random(in: 1...3, using: &random) where !bytes.isEmpty {
      let place = Int.random(in: 0..<bytes.count, using: &random)
      switch Int.random(in: 0..<4, using: &random) {
      case 0: bytes[place] ^= 1 << UInt8.random(in: 0..<8, using: &random)
      case 1: bytes[place] = UInt8(truncatingIfNeeded: random.next())
      case 2: bytes.remove(at: place)
      default: bytes.insert(UInt8(truncatingIfNeeded: random.next()), at: place)
      }
    }
    return bytes
  }
}
