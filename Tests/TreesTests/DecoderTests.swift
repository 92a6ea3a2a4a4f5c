import CoreTypes
import TestSupport
import Testing

@testable import Trees

/// What stands in a tree or a snapshot is behind a seal: whoever has the key may write anything there.
@Suite("Decoders of trees and snapshots, given anything")
struct DecoderTests {
  @Test
  func `nodes of trees: what is taken has one form, and no entry with a name that leads away`()
    throws
  {
    let originals =
      NodeTests.nodes.map { $0.encoded() } + [
        TreeNode.directoryPage(
          EntryTests.everyKind().reduce(.zero) { $0.adding($1.totals) },
          EntryTests.everyKind().dropLast(2).sorted { $0.name.lexicographicallyPrecedes($1.name) }
        ).encoded()
      ]
    var nodes = Mutations(of: originals, seed: TestSeed.make(for: "nodes of trees"))
    let count = Cases.planned(170_000)
    var taken = 0
    for _ in 0..<count {
      let bytes = nodes.next()
      do throws(TreeError) {
        let node = try TreeNode(decoding: bytes)
        if node.encoded() != bytes { Issue.record("not canonical: \(bytes)") }
        taken += 1
      } catch {
        // Refused: as good an answer.
      }
    }
    #expect(taken > count / 100)
    Cases.tell(.decoders, count, "nodes of trees, behind the seal")
  }

  @Test func `snapshots: what is taken has one form`() throws {
    var snapshots = Mutations(
      of: [SnapshotTests.full().encoded(), Snapshot().encoded()],
      seed: TestSeed.make(for: "snapshots")
    )
    let count = Cases.planned(150_000)
    var taken = 0
    for _ in 0..<count {
      let bytes = snapshots.next()
      do throws(TreeError) {
        let snapshot = try Snapshot(decoding: bytes)
        if snapshot.encoded() != bytes { Issue.record("not canonical: \(bytes)") }
        taken += 1
      } catch {
        // Refused: as good an answer.
      }
    }
    #expect(taken > count / 1000)
    Cases.tell(.decoders, count, "snapshots, behind the seal")
  }

  @Test func `names and paths: what is taken leads nowhere else`() {
    var paths = Mutations(
      of: ["/home/a b", "/", "../x", "/a/../b", "a//b/", "/a/./b", "...", "/a/..b/c."].map {
        bytes($0)
      },
      seed: TestSeed.make(for: "paths")
    )
    let count = Cases.planned(100_000)
    var taken = 0
    for _ in 0..<count {
      let path = paths.next()
      let names = path.dropFirst().split(separator: 0x2F, omittingEmptySubsequences: false)
      let isClean = names.allSatisfy {
        !$0.isEmpty && $0.count <= 255 && !$0.contains(0) && Array($0) != bytes(".")
          && Array($0) != bytes("..")
      }
      let isRight = path.first == 0x2F && (path.count == 1 || isClean)
      do throws(TreeError) {
        try validate(absolutePath: path)
        if !isRight { Issue.record("taken: \(path)") }
        taken += 1
      } catch {
        if isRight { Issue.record("refused: \(path)") }
      }
    }
    #expect(taken > count / 100)
    Cases.tell(.decoders, count, "names and paths")
  }
}
