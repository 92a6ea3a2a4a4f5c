import CoreTypes
import Sealing
import TestSupport
import Testing

@testable import Mirroring

/// Formats/mirror-protocol.md.
@Suite("Vectors of the mirror protocol")
struct VectorTests {
  private let repository: RepositoryID
  private let names: [Digest]
  private let object: [UInt8]

  init() throws {
    repository = RepositoryID(try #require(Digest(try Vectors.secret("repository-id"))))
    names = try Vectors.bytes("mirror-protocol/names.txt").map { try #require(Digest($0.bytes)) }
    object = try Vectors.file("object/example.bin")
  }

  /// The only frame of some bytes.
  private func frame(_ bytes: [UInt8]) throws -> Frame {
    var parser = FrameParser()
    parser.append(WirePreamble.bytes)
    parser.append(bytes)
    let frame = try #require(try parser.next())
    #expect(frame.bytes == bytes)
    return frame
  }

  private func hello(
    _ repository: RepositoryID?,
    _ mark: [UInt8],
    _ offers: [String],
    _ wishes: [String],
    _ sets: [(NameSet, [Digest])] = []
  ) -> Hello {
    Hello(
      program: "kist",
      repository: repository,
      storeMark: mark,
      offers: offers,
      wishes: wishes,
      sets: sets.map { set, names in
        let names = DigestSet(names)
        return Hello.SetSummary(set: set, count: UInt64(names.count), digest: names.digest)
      }
    )
  }

  /// What each message of `messages.txt` says.
  private func messages() -> [String: Message] {
    let (one, two) = (names[0], names[1])
    let (all, both) = (DigestSet(names), DigestSet(names[..<2]))
    func prefix(_ count: Int, _ bits: UInt64) -> NamePrefix {
      NamePrefix(digitCount: count, bits: bits)
    }
    let start = ItemStart(
      kind: .object,
      name: PlainHash.of(Array(object[..<200])),
      headByteCount: 200,
      bodyByteCount: 4112
    )
    var choosing = hello(
      repository,
      [UInt8](repeating: 0x5E, count: 16),
      ["give"],
      ["push", "select"]
    )
    choosing.selection = one
    return [
      "hello with a choice": .hello(choosing),
      "fetch of a selection": .fetch(.selection, [one], isLast: true, answer: .items),
      "hello": .hello(
        hello(
          repository,
          [UInt8](repeating: 0x5E, count: 16),
          ["give", "receive"],
          ["push"],
          [(.slots, []), (.records, names)]
        )
      ),
      "hello without repository": .hello(hello(nil, [], ["receive", "create"], [])),
      "walk": .walk(.records, [.all]),
      "walk below digits": .walk(
        .objects,
        [
          prefix(1, 0xA000_0000_0000_0000), prefix(3, 0x0B10_0000_0000_0000),
          prefix(12, 0x0123_4567_89AB_0000),
        ]
      ),
      "digests": .nodes(.records, [NameSet.records.node(of: all, below: .all)]),
      "names": .nodes(
        .records,
        [
          NameSet.records.node(of: both, below: .all),
          NameSet.records.node(of: all, below: prefix(4, 0xF0F0_0000_0000_0000)),
        ]
      ),
      "parts of names": .nodes(
        .objects,
        [NameSet.objects.node(of: all, below: prefix(3, one.prefix))]
      ),
      "fetch": .fetch(.record, [one, two], isLast: true, answer: .items),
      "fetch of sizes, not the end": .fetch(.object, [one], isLast: false, answer: .size),
      "batch": .batch(count: 2, bytes: 4312),
      "item": .item(start, Array(object[..<300])),
      "more": .more(Array(object[300..<600])),
      "absent": .absent(.manifest, two),
      "credit": .credit(1 << 20),
      "alive": .alive,
      "error": .error(code: MirrorErrorCode.quota, text: "quota of 1000 bytes, 4312 needed"),
      "done": .done(DoneReport(records: 3, objects: 2, bytes: 4312)),
    ]
  }

  @Test func `every message is read as what it is, and written as the same bytes`() throws {
    let expected = messages()
    let vectors = try Vectors.bytes("mirror-protocol/messages.txt")
    #expect(Set(vectors.map(\.name)) == Set(expected.keys))
    for (name, bytes) in vectors {
      let message = try #require(expected[name], "\(name)")
      #expect(try Message(frame(bytes)) == message, "\(name)")
      #expect(message.frame.bytes == bytes, "\(name)")
    }
  }

  @Test func `what later versions say is passed over`() throws {
    for (name, bytes) in try Vectors.bytes("mirror-protocol/later.txt") {
      let message = try Message(frame(bytes))
      guard name == "hello" else {
        #expect(message == nil, "\(name)")
        continue
      }
      guard case .hello(let hello) = message else {
        Issue.record("\(name): \(String(describing: message))")
        continue
      }
      #expect(hello.offers == ["give", "fly"] && hello.wishes == ["sing"])
      #expect(hello.sets.map(\.set) == [.objects])
    }
  }

  /// Why a frame is refused; `nil` if it is not.
  private func refusal(_ body: () throws(MirrorError) -> Void) -> MirrorError? {
    do throws(MirrorError) {
      try body()
      return nil
    } catch {
      return error
    }
  }

  /// Parses the frame at the start of a stream and what it says.
  private func parse(_ bytes: [UInt8], asStoreMessage: Bool) -> MirrorError? {
    refusal { () throws(MirrorError) in
      var parser = FrameParser()
      parser.append(WirePreamble.bytes + bytes)
      guard let frame = try parser.next() else { return }
      if asStoreMessage { _ = try StoreMessage(frame) } else { _ = try Message(frame) }
    }
  }

  @Test func `frames that must be refused are refused for their reason`() throws {
    for (file, isStore) in [("refused", false), ("store-refused", true), ("refused", true)] {
      let vectors = try Vectors.bytes("mirror-protocol/\(file).txt")
      #expect(vectors.count > 8)
      for (name, bytes) in vectors {
        switch (name.prefix { $0 != " " }, parse(bytes, asStoreMessage: isStore)) {
        case ("frame", .frameTooLong(7, 1_048_569)), ("frame", .frameTooLong(7, 0xFFFF_FFFF)):
          #expect(name != "frame with reserved byte")
        case ("frame", .malformed("a frame's header")):
          #expect(name == "frame with reserved byte")
        case ("unknown", .unknownMessage(let type)): #expect(name.hasSuffix(" \(type)"))
        case ("unknown", _), ("frame", _): Issue.record("\(name)")
        case (_, .malformed): continue
        case (_, let error): Issue.record("\(name): \(String(describing: error))")
        }
      }
    }
  }

  @Test func `a stream without the preamble is no session`() throws {
    for (name, bytes) in try Vectors.bytes("mirror-protocol/streams-refused.txt") {
      var parser = FrameParser()
      parser.append(bytes)
      let error = refusal { () throws(MirrorError) in #expect(try parser.next() == nil) }
      #expect(!parser.isOpen && parser.noise == bytes, "\(name)")
      // What is not too long may still be a shell's greeting.
      #expect((error != nil) == (bytes.count > 65_552), "\(name)")
    }
  }
}
