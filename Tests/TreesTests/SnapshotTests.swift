import CoreTypes
import Encoding
import Testing

@testable import Trees

@Suite("Snapshot")
struct SnapshotTests {
  static func root(_ path: String) -> SnapshotRoot {
    SnapshotRoot(path: bytes(path), entry: file(".", "abc"))
  }

  static func full() -> Snapshot {
    var snapshot = Snapshot()
    snapshot.parents = [RecordID(repeated(1).digest), RecordID(repeated(2).digest)]
    snapshot.roots = [root("/a"), root("/etc"), root("/home/a b")]
    snapshot.rules = [SnapshotRule(name: "exclude", value: "*.o\n*.tmp")]
    snapshot.users = [
      SnapshotOwner(number: 0, name: "root"), SnapshotOwner(number: 1_000, name: "ä"),
    ]
    snapshot.groups = [SnapshotOwner(number: .max, name: "")]
    snapshot.hardLinks = [repeated(9), repeated(8)]
    snapshot.totals = snapshot.sumOfRoots
    snapshot.author = SnapshotAuthor(
      time: EntryTime(seconds: 1_700_000_000, nanoseconds: 5),
      host: "host",
      user: "user",
      program: "kist 1",
      tags: ["weekly", "a"]
    )
    snapshot.unreadable = 3
    return snapshot
  }

  @Test func `a snapshot comes back as it was`() throws {
    for snapshot in [SnapshotTests.full(), Snapshot()] {
      try snapshot.validate()
      let encoded = snapshot.encoded()
      #expect(try Snapshot(decoding: encoded) == snapshot)
      #expect(try Snapshot(decoding: encoded).encoded() == encoded)
    }
    #expect(SnapshotTests.full().totals == TreeTotals(files: 3, bytes: 9, entries: 3))
  }

  @Test func `a snapshot cut short, or with more behind it, is refused`() {
    let encoded = SnapshotTests.full().encoded()
    for count in 0..<encoded.count {
      #expect(throws: TreeError.self) { try Snapshot(decoding: Array(encoded.prefix(count))) }
    }
    #expect(throws: TreeError.self) { try Snapshot(decoding: encoded + [0]) }
  }

  static let refusals: [(TreeError, @Sendable (inout Snapshot) -> Void)] = [
    (.wrongTotals(promised: .zero, found: full().totals), { $0.totals = .zero }),
    (
      .unsorted(previous: bytes("/home/a b"), next: bytes("/a")),
      {
        $0.roots.append(root("/a"))
      }
    ),
    (.unsorted(previous: bytes("/a"), next: bytes("/a")), { $0.roots = [root("/a"), root("/a")] }),
    (.illegalName(bytes("a")), { $0.roots[0].entry.name = bytes("a") }),
    (.wrongSize(promised: 4, found: 3), { $0.roots[0].entry.size = 4 }),
    (
      .unsorted(previous: repeated(2).digest.bytes, next: repeated(2).digest.bytes),
      { $0.parents[0] = $0.parents[1] }
    ),
    (
      .unsorted(previous: bytes("exclude"), next: bytes("exclude")),
      { $0.rules.append($0.rules[0]) }
    ),
    (.outOfRange(key: 5, value: 0), { $0.users.append(SnapshotOwner(number: 0, name: "again")) }),
    (
      .illegalTime(nanoseconds: 1_000_000_000),
      { $0.author?.time = EntryTime(seconds: 1, nanoseconds: 1_000_000_000) }
    ),
    (.elementCount(1_025), { $0.author?.host = String(repeating: "h", count: 1_025) }),
    (.elementCount(257), { $0.author?.tags = Array(repeating: "t", count: 257) }),
    (.elementCount(65), { $0.parents = (0..<65).map { RecordID(repeated($0).digest) } }),
  ]

  @Test(arguments: refusals.indices)
  func `a broken rule is refused by writer and reader`(_ index: Int) {
    var snapshot = SnapshotTests.full()
    SnapshotTests.refusals[index].1(&snapshot)
    #expect(throws: SnapshotTests.refusals[index].0) { try snapshot.validate() }
    #expect(throws: TreeError.self) { try Snapshot(decoding: snapshot.encoded()) }
  }

  @Test(arguments: ["", "a", "a/b", "//", "/a/", "/a//b", "/.", "/a/../b", "/a\0"])
  func `a path that is not absolute and clean is refused`(_ path: String) {
    var snapshot = Snapshot()
    snapshot.roots = [SnapshotTests.root(path)]
    snapshot.totals = snapshot.sumOfRoots
    #expect(throws: TreeError.self) { try snapshot.validate() }
    #expect(throws: TreeError.self) { try Snapshot(decoding: snapshot.encoded()) }
  }

  @Test func `another version, an unknown key, and an empty array are refused`() {
    #expect(throws: TreeError.unsupportedVersion(2)) {
      try Snapshot(decoding: map([(1, { $0.unsigned(2) })]))
    }
    #expect(throws: TreeError.missingKey(1)) {
      try Snapshot(decoding: map([(9, { $0.unsigned(2) })]))
    }
    #expect(throws: TreeError.unknownKey(10)) {
      try Snapshot(decoding: map([(1, { $0.unsigned(1) }), (10, { $0.unsigned(1) })]))
    }
    for key in [UInt64(2), 3, 4, 6] {
      #expect(throws: TreeError.needlessKey(key)) {
        try Snapshot(decoding: map([(1, { $0.unsigned(1) }), (key, { $0.arrayHeader(0) })]))
      }
    }
  }
}
