import CoreTypes
import Encoding
import Sealing
import Sodium
import Storage
import TestSupport
import Testing
import Trees

@testable import Repositories

/// A log in which a writer has made a snapshot, and several writers give it tags.
private struct TaggedLog {
  let root = Root()
  let store: MemoryStore
  let keyring: Keyring
  let writer: SigningKey
  let snapshot: RecordID

  init() throws {
    keyring = try makeDataKey()
    guard let id = StoreID([UInt8](repeating: 1, count: 16)) else {
      throw StorageError.damagedStoreID
    }
    store = MemoryStore(id: id, configuration: [])
    writer = SigningKey(seed: SecretBytes(random: 32))
    let name = try RepositoriesTests.writer(writer)
    let base = (root: root, store: store, keyring: keyring)
    let enrolment = try Self.put(base, .enrolment, by: root.key, 0, after: []) {
      $0.enrolled = name
    }
    snapshot = try Self.put(base, .snapshot, by: writer, 0, after: [enrolment])
  }

  var tags: SnapshotTags {
    get throws {
      SnapshotTags(
        log: try RecordLog(store: store, configuration: root.configuration),
        keyring: keyring
      )
    }
  }

  func shown(given: [String] = ["given"]) throws -> [String] {
    try tags.tags(of: snapshot, given: given)
  }

  /// Writes a record of kind 6 with any sealed part.
  @discardableResult
  func tag(
    sealing content: [UInt8],
    _ sequence: UInt64,
    after parents: [RecordID]
  ) throws -> RecordID {
    try Self.put((root, store, keyring), .tags, by: writer, sequence, after: parents, content) {
      $0.subjects = [snapshot]
    }
  }

  @discardableResult
  func tag(
    _ tags: [String],
    _ sequence: UInt64,
    after parents: [RecordID]
  ) throws -> RecordID {
    try tag(sealing: TagList.encode(tags), sequence, after: parents)
  }

  private static func put(
    _ place: (root: Root, store: MemoryStore, keyring: Keyring),
    _ kind: RecordKind,
    by signer: SigningKey,
    _ sequence: UInt64,
    after parents: [RecordID],
    _ content: [UInt8]? = nil,
    _ change: (inout RecordClear) -> Void = { _ in }
  ) throws -> RecordID {
    var clear = RecordClear(
      repository: place.root.configuration.repositoryID,
      writer: try RepositoriesTests.writer(signer),
      sequence: sequence,
      parents: parents.sorted(),
      kind: kind,
      time: someTime
    )
    change(&clear)
    let record = try Record(
      signing: clear,
      content: content,
      key: place.keyring.currentDataKey,
      signer: signer
    )
    try place.store.put(record.bytes, as: BlobName(.record, record.id.digest))
    return record.id
  }
}

@Suite("Tags of snapshots")
struct SnapshotTagTests {
  @Test func `without a record, the author's tags count, ascending and each once`() throws {
    let log = try TaggedLog()
    #expect(try log.shown(given: ["b", "a", "b"]) == ["a", "b"])
  }

  @Test func `the newest record says all tags, and may take them all away`() throws {
    let log = try TaggedLog()
    let first = try log.tag(["x", "y"], 1, after: [log.snapshot])
    #expect(try log.shown() == ["x", "y"])
    let second = try log.tag(["z"], 2, after: [first])
    #expect(try log.shown() == ["z"])
    try log.tag([], 3, after: [second])
    #expect(try log.shown() == [])
  }

  @Test func `what concurrent records say is united until one has seen them all`() throws {
    let log = try TaggedLog()
    let base = try log.tag(["both", "gone"], 1, after: [log.snapshot])
    let left = try log.tag(["both", "left"], 2, after: [base])
    let right = try log.tag(["both", "gone", "right"], 3, after: [base])
    #expect(try log.shown() == ["both", "gone", "left", "right"])
    let further = try log.tag(["both"], 4, after: [right])
    #expect(try log.shown() == ["both", "left"], "one side went on")
    try log.tag(["settled"], 5, after: [left, further])
    #expect(try log.shown() == ["settled"])
  }

  @Test func `a long log with one change at either end gives the newer one`() throws {
    let log = try TaggedLog()
    var last = try log.tag(["first"], 1, after: [log.snapshot])
    let early = last
    for sequence in UInt64(2)..<600 {
      last = try log.tag(["t\(sequence)"], sequence, after: [last])
    }
    #expect(try log.shown() == ["t599"])
    try log.tag(["branch"], 600, after: [early])
    #expect(try log.shown() == ["branch", "t599"])
  }

  @Test func `a malformed record counts as absent and is named`() throws {
    let good: [UInt8] = TagList.encode(["good"])
    var wrong: [[UInt8]] = [[], [0xA0, 0x00], good.dropLast(), good + [0], [0xA1, 0x02, 0x80]]
    wrong.append([0xA1, 0x01, 0x80])  // an empty list, which is said by leaving it away
    wrong.append([0xA1, 0x01, 0x81, 0x60])  // an empty tag
    wrong.append([0xA1, 0x01, 0x82, 0x61, 0x62, 0x61, 0x61])  // b before a
    wrong.append([0xA1, 0x01, 0x82, 0x61, 0x61, 0x61, 0x61])  // a twice
    var many = CBORWriter()
    many.mapHeader(1)
    many.unsigned(1)
    many.arrayHeader(257)
    for number in 0..<257 { many.text("tag-\(1000 + number)") }
    wrong.append(many.bytes)
    for content in wrong {
      let log = try TaggedLog()
      let sound = try log.tag(["sound"], 1, after: [log.snapshot])
      let bad = try log.tag(sealing: content, 2, after: [sound])
      #expect(try log.shown() == ["sound"], "\(content.prefix(8))")
      #expect(try log.tags.malformed == [bad])
    }
  }

  @Test func `a tag list comes back as it was written`() throws {
    for tags in [[], ["a"], ["a", "b", "é", "🙂"], (0..<256).map { "\(1000 + $0)" }] {
      #expect(try TagList.decode(TagList.encode(tags)) == tags)
    }
    // The same text to a reader, other bytes: both are kept.
    let twins = ["e\u{301}", "\u{E9}"]
    #expect(try TagList.decode(TagList.encode(TagList.ordered(twins + twins))).count == 2)
  }
}

@Suite("Tagging")
struct SnapshotTaggingTests {
  let sample: Sample

  init() throws { sample = try Sample() }

  private func commit(_ repository: OpenRepository, tags: [String]) throws -> RecordID {
    var content = Snapshot()
    content.author = SnapshotAuthor(
      time: someTime,
      host: "host",
      user: "user",
      program: "test",
      tags: tags
    )
    let session = try WriteSession(
      repository: repository,
      signer: try sample.signer(of: repository, client: "one")
    )
    return try session.commit(time: someTime) { _ in content }.id
  }

  private func tagging(
    _ repository: OpenRepository,
    client: String = "one"
  ) throws
    -> SnapshotTagging
  {
    SnapshotTagging(
      repository: repository,
      signer: try sample.signer(of: repository, client: client)
    )
  }

  private func tags(_ repository: OpenRepository) -> [RecordID: [String]] {
    Dictionary(
      uniqueKeysWithValues: repository.openSnapshots { Issue.record($0) }.map { ($0.id, $0.tags) }
    )
  }

  @Test func `changes reach the snapshots that they are for, and no others`() throws {
    let repository = try sample.open()
    let first = try commit(repository, tags: ["a"])
    let second = try commit(repository, tags: [])
    let third = try commit(repository, tags: ["c"])
    let tagging = try tagging(repository)
    let before = repository.log.records.count
    #expect(
      try tagging.apply(.add(["a", "b"]), to: [first, second], time: someTime).count == 2
    )
    #expect(tags(repository) == [first: ["a", "b"], second: ["a", "b"], third: ["c"]])
    #expect(repository.log.records.count == before + 1, "one record speaks for both")
    #expect(try tagging.apply(.add(["a"]), to: [first, second], time: someTime) == [])
    #expect(repository.log.records.count == before + 1, "nothing to say")
    #expect(try tagging.apply(.remove(["b", "c"]), to: [first, third], time: someTime).count == 2)
    #expect(tags(repository) == [first: ["a"], second: ["a", "b"], third: []])
    #expect(try tagging.apply(.set([]), to: [second], time: someTime) == [second])
    #expect(tags(try sample.open(client: "two")) == [first: ["a"], second: [], third: []])
  }

  @Test func `a writer that others overtook takes their change into account`() throws {
    let one = try sample.open()
    let snapshot = try commit(one, tags: ["base"])
    let two = try sample.open(client: "two")
    let late = try tagging(two, client: "two")
    _ = try tagging(one).apply(.add(["one"]), to: [snapshot], time: someTime)
    _ = try late.apply(.add(["two"]), to: [snapshot], time: someTime)
    #expect(tags(two) == [snapshot: ["base", "one", "two"]])
  }

  @Test func `tags beyond the limits are refused, and nothing is written`() throws {
    let repository = try sample.open()
    let snapshot = try commit(repository, tags: (0..<255).map { "t\($0)" })
    let tagging = try tagging(repository)
    let before = repository.log.files
    for tag in ["", String(repeating: "x", count: 1025)] {
      #expect {
        try tagging.apply(.add([tag]), to: [snapshot], time: someTime)
      } throws: {
        if case RepositoryError.illegalTag(tag) = $0 { true } else { false }
      }
    }
    #expect {
      try tagging.apply(.add(["x", "y"]), to: [snapshot], time: someTime)
    } throws: {
      if case RepositoryError.tooManyTags(snapshot, 257) = $0 { true } else { false }
    }
    #expect(repository.log.files == before)
    let longest = String(repeating: "x", count: 1024)
    #expect(try tagging.apply(.add([longest]), to: [snapshot], time: someTime) == [snapshot])
  }

  @Test func `snapshots are found by what they are tagged with now`() throws {
    let repository = try sample.open()
    let old = try commit(repository, tags: ["daily"])
    let new = try commit(repository, tags: ["daily"])
    // Equal times: the id decides which counts as the newest.
    let newest = max(old, new)
    let other = min(old, new)
    #expect(try repository.findSnapshot("latest").id == newest)
    _ = try tagging(repository).apply(.set(["keep"]), to: [other], time: someTime)
    let keep = SnapshotFilter(tagLists: [["keep"]])
    #expect(try repository.findSnapshot("latest", among: keep).id == other)
    let daily = SnapshotFilter(tagLists: [["daily"]])
    #expect(try repository.findSnapshot("latest~0", among: daily).id == newest)
    for name in ["latest~1", "latest~-1", "latest~x", "latest~99999999999999999999"] {
      #expect(throws: RepositoryError.self) {
        try repository.findSnapshot(name, among: daily)
      }
    }
    let either = SnapshotFilter(tagLists: [["keep"], ["daily"]])
    #expect(try repository.findSnapshot("latest~1", among: either).id == other)
    let both = SnapshotFilter(tagLists: [["keep", "daily"]])
    #expect(repository.openSnapshots(admittedBy: both) { Issue.record($0) }.isEmpty)
    #expect(try repository.findSnapshot("\(other)", among: daily).id == other, "an id is an id")
  }
}
