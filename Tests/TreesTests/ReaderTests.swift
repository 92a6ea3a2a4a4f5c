import CoreTypes
import Testing

@testable import Trees

@Suite("Tree reader")
struct ReaderTests {
  typealias Failure = TreeReadError<NodeStore.Missing>

  static func wide() throws -> (store: NodeStore, entry: TreeEntry) {
    let store = NodeStore()
    return (store, try store.directory((0..<10_000).map { file(padded($0 * 2)) }))
  }

  @Test func `a directory of 10,000 entries is walked in order and looked up in two loads`() throws
  {
    let (store, directory) = try ReaderTests.wide()
    let id = try #require(directory.directory)
    #expect(directory.subtree == TreeTotals(files: 10_000, bytes: 10_000, entries: 10_000))
    var names: [[UInt8]] = []
    try store.reader.forEachEntry(of: id, promising: directory.subtree) {
      names.append($0.name)
      return true
    }
    #expect(names == (0..<10_000).map { bytes(padded($0 * 2)) })
    for number in [0, 2, 9_998, 10_000, 19_998] {
      store.resetCounts()
      #expect(try store.reader.entry(named: bytes(padded(number)), in: id) == file(padded(number)))
      #expect(store.loads.count == 2)
      #expect(try store.reader.entry(named: bytes(padded(number + 1)), in: id) == nil)
    }
    #expect(try store.reader.entry(named: bytes("!"), in: id) == nil)
  }

  @Test func `a body that answers false ends the listing`() throws {
    let (store, directory) = try ReaderTests.wide()
    var count = 0
    store.resetCounts()
    try store.reader.forEachEntry(of: try #require(directory.directory)) { _ in
      count += 1
      return count < 10
    }
    #expect(count == 10)
    #expect(store.loads.count == 2)
  }

  @Test func `paths lead down, and not through files`() throws {
    let store = NodeStore()
    var inner = try store.directory([file("deep")])
    inner.name = bytes("inner")
    let outer = try store.directory([file("flat"), inner])
    let root = try #require(outer.directory)
    let reader = store.reader
    #expect(try reader.entry(atPath: [bytes("inner"), bytes("deep")], in: root) == file("deep"))
    #expect(try reader.entry(atPath: [bytes("inner")], in: root) == inner)
    #expect(try reader.entry(atPath: [bytes("flat"), bytes("deep")], in: root) == nil)
    #expect(try reader.entry(atPath: [bytes("none"), bytes("deep")], in: root) == nil)
    #expect(try reader.entry(atPath: [], in: root) == nil)
    #expect(outer.subtree == TreeTotals(files: 2, bytes: 2, entries: 3))
  }

  @Test func `a walk goes into what it is told to, and knows its path`() throws {
    let store = NodeStore()
    var inner = try store.directory([file("x"), file("y")])
    inner.name = bytes("b")
    let root = try store.directory([file("a"), inner, file("c")])
    func paths(_ step: (TreeEntry) -> TreeWalkStep) throws -> [String] {
      var paths: [String] = []
      try store.reader.walk(try #require(root.directory), promising: root.subtree) { path, entry in
        paths.append(String(decoding: Array(path.joined(separator: [47])), as: UTF8.self))
        return step(entry)
      }
      return paths
    }
    #expect(try paths { _ in .enter } == ["a", "b", "b/x", "b/y", "c"])
    #expect(try paths { $0.name == bytes("x") ? .stop : .enter } == ["a", "b", "b/x"])
  }

  @Test func `depth is limited, and costs no stack`() throws {
    func chain(_ depth: Int) throws -> (NodeStore, TreeEntry) {
      let store = NodeStore()
      var entry = try store.directory([])
      for _ in 1..<depth { entry = try store.directory([entry]) }
      return (store, entry)
    }
    let (store, root) = try chain(4_096)
    var count = 0
    try store.reader.walk(try #require(root.directory)) { _, _ in
      count += 1
      return .enter
    }
    #expect(count == 4_095)
    let (deeper, tooDeep) = try chain(4_097)
    #expect {
      try deeper.reader.walk(try #require(tooDeep.directory)) { _, _ in .enter }
    } throws: { error in
      guard case .malformed(_, .tooDeep)? = error as? Failure else { return false }
      return true
    }
  }

  /// A page of one entry, stored under an id of its own.
  static func page(_ name: String, in store: NodeStore) -> ChunkID {
    store.store(TreeNode.directoryPage(file(name).totals, [file(name)]).encoded())
  }

  static func list(_ node: TreeNode, in store: NodeStore) throws -> Int {
    var cursor = store.reader.entries(of: store.store(node.encoded()))
    var count = 0
    while try cursor.next() != nil { count += 1 }
    return count
  }

  @Test func `what only several pages show is refused`() throws {
    let store = NodeStore()
    let (a, b) = (ReaderTests.page("a", in: store), ReaderTests.page("b", in: store))
    let two = TreeTotals(files: 2, bytes: 2, entries: 2)
    func child(_ name: String, _ id: ChunkID) -> DirectoryChild {
      DirectoryChild(firstName: bytes(name), id: id)
    }
    let good = TreeNode.directoryIndex(two, [child("a", a), child("b", b)])
    #expect(try ReaderTests.list(good, in: store) == 2)

    let more = TreeNode.directoryIndex(
      TreeTotals(files: 3, bytes: 3, entries: 3),
      [child("a", a), child("b", b)]
    )
    let fewer = TreeNode.directoryIndex(file("a").totals, [child("a", a), child("b", b)])
    let misnamed = TreeNode.directoryIndex(two, [child("a", a), child("c", b)])
    let wideID = store.store(
      TreeNode.directoryPage(two, [file("a"), file("c")]).encoded()
    )
    let overlapping = TreeNode.directoryIndex(
      TreeTotals(files: 3, bytes: 3, entries: 3),
      [child("a", wideID), child("b", b)]
    )
    let empty = store.store(TreeNode.directoryPage(.zero, []).encoded())
    let hollow = TreeNode.directoryIndex(.zero, [child("a", empty)])
    let list = store.store(TreeNode.listPage(1_000, [item(1)]).encoded())
    let mixed = TreeNode.directoryIndex(two, [child("a", list)])
    for (node, error) in [
      (
        more,
        TreeError.wrongTotals(promised: TreeTotals(files: 3, bytes: 3, entries: 3), found: two)
      ),
      (fewer, .wrongTotals(promised: file("a").totals, found: two)),
      (misnamed, .wrongFirstName(promised: bytes("c"), found: bytes("b"))),
      (overlapping, .unsorted(previous: bytes("c"), next: bytes("b"))),
      (hollow, .wrongFirstName(promised: bytes("a"), found: [])),
      (mixed, .unexpectedNode(.listPage)),
    ] {
      #expect {
        try ReaderTests.list(node, in: store)
      } throws: { found in
        guard case .malformed(_, let inner)? = found as? Failure else { return false }
        return inner == error
      }
    }
  }

  @Test func `an entry that promises other totals than its directory is refused`() throws {
    let store = NodeStore()
    let directory = try store.directory([file("a")])
    let id = try #require(directory.directory)
    var cursor = store.reader.entries(of: id, promising: TreeTotals(entries: 1))
    #expect(
      throws: Failure.malformed(
        id,
        .wrongTotals(promised: TreeTotals(entries: 1), found: directory.subtree)
      )
    ) { try cursor.next() }
  }

  @Test func `pages that hold themselves end in an error`() throws {
    let store = NodeStore()
    let id = repeated(1)
    let child = DirectoryChild(firstName: bytes("a"), id: id)
    store.put(TreeNode.directoryIndex(TreeTotals(entries: 1), [child]).encoded(), as: id)
    #expect(throws: Failure.malformed(id, .tooDeep)) {
      try store.reader.forEachEntry(of: id) { _ in true }
    }
    #expect(throws: Failure.malformed(id, .tooDeep)) {
      try store.reader.entry(named: bytes("b"), in: id)
    }
    store.put(TreeNode.listIndex(500, [ListChild(id: id, bytes: 500)]).encoded(), as: id)
    #expect(throws: Failure.malformed(id, .tooDeep)) {
      var cursor = store.reader.items(of: .paged(id), size: 500)
      while try cursor.next() != nil {}
    }
  }

  @Test func `lists that do not add up are refused`() throws {
    let store = NodeStore()
    let page = store.store(TreeNode.listPage(1_000, [item(1)]).encoded())
    func read(_ content: FileContent, _ size: UInt64) throws -> Int {
      var cursor = store.reader.items(of: content, size: size)
      var count = 0
      while try cursor.next() != nil { count += 1 }
      return count
    }
    #expect(try read(.paged(page), 1_000) == 1)
    #expect(throws: Failure.malformed(page, .wrongSize(promised: 999, found: 1_000))) {
      try read(.paged(page), 999)
    }
    let twice = store.store(
      TreeNode.listIndex(
        2_000,
        [ListChild(id: page, bytes: 1_000), ListChild(id: page, bytes: 1_000)]
      )
      .encoded()
    )
    #expect(throws: Failure.malformed(page, .unmergedItems(item(1).id))) {
      try read(.paged(twice), 2_000)
    }
    let lying = store.store(TreeNode.listIndex(7, [ListChild(id: page, bytes: 7)]).encoded())
    #expect(throws: Failure.malformed(page, .wrongSize(promised: 7, found: 1_000))) {
      try read(.paged(lying), 7)
    }
    let directory = store.store(TreeNode.directoryPage(.zero, []).encoded())
    #expect(throws: Failure.malformed(directory, .unexpectedNode(.directoryPage))) {
      try read(.paged(directory), 1_000)
    }
    #expect(try read(.empty, 0) == 0)
    #expect(try read(.inline([1]), 1) == 0)
  }

  @Test func `holes and attributes are found, and a hole beyond the end is refused`() throws {
    let store = NodeStore()
    let holes = [HoleExtent(offset: 0, length: 4_096)]
    let attributes = [EntryAttribute(name: [97], value: Array(repeating: 0, count: 1_024))]
    var entry = file("a")
    #expect(try store.reader.holes(of: entry) == [])
    #expect(try store.reader.attributes(of: entry) == [])
    let holesID = store.store(TreeNode.holes(holes).encoded())
    let attributesID = store.store(TreeNode.attributes(attributes).encoded())
    entry.size = 4_096
    entry.holes = holesID
    entry.attributesNode = attributesID
    #expect(try store.reader.holes(of: entry) == holes)
    #expect(try store.reader.attributes(of: entry) == attributes)
    entry.size = 4_095
    #expect(throws: Failure.malformed(holesID, .illegalHole(holes[0]))) {
      try store.reader.holes(of: entry)
    }
    entry.holes = attributesID
    entry.attributesNode = holesID
    #expect(throws: Failure.malformed(attributesID, .unexpectedNode(.attributes))) {
      try store.reader.holes(of: entry)
    }
    #expect(throws: Failure.malformed(holesID, .unexpectedNode(.holes))) {
      try store.reader.attributes(of: entry)
    }
    entry.holes = repeated(5)
    #expect(throws: Failure.load(NodeStore.Missing(id: repeated(5)))) {
      try store.reader.holes(of: entry)
    }
  }
}
