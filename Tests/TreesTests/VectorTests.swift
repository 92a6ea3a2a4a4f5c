import CoreTypes
import Encoding
import Foundation
import Testing

@testable import Trees

/// The files in Formats/vectors/tree, and the examples of the pages.
@Suite("Tree vectors")
struct VectorTests {
  static let formats = URL(filePath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent().appending(path: "Formats")

  static func text(_ path: String) throws -> String {
    try String(contentsOf: formats.appending(path: path), encoding: .utf8)
  }

  /// The name and the bytes of every line.
  static func vectors(_ path: String) throws -> [(line: String, name: String, bytes: [UInt8])] {
    try text("vectors/tree/" + path).split(separator: "\n").map { line in
      let tokens = line.split(separator: " ")
      let name = String(try #require(tokens.first).dropLast())
      var bytes: [UInt8] = []
      for token in tokens.dropFirst() {
        let parts = token.split(separator: "*")
        let count = parts.count == 2 ? try #require(Int(parts[1])) : 1
        let piece = try #require(Hexadecimal.bytes(of: parts[0]))
        for _ in 0..<count { bytes += piece }
      }
      return (String(line), name, bytes)
    }
  }

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
    let page = try VectorTests.text("tree.md")
    let vectors = try VectorTests.vectors("nodes.txt")
    #expect(Set(vectors.map(\.name)) == Set(VectorTests.nodes.keys))
    for vector in vectors {
      let node = try #require(VectorTests.nodes[vector.name])
      #expect(node.encoded() == vector.bytes, "\(vector.name)")
      #expect(try TreeNode(decoding: vector.bytes) == node)
      #expect(page.contains(vector.line + "\n"), "\(vector.name)")
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
    let vector = try #require(try VectorTests.vectors("snapshot.txt").first)
    #expect(snapshot.encoded() == vector.bytes)
    #expect(try Snapshot(decoding: vector.bytes) == snapshot)
    #expect(try VectorTests.text("snapshot.md").contains(vector.line + "\n"))
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
    let vectors = try VectorTests.vectors("refused.txt")
    #expect(Set(vectors.map(\.name)) == Set(VectorTests.errors.keys))
    for vector in vectors {
      let error = try #require(VectorTests.errors[vector.name])
      #expect(throws: error, "\(vector.name)") { try TreeNode(decoding: vector.bytes) }
    }
  }
}
