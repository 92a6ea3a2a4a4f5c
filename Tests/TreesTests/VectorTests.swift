import CoreTypes
import Encoding
import TestSupport
import Testing

@testable import Trees

/// The files in Formats/vectors/tree, and the examples of the pages.
@Suite("Tree vectors")
struct VectorTests {
  static let nodes: [String: TreeNode] = [
    "directory-page": .directoryPage(TreeTotals(files: 1, bytes: 1, entries: 1), [file("a")]),
    "directory-index": .directoryIndex(
      TreeTotals(files: 2, bytes: 2, entries: 2),
      [
        DirectoryChild(firstName: bytes("a"), id: repeated(1)),
        DirectoryChild(firstName: bytes("b"), id: repeated(2)),
      ]
    ),
    "list-page": .listPage(
      1_049_576,
      [
        ChunkReference(id: repeated(1), length: 1_000),
        ChunkReference(id: repeated(2), length: 262_144, repeats: 4),
      ]
    ),
    "list-index": .listIndex(
      1_049_576,
      [
        ListChild(id: repeated(1), bytes: 1_000), ListChild(id: repeated(2), bytes: 1_048_576),
      ]
    ),
    "holes": .holes([HoleExtent(offset: 4_096, length: 1_048_576)]),
    "attributes": .attributes([
      EntryAttribute(name: bytes("user.a"), value: Array(repeating: 42, count: 1_024))
    ]),
    "hard-links": .hardLinks([
      [LinkMember(root: 0, path: bytes("a")), LinkMember(root: 0, path: bytes("b/c"))]
    ]),
  ]

  @Test func `the examples are what the code writes and reads, and stand in the page`() throws {
    let page = try Vectors.text("tree.md")
    let lines = try Vectors.lines("tree/nodes.txt")
    let vectors = try Vectors.bytes("tree/nodes.txt")
    #expect(Set(vectors.map(\.name)) == Set(VectorTests.nodes.keys))
    for (vector, line) in zip(vectors, lines) {
      let node = try #require(VectorTests.nodes[vector.name])
      #expect(node.encoded() == vector.bytes, "\(vector.name)")
      #expect(try TreeNode(decoding: vector.bytes) == node)
      #expect(page.contains("\(line.name): \(line.value)\n"), "\(vector.name)")
    }
  }

  @Test func `the snapshot's example is what the code writes and reads`() throws {
    var entry = TreeEntry(name: TreeEntry.rootName, kind: .directory)
    entry.mode = 0o755
    entry.directory = repeated(1)
    entry.subtree = TreeTotals(files: 1, bytes: 1, entries: 1)
    var snapshot = Snapshot()
    snapshot.roots = [SnapshotRoot(path: bytes("/etc"), entry: entry)]
    snapshot.totals = snapshot.sumOfRoots
    var author = SnapshotAuthor()
    author.time = EntryTime(seconds: 1_700_000_000)
    author.host = "host"
    snapshot.author = author
    let vector = try #require(try Vectors.bytes("tree/snapshot.txt").first)
    let line = try #require(try Vectors.lines("tree/snapshot.txt").first)
    #expect(snapshot.encoded() == vector.bytes)
    #expect(try Snapshot(decoding: vector.bytes) == snapshot)
    #expect(try Vectors.text("snapshot.md").contains("\(line.name): \(line.value)\n"))
  }

  static let errors: [String: TreeError] = [
    "name-with-slash": .illegalName(bytes("a/b")),
    "name-of-parent": .illegalName(bytes("..")),
    "same-name-twice": .unsorted(previous: bytes("a"), next: bytes("a")),
    "names-descending": .unsorted(previous: bytes("b"), next: bytes("a")),
    "wrong-totals": .wrongTotals(
      promised: TreeTotals(files: 1, bytes: 2, entries: 1),
      found: TreeTotals(files: 1, bytes: 1, entries: 1)
    ),
    "wrong-size": .wrongSize(promised: 2, found: 1),
    "two-contents": .illegalContent,
    "zero-mode-written": .needlessKey(3),
    "unknown-entry-key": .unknownKey(20),
    "unknown-flag": .outOfRange(key: 10, value: 4),
    "empty-index": .elementCount(0),
    "unmerged-items": .unmergedItems(repeated(1)),
    "repeat-of-one": .illegalItem(repeated(1), length: 1_000, repeats: 1),
    "empty-chunk": .illegalItem(repeated(1), length: 0, repeats: 1),
    "chunk-beyond-16-mib": .illegalItem(repeated(1), length: 16_777_217, repeats: 1),
    "sum-beyond-63-bits": .overflow,
    "touching-holes": .illegalHole(HoleExtent(offset: 4_096, length: 4_096)),
    "short-hole": .illegalHole(HoleExtent(offset: 0, length: 4_095)),
    "short-attributes": .misplacedAttributes(bytes: 7),
    "lonely-link": .illegalGroup,
    "unknown-type": .unknownNode(type: 8),
    "trailing-byte": .malformed(.trailingBytes(offset: 10, count: 1)),
  ]

  @Test func `every node that must be refused is refused for its reason`() throws {
    try expectRefusals("tree/refused.txt", VectorTests.errors) { _ = try TreeNode(decoding: $0) }
  }

  @Test func `entries at the edges of what absent means are read, and written as the same bytes`()
    throws
  {
    var entries: [String: TreeEntry] = [:]
    for (name, bytes) in try Vectors.bytes("tree/entries.txt") {
      let node = try TreeNode(decoding: bytes)
      #expect(node.encoded() == bytes, "\(name)")
      guard case .directoryPage(_, let read) = node else { continue }
      entries[name] = read.first
    }
    #expect(entries.count == 7)
    #expect(entries["device-zero"]?.device == DeviceNumber(major: 0, minor: 0))
    #expect(entries["device"]?.device == DeviceNumber(major: 0, minor: 1))
    #expect(entries["time-before-1970"]?.modified == EntryTime(seconds: -1))
    #expect(entries["nanoseconds"]?.modified == EntryTime(seconds: 0, nanoseconds: 1))
    #expect(entries["mode-zero"]?.mode == 0)
    #expect(entries["empty-file"]?.content == .empty)
    #expect(entries["empty-directory"]?.subtree == .zero)
  }

  static let entryErrors: [String: TreeError] = [
    "zero-device-written": .needlessKey(12),
    "zero-time-written": .needlessKey(6),
    "zero-uid-written": .needlessKey(4),
    "zero-gid-written": .needlessKey(5),
    "zero-size-written": .needlessKey(7),
    "zero-flags-written": .needlessKey(10),
    "no-attributes-written": .needlessKey(8),
    "empty-content-written": .illegalContent,
    "no-items-written": .illegalContent,
    "empty-target-written": .needlessKey(11),
    "zero-totals-written": .needlessKey(19),
    "torn-zero-written": .outOfRange(key: 18, value: 0),
    "billion-nanoseconds": .illegalTime(nanoseconds: 1_000_000_000),
    "device-of-a-fifo": .misplacedKey(12, .fifo),
    "mode-of-a-link": .misplacedKey(3, .symbolicLink),
    "no-kind": .missingKey(2),
    "kind-8": .unknownKind(8),
    "link-without-target": .illegalLinkTarget(bytes: 0),
    "directory-without-node": .missingKey(16),
    "size-without-content": .illegalContent,
  ]

  @Test func `every entry that must be refused is refused for its reason`() throws {
    try expectRefusals("tree/entries-refused.txt", VectorTests.entryErrors) {
      _ = try TreeNode(decoding: $0)
    }
  }

  @Test func `snapshots of the vectors are read, and written as the same bytes`() throws {
    let vectors = try Vectors.bytes("snapshot/accepted.txt")
    #expect(vectors.count == 6)
    for (name, bytes) in vectors {
      let snapshot = try Snapshot(decoding: bytes)
      #expect(snapshot.encoded() == bytes, "\(name)")
      #expect((snapshot.author != nil) == (name == "empty-author"))
    }
  }

  static let snapshotErrors: [String: TreeError] = [
    "version-2": .unsupportedVersion(2),
    "no-version": .missingKey(1),
    "unknown-key": .unknownKey(10),
    "no-parents-written": .needlessKey(2),
    "parents-descending": .unsorted(previous: raw(2), next: raw(1)),
    "no-roots-written": .needlessKey(3),
    "same-root-twice": .unsorted(previous: bytes("/a"), next: bytes("/a")),
    "roots-descending": .unsorted(previous: bytes("/b"), next: bytes("/a")),
    "relative-path": .illegalPath(bytes("pipe")),
    "empty-path": .illegalPath([]),
    "path-with-last-slash": .illegalName([]),
    "path-with-parent": .illegalName(bytes("..")),
    "root-of-all-that-is-no-directory": .illegalPath(bytes("/")),
    "root-with-a-name": .illegalName(bytes("pipe")),
    "no-rules-written": .needlessKey(4),
    "same-rule-twice": .unsorted(previous: bytes("a"), next: bytes("a")),
    "no-owners-written": .needlessKey(5),
    "owner-beyond-32-bits": .outOfRange(key: 5, value: 1 << 32),
    "owners-descending": .outOfRange(key: 5, value: 0),
    "no-links-written": .needlessKey(6),
    "zero-totals-written": .needlessKey(7),
    "wrong-totals": .wrongTotals(
      promised: TreeTotals(entries: 2),
      found: TreeTotals(entries: 1)
    ),
    "totals-absent": .wrongTotals(promised: .zero, found: TreeTotals(entries: 1)),
    "author-with-zero-time": .needlessKey(1),
    "author-with-empty-host": .needlessKey(2),
    "author-with-no-tags-written": .needlessKey(5),
    "none-unread-written": .needlessKey(9),
    "trailing-byte": .malformed(.trailingBytes(offset: 27, count: 1)),
  ]

  @Test func `every snapshot that must be refused is refused for its reason`() throws {
    try expectRefusals("snapshot/refused.txt", VectorTests.snapshotErrors) {
      _ = try Snapshot(decoding: $0)
    }
  }

  private static func raw(_ byte: UInt8) -> [UInt8] { [UInt8](repeating: byte, count: 32) }

  private func expectRefusals(
    _ path: String,
    _ errors: [String: TreeError],
    _ read: ([UInt8]) throws -> Void
  ) throws {
    let vectors = try Vectors.bytes(path)
    #expect(Set(vectors.map(\.name)) == Set(errors.keys))
    for (name, bytes) in vectors {
      #expect(throws: try #require(errors[name]), "\(name)") { try read(bytes) }
    }
  }
}
