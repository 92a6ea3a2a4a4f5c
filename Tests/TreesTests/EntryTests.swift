import CoreTypes
import Encoding
import Testing

@testable import Trees

@Suite("Directory entry")
struct EntryTests {
  static func everyKind() -> [TreeEntry] {
    var full = file("full")
    full.mode = 0o7777
    full.uid = .max
    full.gid = 1000
    full.modified = EntryTime(seconds: -5, nanoseconds: 999_999_999)
    full.attributes = [
      EntryAttribute(name: bytes("user.a"), value: []),
      EntryAttribute(name: bytes("user.b"), value: [0, 255]),
    ]
    full.flags = InodeFlags.restorable
    full.holes = repeated(9)
    full.changedWhileRead = true

    var listed = file("listed")
    listed.content = .list([item(1), item(2, repeats: 1 << 40), item(1)])
    listed.size = 2_000 + 1_000 << 40
    listed.attributesNode = repeated(8)

    var paged = file("paged")
    paged.content = .paged(repeated(7))
    paged.size = TreeLimits.total

    var directory = TreeEntry(name: bytes("directory"), kind: .directory)
    directory.directory = repeated(6)
    directory.subtree = TreeTotals(files: 1, bytes: 2, entries: 3)

    var link = TreeEntry(name: bytes("link"), kind: .symbolicLink)
    link.linkTarget = bytes("../else/where")

    var device = TreeEntry(name: bytes("device"), kind: .blockDevice)
    device.device = DeviceNumber(major: 8, minor: .max)

    return [full, listed, paged, directory, link, device, file("empty", "")]
      + [.fifo, .socket, .characterDevice].map { TreeEntry(name: [0xFF], kind: $0) }
  }

  @Test(arguments: everyKind()) func `every kind comes back as it was`(_ entry: TreeEntry) throws {
    try entry.validate()
    let encoded = entry.encoded()
    #expect(try decodeEntry(encoded) == entry)
    #expect(try decodeEntry(encoded).encoded() == encoded)
  }

  @Test func `an entry adds itself to the totals`() {
    var directory = TreeEntry(name: bytes("d"), kind: .directory)
    directory.subtree = TreeTotals(files: 1, bytes: 2, entries: 3)
    #expect(directory.totals == TreeTotals(files: 1, bytes: 2, entries: 4))
    #expect(file("f", "abc").totals == TreeTotals(files: 1, bytes: 3, entries: 1))
    #expect(TreeEntry(name: bytes("p"), kind: .fifo).totals == TreeTotals(entries: 1))
  }

  @Test(arguments: ["", ".", "..", "a/b", "/", "a\0", String(repeating: "n", count: 256)])
  func `an illegal name is refused`(_ name: String) {
    let entry = file(name)
    #expect(throws: TreeError.illegalName(bytes(name))) { try entry.validate() }
    #expect(throws: TreeError.self) { try decodeEntry(entry.encoded()) }
  }

  @Test(arguments: ["...", ".a", "..a", "a.", String(repeating: "n", count: 255)])
  func `a strange but legal name is taken`(_ name: String) throws {
    #expect(try decodeEntry(file(name).encoded()) == file(name))
  }

  /// What breaks one rule, and the error that says so.
  static let refusals: [(TreeError, @Sendable (inout TreeEntry) -> Void)] = [
    (.outOfRange(key: 3, value: 0o10000), { $0.mode = 0o10000 }),
    (
      .illegalTime(nanoseconds: 1_000_000_000),
      {
        $0.modified = EntryTime(seconds: 1, nanoseconds: 1_000_000_000)
      }
    ),
    (.outOfRange(key: 10, value: 4), { $0.flags = 4 }),
    (.wrongSize(promised: 2, found: 1), { $0.size = 2 }),
    (.illegalContent, { $0.content = .empty }),
    (
      .illegalContent,
      {
        $0.content = .list([item(1, length: 128)])
        $0.size = 128
      }
    ),
    (
      .wrongSize(promised: 1_001, found: 1_000),
      {
        $0.content = .list([item(1)])
        $0.size = 1_001
      }
    ),
    (
      .unmergedItems(item(1).id),
      {
        $0.content = .list([item(1), item(1)])
        $0.size = 2_000
      }
    ),
    (
      .illegalItem(item(1).id, length: 0, repeats: 1),
      {
        $0.content = .list([item(1, length: 0)])
        $0.size = 1_000
      }
    ),
    (
      .illegalItem(item(1).id, length: 16_777_217, repeats: 1),
      {
        $0.content = .list([item(1, length: 16_777_217)])
        $0.size = 1_000
      }
    ),
    (
      .overflow,
      {
        $0.content = .list([item(1, repeats: .max)])
        $0.size = 1_000
      }
    ),
    (
      .overflow,
      {
        $0.content = .list((1...3).map { item($0, length: 2, repeats: 1 << 61) })
        $0.size = 1_000
      }
    ),
    (
      .illegalContent,
      {
        $0.content = .paged(repeated(1))
        $0.size = 128
      }
    ),
    (
      .outOfRange(key: 7, value: 1 << 63),
      {
        $0.content = .paged(repeated(1))
        $0.size = 1 << 63
      }
    ),
    (.misplacedKey(11, .file), { $0.linkTarget = [1] }),
    (.misplacedKey(12, .file), { $0.device.major = 1 }),
    (.misplacedKey(16, .file), { $0.directory = repeated(1) }),
    (.misplacedKey(19, .file), { $0.subtree.files = 1 }),
    (
      .unsorted(previous: [98], next: [97]),
      {
        $0.attributes = [.init(name: [98], value: []), .init(name: [97], value: [])]
      }
    ),
    (
      .unsorted(previous: [97], next: [97]),
      {
        $0.attributes = [.init(name: [97], value: []), .init(name: [97], value: [])]
      }
    ),
    (.illegalAttribute(name: [0]), { $0.attributes = [.init(name: [0], value: [])] }),
    (.illegalAttribute(name: []), { $0.attributes = [.init(name: [], value: [])] }),
    (
      .misplacedAttributes(bytes: 1_025),
      {
        $0.attributes = [.init(name: [97], value: Array(repeating: 0, count: 1_024))]
      }
    ),
    (
      .misplacedAttributes(bytes: 1),
      {
        $0.attributes = [.init(name: [97], value: [])]
        $0.attributesNode = repeated(1)
      }
    ),
    (
      .misplacedKey(3, .symbolicLink),
      {
        $0 = TreeEntry(name: [97], kind: .symbolicLink)
        $0.linkTarget = [97]
        $0.mode = 1
      }
    ),
    (.illegalLinkTarget(bytes: 0), { $0 = TreeEntry(name: [97], kind: .symbolicLink) }),
    (
      .illegalLinkTarget(bytes: 1),
      {
        $0 = TreeEntry(name: [97], kind: .symbolicLink)
        $0.linkTarget = [0]
      }
    ),
    (.missingKey(16), { $0 = TreeEntry(name: [97], kind: .directory) }),
    (
      .outOfRange(key: 19, value: .max),
      {
        $0 = TreeEntry(name: [97], kind: .directory)
        $0.directory = repeated(1)
        $0.subtree.bytes = .max
      }
    ),
    (
      .misplacedKey(7, .fifo),
      {
        $0 = TreeEntry(name: [97], kind: .fifo)
        $0.size = 1
      }
    ),
    (
      .misplacedKey(10, .fifo),
      {
        $0 = TreeEntry(name: [97], kind: .fifo)
        $0.flags = 1
      }
    ),
    (
      .illegalContent,
      {
        $0 = TreeEntry(name: [97], kind: .fifo)
        $0.content = .inline([1])
      }
    ),
    (
      .misplacedKey(17, .fifo),
      {
        $0 = TreeEntry(name: [97], kind: .fifo)
        $0.holes = repeated(1)
      }
    ),
    (
      .misplacedKey(18, .fifo),
      {
        $0 = TreeEntry(name: [97], kind: .fifo)
        $0.changedWhileRead = true
      }
    ),
  ]

  @Test(arguments: refusals.indices)
  func `a broken rule is refused by writer and reader`(_ index: Int) {
    var entry = file("a")
    EntryTests.refusals[index].1(&entry)
    let expected = EntryTests.refusals[index].0
    #expect(throws: expected) { try entry.validate() }
    #expect(throws: TreeError.self) { try decodeEntry(entry.encoded()) }
  }

  @Test(arguments: [UInt64(3), 4, 5, 7, 10]) func `a zero that is written is refused`(_ key: UInt64)
  {
    let encoded = map([(1, { $0.bytes([97]) }), (2, { $0.unsigned(1) }), (key, { $0.unsigned(0) })])
    #expect(throws: TreeError.needlessKey(key)) { try decodeEntry(encoded) }
  }

  @Test func `a map without name or kind, or with an unknown key, is refused`() {
    #expect(throws: TreeError.missingKey(1)) {
      try decodeEntry(map([(2, { $0.unsigned(1) })]))
    }
    #expect(throws: TreeError.missingKey(2)) {
      try decodeEntry(map([(1, { $0.bytes([97]) })]))
    }
    #expect(throws: TreeError.unknownKey(20)) {
      try decodeEntry(
        map([(1, { $0.bytes([97]) }), (2, { $0.unsigned(1) }), (20, { $0.unsigned(1) })])
      )
    }
    #expect(throws: TreeError.unknownKind(8)) {
      try decodeEntry(map([(1, { $0.bytes([97]) }), (2, { $0.unsigned(8) })]))
    }
    #expect(throws: TreeError.unknownKind(257)) {
      try decodeEntry(map([(1, { $0.bytes([97]) }), (2, { $0.unsigned(257) })]))
    }
  }

  @Test func `two contents are refused`() {
    let encoded = map([
      (1, { $0.bytes([97]) }), (2, { $0.unsigned(1) }), (7, { $0.unsigned(1) }),
      (13, { $0.bytes([1]) }), (15, { $0.bytes(repeated(1).digest) }),
    ])
    #expect(throws: TreeError.illegalContent) { try decodeEntry(encoded) }
  }

  @Test(arguments: [UInt64(0), 1]) func `a repeat of zero or one is refused`(_ repeats: UInt64) {
    let encoded = map([
      (1, { $0.bytes([97]) }), (2, { $0.unsigned(1) }), (7, { $0.unsigned(1_000) }),
      (
        14,
        {
          $0.arrayHeader(1)
          $0.arrayHeader(3)
          $0.bytes(item(1).id.digest)
          $0.unsigned(1_000)
          $0.unsigned(repeats)
        }
      ),
    ])
    #expect(throws: TreeError.illegalItem(item(1).id, length: 1_000, repeats: repeats)) {
      try decodeEntry(encoded)
    }
  }
}
