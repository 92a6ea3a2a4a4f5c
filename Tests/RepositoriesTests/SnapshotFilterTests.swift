import CoreTypes
import Sealing
import Sodium
import Testing
import Trees

@testable import Repositories

@Suite("Snapshot filter and groups")
struct SnapshotFilterTests {
  private func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }

  @Test func `every condition must hold; of machines and lists of tags, one`() {
    func admits(
      _ filter: SnapshotFilter,
      host: String? = "h",
      tags: [String] = ["a", "b"],
      paths: [String] = ["/x", "/y"]
    ) -> Bool {
      filter.admits(host: host, tags: tags, paths: paths.map(bytes))
    }
    #expect(admits(.everything))
    #expect(admits(.everything, host: nil, tags: [], paths: []))
    #expect(admits(SnapshotFilter(hosts: ["g", "h"])))
    #expect(!admits(SnapshotFilter(hosts: ["g"])))
    #expect(!admits(SnapshotFilter(hosts: ["h"]), host: nil))
    #expect(admits(SnapshotFilter(tagLists: [["a", "b"]])))
    #expect(!admits(SnapshotFilter(tagLists: [["a", "c"]])))
    #expect(admits(SnapshotFilter(tagLists: [["a", "c"], ["b"]])))
    #expect(!admits(SnapshotFilter(tagLists: [[""]])))
    #expect(admits(SnapshotFilter(tagLists: [[""]]), tags: []))
    #expect(!admits(SnapshotFilter(tagLists: [["a"]]), tags: []))
    #expect(admits(SnapshotFilter(paths: [bytes("/y")])))
    #expect(!admits(SnapshotFilter(paths: [bytes("/y"), bytes("/z")])))
    #expect(!admits(SnapshotFilter(paths: [bytes("/x/inner")])))
    #expect(!admits(SnapshotFilter(hosts: ["h"], tagLists: [["a"]], paths: [bytes("/z")])))
  }

  /// Snapshots with the given host, path and tags, written as `host path tags`.
  private func snapshots(_ lines: [String]) throws -> [OpenedSnapshot] {
    let signer = SigningKey(seed: SecretBytes(random: 32))
    let keyring = try makeDataKey()
    return try lines.enumerated().map { number, line in
      let parts = line.split(separator: " ").map(String.init)
      var content = Snapshot()
      content.author = SnapshotAuthor(
        time: someTime,
        host: parts[0],
        user: "",
        program: "",
        tags: []
      )
      content.roots = [
        SnapshotRoot(path: bytes(parts[1]), entry: TreeEntry(name: [46], kind: .directory))
      ]
      let clear = RecordClear(
        repository: RepositoryID(digest(1)),
        writer: try writer(signer),
        sequence: UInt64(number),
        parents: [],
        kind: .snapshot,
        time: someTime
      )
      let record = try Record(
        signing: clear,
        content: nil,
        key: keyring.currentDataKey,
        signer: signer
      )
      return OpenedSnapshot(record: record, content: content, tags: Array(parts.dropFirst(2)))
    }
  }

  @Test func `groups come in the order of their first members`() throws {
    let all = try snapshots(["b /x t", "a /x", "b /y t", "b /x"])
    func sequences(_ criteria: Set<SnapshotGrouping.Criterion>) -> [[UInt64]] {
      SnapshotGrouping(by: criteria).groups(of: all)
        .map { $0.snapshots.map(\.record.clear.sequence) }
    }
    #expect(sequences([]) == [[0, 1, 2, 3]])
    #expect(sequences([.host]) == [[0, 2, 3], [1]])
    #expect(sequences([.host, .paths]) == [[0, 3], [1], [2]])
    #expect(sequences([.tags]) == [[0, 2], [1, 3]])
    let key = try #require(SnapshotGrouping(by: [.host]).groups(of: all).first).key
    #expect(key.host == "b" && key.paths == nil && key.tags == nil)
  }

  @Test func `the newest of each group are kept in their order`() throws {
    let all = try snapshots(["a /x", "b /x", "a /x", "a /y", "a /x"])
    let grouping = SnapshotGrouping(by: [.host, .paths])
    func kept(_ count: Int) -> [UInt64] {
      grouping.newest(count, of: all).map(\.record.clear.sequence)
    }
    #expect(kept(0) == [])
    #expect(kept(1) == [1, 3, 4])
    #expect(kept(2) == [1, 2, 3, 4])
    #expect(kept(100) == [0, 1, 2, 3, 4])
  }
}
