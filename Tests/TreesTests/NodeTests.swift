import CoreTypes
import Encoding
import Testing

@testable import Trees

@Suite("Tree node")
struct NodeTests {
  static let nodes: [TreeNode] = [
    .directoryPage(.zero, []),
    .directoryPage(TreeTotals(files: 2, bytes: 3, entries: 2), [file("a", "xy"), file("b")]),
    .directoryIndex(
      TreeTotals(entries: 9),
      [
        DirectoryChild(firstName: bytes("a"), id: repeated(1)),
        DirectoryChild(firstName: bytes("b"), id: repeated(1)),
      ]
    ),
    .listPage(2_000, [item(1), item(2)]),
    .listIndex(5, [ListChild(id: repeated(1), bytes: 2), ListChild(id: repeated(1), bytes: 3)]),
    .holes([HoleExtent(offset: 0, length: 4_096), HoleExtent(offset: 4_097, length: 1 << 40)]),
    .attributes([EntryAttribute(name: bytes("user.a"), value: Array(repeating: 1, count: 2_000))]),
    .hardLinks([
      [LinkMember(root: 0, path: bytes("a/b")), LinkMember(root: 0, path: bytes("c"))],
      [LinkMember(root: 0, path: bytes("b")), LinkMember(root: 1, path: [])],
    ]),
  ]

  @Test(arguments: nodes) func `every node comes back as it was`(_ node: TreeNode) throws {
    #expect(try TreeNode(decoding: node.encoded()) == node)
  }

  @Test(arguments: nodes) func `a node cut short, or with more behind it, is refused`(
    _ node: TreeNode
  ) {
    let encoded = node.encoded()
    for count in 0..<encoded.count {
      #expect(throws: TreeError.self) { try TreeNode(decoding: Array(encoded.prefix(count))) }
    }
    #expect(throws: TreeError.self) { try TreeNode(decoding: encoded + [0]) }
  }

  static let refusals: [(TreeNode, TreeError)] = [
    (
      .directoryPage(TreeTotals(files: 1, bytes: 2, entries: 1), [file("a")]),
      .wrongTotals(
        promised: TreeTotals(files: 1, bytes: 2, entries: 1),
        found: TreeTotals(files: 1, bytes: 1, entries: 1)
      )
    ),
    (
      .directoryPage(.zero, [file("b"), file("a")]), .unsorted(previous: [98], next: [97])
    ),
    (.directoryPage(.zero, [file("a"), file("a")]), .unsorted(previous: [97], next: [97])),
    (.directoryIndex(.zero, []), .elementCount(0)),
    (
      .directoryIndex(.zero, [DirectoryChild(firstName: [], id: repeated(1))]), .illegalName([])
    ),
    (
      .directoryIndex(
        .zero,
        [
          DirectoryChild(firstName: [98], id: repeated(1)),
          DirectoryChild(firstName: [97], id: repeated(1)),
        ]
      ), .unsorted(previous: [98], next: [97])
    ),
    (.listPage(0, []), .elementCount(0)),
    (.listPage(1_001, [item(1)]), .wrongSize(promised: 1_001, found: 1_000)),
    (.listPage(2_000, [item(1), item(1)]), .unmergedItems(item(1).id)),
    (.listIndex(0, []), .elementCount(0)),
    (.listIndex(3, [ListChild(id: repeated(1), bytes: 2)]), .wrongSize(promised: 3, found: 2)),
    (.listIndex(0, [ListChild(id: repeated(1), bytes: 0)]), .wrongSize(promised: 0, found: 0)),
    (
      .listIndex(
        0,
        [ListChild(id: repeated(1), bytes: 1 << 62), ListChild(id: repeated(1), bytes: 1 << 62)]
      ),
      .overflow
    ),
    (.holes([]), .elementCount(0)),
    (
      .holes([HoleExtent(offset: 0, length: 4_095)]),
      .illegalHole(HoleExtent(offset: 0, length: 4_095))
    ),
    (
      .holes([HoleExtent(offset: 0, length: 4_096), HoleExtent(offset: 4_096, length: 4_096)]),
      .illegalHole(HoleExtent(offset: 4_096, length: 4_096))
    ),
    (.holes([HoleExtent(offset: .max, length: 4_096)]), .overflow),
    (
      .attributes([EntryAttribute(name: [97], value: Array(repeating: 0, count: 1_023))]),
      .misplacedAttributes(bytes: 1_024)
    ),
    (.hardLinks([]), .elementCount(0)),
    (.hardLinks([[LinkMember(root: 0, path: [97])]]), .illegalGroup),
    (
      .hardLinks([[LinkMember(root: 0, path: [97]), LinkMember(root: 0, path: [97])]]),
      .illegalGroup
    ),
    (
      .hardLinks([[LinkMember(root: 0, path: bytes("a/../b")), LinkMember(root: 0, path: [97])]]),
      .illegalName(bytes(".."))
    ),
    (
      .hardLinks([[LinkMember(root: 0, path: bytes("/a")), LinkMember(root: 0, path: [97])]]),
      .illegalName([])
    ),
  ]

  @Test(arguments: refusals.indices) func `a broken rule is refused`(_ index: Int) {
    let (node, error) = NodeTests.refusals[index]
    #expect(throws: error) { try TreeNode(decoding: node.encoded()) }
  }

  @Test func `an unknown type, and a key too few or too many, are refused`() {
    #expect(throws: TreeError.unknownNode(type: 8)) {
      try TreeNode(decoding: map([(1, { $0.unsigned(8) })]))
    }
    #expect(throws: TreeError.missingKey(1)) {
      try TreeNode(decoding: map([(2, { $0.unsigned(1) })]))
    }
    #expect(throws: TreeError.missingKey(2)) {
      try TreeNode(decoding: map([(1, { $0.unsigned(5) })]))
    }
    #expect(throws: TreeError.missingKey(3)) {
      try TreeNode(decoding: map([(1, { $0.unsigned(3) }), (2, { $0.unsigned(1) })]))
    }
    let hole: (inout CBORWriter) -> Void = {
      $0.arrayHeader(1)
      $0.arrayHeader(2)
      $0.unsigned(0)
      $0.unsigned(4_096)
    }
    #expect(throws: TreeError.unknownKey(3)) {
      try TreeNode(decoding: map([(1, { $0.unsigned(5) }), (2, hole), (3, { $0.unsigned(1) })]))
    }
  }

  @Test func `counts beyond the limit are refused before anything is read`() {
    let entries = (0..<1_025).map { file(padded($0)) }
    let totals = entries.reduce(TreeTotals.zero) { $0.adding($1.totals) }
    let node = TreeNode.directoryPage(totals, entries)
    #expect(throws: TreeError.self) { try TreeNode(decoding: node.encoded()) }
    #expect(throws: TreeError.nodeTooLarge(bytes: 16_777_217)) {
      try TreeNode(decoding: Array(repeating: 0, count: 16_777_217))
    }
  }
}

@Suite("Hard links")
struct HardLinkTests {
  @Test func `groups come back sorted, and long ones are split and joined`() throws {
    let long = (0..<3_000).reversed().map { LinkMember(root: 1, path: bytes("l/" + padded($0))) }
    let wide = (0..<12).map {
      LinkMember(root: 2, path: Array(repeating: 255, count: 100) + [47] + bytes(padded($0)))
    }
    let many = (0..<5_000).map { number in
      [1, 0].map { LinkMember(root: 0, path: bytes(padded(number) + "-\($0)")) }
    }
    let nodes = HardLinks.nodes(of: [wide, long, [wide[0]]] + many.reversed() + [[]])
    #expect(nodes.count > 1)
    #expect(nodes.allSatisfy { $0.count <= 1_048_576 })
    let decoded = try nodes.map { try TreeNode(decoding: $0) }
    #expect(try HardLinks.groups(of: decoded) == many.map { $0.sorted() } + [long.sorted(), wide])
    #expect(throws: TreeError.illegalGroup) { try HardLinks.groups(of: decoded.reversed()) }
  }

  @Test func `a group with long paths stays within a node`() throws {
    let segment = Array(repeating: UInt8(97), count: 255) + [47]
    let deep = Array(repeating: segment, count: 200).flatMap { $0 }
    let group = (0..<100).map { LinkMember(root: 0, path: deep + bytes(padded($0))) }
    let nodes = HardLinks.nodes(of: [group])
    #expect(nodes.allSatisfy { $0.count <= 1_048_576 })
    #expect(try HardLinks.groups(of: nodes.map { try TreeNode(decoding: $0) }) == [group])
  }
}
