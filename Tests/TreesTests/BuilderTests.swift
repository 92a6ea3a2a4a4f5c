import TestSupport
import CoreTypes
import Testing

@testable import Trees

@Suite("Directory builder")
struct DirectoryBuilderTests {
  @Test func `an empty directory is one empty page`() throws {
    let store = NodeStore()
    let entry = try store.directory([])
    #expect(store.nodes.count == 1)
    #expect(try store.reader.node(#require(entry.directory)) == .directoryPage(.zero, []))
  }

  @Test func `names out of order, twice or illegal are refused`() throws {
    let store = NodeStore()
    var builder = DirectoryBuilder(splitHash: splitHash)
    try builder.append(file("b"), store: store.store)
    for (name, error) in [
      ("a", TreeError.unsorted(previous: [98], next: [97])),
      ("b", .unsorted(previous: [98], next: [98])), ("..", .illegalName([46, 46])),
    ] {
      #expect(throws: TreeWriteError<Never>.illegal(error)) {
        try builder.append(
          name: bytes(name),
          encoded: [],
          totals: .zero,
          store: store.store
        )
      }
    }
  }

  @Test func `what the store throws comes out`() throws {
    struct Full: Error, Equatable {}
    let refuse: ([UInt8]) throws(Full) -> ChunkID = { _ throws(Full) in throw Full() }
    var builder = DirectoryBuilder(splitHash: { _ in 0 })
    for index in 0..<63 { try builder.append(file(padded(index)), store: refuse) }
    #expect(throws: TreeWriteError.store(Full())) {
      try builder.append(file(padded(63)), store: refuse)
    }
  }

  @Test func `the hash is asked only from the 64th entry of a page on, and never at the last`()
    throws
  {
    let store = NodeStore()
    nonisolated(unsafe) var asked = 0
    var builder = DirectoryBuilder(splitHash: { _ in
      unsafe asked += 1
      return .max
    })
    for index in 0..<1_024 { try builder.append(file(padded(index)), store: store.store) }
    #expect(unsafe asked == 1_023 - 63)
    #expect(store.nodes.count == 1)
    let (id, totals) = builder.finish(store: store.store)
    #expect(totals.entries == 1_024)
    #expect(try store.reader.node(id).kind == .directoryPage)
  }

  @Test func `a page ends before it holds more than a mebibyte`() throws {
    let store = NodeStore()
    var builder = DirectoryBuilder(splitHash: { _ in .max })
    for index in 0..<200 {
      var link = TreeEntry(name: bytes(padded(index)), kind: .symbolicLink)
      link.linkTarget = Array(repeating: 97, count: 65_535)
      try builder.append(link, store: store.store)
    }
    let (id, totals) = builder.finish(store: store.store)
    #expect(totals.entries == 200)
    #expect(store.nodes.values.allSatisfy { $0.count <= 1_048_576 })
    var cursor = store.reader.entries(of: id, promising: totals)
    var count = 0
    while try cursor.next() != nil { count += 1 }
    #expect(count == 200)
  }

  @Test func `one changed name among 100,000 rewrites at most four pages`() throws {
    let store = NodeStore()
    let names = (0..<100_000).map { bytes("name " + padded($0)) }
    func build(changing place: Int?) throws -> TreeTotals {
      var builder = DirectoryBuilder(splitHash: splitHash)
      for (index, name) in names.enumerated() {
        let name = index == place ? name + [120] : name
        // Not decoded here: any bytes that depend on the name do.
        try builder.append(
          name: name,
          encoded: name,
          totals: TreeTotals(entries: 1),
          store: store.store
        )
      }
      return builder.finish(store: store.store).totals
    }
    #expect(try build(changing: nil).entries == 100_000)
    #expect(store.fresh > 200)
    for place in [0, 31_234, 99_999] {
      store.resetCounts()
      #expect(try build(changing: place).entries == 100_000)
      #expect((1...4).contains(store.fresh), "place \(place): \(store.fresh) pages")
    }
  }
}

@Suite("List builder")
struct ListBuilderTests {
  static func build(_ items: [ChunkReference], in store: NodeStore) throws -> FileContent {
    var builder = ListBuilder()
    for item in items { try builder.append(item, store: store.store) }
    return builder.finish(store: store.store)
  }

  /// The same items, runs cut in pieces at random.
  static func scattered(_ items: [ChunkReference], _ random: inout SplitMix64) -> [ChunkReference] {
    items.flatMap { item in
      var pieces: [ChunkReference] = []
      var left = item.repeats
      while left > 0 {
        let part = UInt64.random(in: 1...left, using: &random)
        pieces.append(ChunkReference(id: item.id, length: item.length, repeats: part))
        left -= part
      }
      return pieces
    }
  }

  @Test(arguments: [0, 1, 63, 64, 65, 66, 1_000, 8_000])
  func `a list depends on its chunks alone, and comes back`(_ count: Int) throws {
    let seed = UInt64(count) &+ 77
    var random = SplitMix64(seed: seed)
    let items = (0..<count).map {
      item(UInt64($0), repeats: .random(in: 1...3, using: &random))
    }
    let store = NodeStore()
    let content = try ListBuilderTests.build(items, in: store)
    for _ in 0..<3 {
      let again = try ListBuilderTests.build(
        ListBuilderTests.scattered(items, &random),
        in: NodeStore()
      )
      #expect(again == content, "seed \(seed)")
    }
    switch content {
    case .empty: #expect(count == 0)
    case .inline: Issue.record("a builder has no bytes to put inline")
    case .list(let direct): #expect(direct == items && count <= 64)
    case .paged: #expect(count > 64)
    }
    let size = try items.validatedByteCount()
    var found: [ChunkReference] = []
    var cursor = store.reader.items(of: content, size: size)
    while let item = try cursor.next() { found.append(item) }
    #expect(found == items)
  }

  @Test func `a hole of a tebibyte is one item`() throws {
    var builder = ListBuilder()
    for _ in 0..<1_024 {
      try builder.append(item(1, length: 262_144, repeats: 4_096), store: NodeStore().store)
    }
    #expect(builder.byteCount == 1 << 40)
    let content = builder.finish(store: NodeStore().store)
    #expect(content == .list([item(1, length: 262_144, repeats: 4_194_304)]))
  }

  @Test func `one changed chunk among 30,000 rewrites at most four pages`() throws {
    let store = NodeStore()
    var items = (0..<30_000).map { item(UInt64($0)) }
    _ = try ListBuilderTests.build(items, in: store)
    for place in [0, 15_000, 29_999] {
      store.resetCounts()
      items[place] = item(1_000_000 + UInt64(place))
      _ = try ListBuilderTests.build(items, in: store)
      #expect((1...4).contains(store.fresh), "place \(place): \(store.fresh) pages")
    }
    store.resetCounts()
    items.insert(item(5_000_000), at: 10_000)
    _ = try ListBuilderTests.build(items, in: store)
    #expect((1...4).contains(store.fresh), "insert: \(store.fresh) pages")
  }

  @Test func `items that no list may hold are refused`() throws {
    let store = NodeStore()
    var builder = ListBuilder()
    for bad in [item(1, length: 0), item(1, repeats: 0), item(1, length: 16_777_217)] {
      #expect(
        throws: TreeWriteError<Never>.illegal(
          .illegalItem(bad.id, length: UInt64(bad.length), repeats: bad.repeats)
        )
      ) { try builder.append(bad, store: store.store) }
    }
    try builder.append(item(1, length: 1, repeats: 1 << 62), store: store.store)
    #expect(throws: TreeWriteError<Never>.illegal(.overflow)) {
      try builder.append(item(1, length: 1, repeats: 1 << 62), store: store.store)
    }
    #expect(throws: TreeWriteError<Never>.illegal(.overflow)) {
      try builder.append(item(1, length: 2, repeats: .max), store: store.store)
    }
  }
}
