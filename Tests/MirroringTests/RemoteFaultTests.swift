import CoreTypes
import Packing
import Repositories
import Sealing
import Storage
import Synchronization
import Testing
import TestSupport
import Threading

@testable import Mirroring

/// Lines that break, and ends that send junk.
@Suite("Broken and hostile lines to a store")
struct RemoteFaultTests {
  private let family: Family
  private let pack: (name: BlobName, bytes: [UInt8], objects: [ObjectID])

  init() throws {
    family = try Family()
    var random = SplitMix64(seed: 21)
    pack = try family.packBytes([60], random: &random)
  }

  /// A small backup: opens, asks what is there, sends a pack, commits, reads back.
  private func backUp(over stream: any DuplexStream, to lender: Lender) throws {
    let remote = try RemoteStore(over: stream, connection)
    let log = try RecordLog(store: remote, configuration: lender.repository.configuration)
    _ = try remote.names(of: .pack)
    try remote.put(pack.bytes, as: pack.name)
    let record = try family.record(.snapshot, in: lender.repository) { $0.adds = pack.objects }
    #expect(
      try remote.commit(record.bytes, as: record.id.digest, knowing: log.files) == .done
    )
    #expect(try remote.read(pack.name, from: 0, count: 200) == Array(pack.bytes[..<200]))
  }

  /// Bytes that an undisturbed run takes in each direction.
  private func dialogue() throws -> (out: Int, back: Int) {
    let lender = try Lender(family)
    let (near, far) = MemoryStream.pair()
    let (out, back) = (CountingStream(near), CountingStream(far))
    let session = try lender.serve(back, lender.serving())
    try backUp(over: out, to: lender)
    _ = session.end()
    return (out.count, back.count)
  }

  @Test func `a line cut at any byte leaves a whole store and a plain error`() throws {
    let bytes = try dialogue()
    // Bodies are padding for the most part: every byte of the rest, and some of theirs.
    let outs = (0..<bytes.out).filter { $0 < 200 || $0 > bytes.out - 250 || $0 % 397 == 0 }
    let places =
      outs.map { (isOut: true, place: $0) }
      + (0..<bytes.back).filter { $0 < 120 || $0 % 11 == 0 }.map { (isOut: false, place: $0) }
    for (isOut, place) in places {
      let lender = try Lender(family)
      let (near, far) = MemoryStream.pair()
      let session = try lender.serve(
        isOut ? far : BrokenStream(far, .cut(at: place)),
        lender.serving()
      )
      do {
        try backUp(over: isOut ? BrokenStream(near, .cut(at: place)) : near, to: lender)
      } catch let error as StorageError {
        #expect(error.isDisconnection, "\(isOut) \(place): \(error)")
      } catch RepositoryError.storage(let error) {
        #expect(error.isDisconnection, "\(isOut) \(place): \(error)")
      }
      near.close()
      _ = session.end()
      #expect(try faults(of: lender.repository) == [], "\(isOut) \(place)")
      #expect(lender.repository.log.records.count <= 1)
    }
  }

  @Test func `a changed byte in either direction never gets past the proofs`() throws {
    let bytes = try dialogue()
    let seed = TestSeed.make(for: "changed bytes to a store")
    for round in UInt64(0)..<100 {
      var random = SplitMix64(seed: seed &+ round)
      let lender = try Lender(family)
      let (near, far) = MemoryStream.pair()
      let isOut = Bool.random(using: &random)
      let place = Int.random(in: 0..<(isOut ? bytes.out : bytes.back), using: &random)
      let fault = BrokenStream.Fault.flip(
        at: place,
        mask: UInt8.random(in: 1...255, using: &random)
      )
      let session = try lender.serve(
        isOut ? far : BrokenStream(far, fault),
        lender.serving { $0.stallSeconds = 1 }
      )
      do {
        var hasty = connection
        hasty.stallSeconds = 1
        let stream: any DuplexStream = isOut ? BrokenStream(near, fault) : near
        let remote = try RemoteStore(over: stream, hasty)
        try remote.put(pack.bytes, as: pack.name)
        let record = try family.record(.snapshot, in: lender.repository) { $0.adds = pack.objects }
        _ = try remote.commit(record.bytes, as: record.id.digest, knowing: [])
      } catch {
        // Whatever it is called, it is an error and no trap.
      }
      near.close()
      _ = session.end()
      #expect(try faults(of: lender.repository) == [], "\(round)")
    }
  }

  @Test func `random questions and pieces of files end in refusals, never in a trap`() throws {
    let seed = TestSeed.make(for: "random questions")
    let lender = try Lender(family)
    var setup = SplitMix64(seed: 1)
    try family.snapshot(lender.repository, sizes: [400], random: &setup)
    let there = try lender.store.names(of: .pack)
    for round in UInt64(0)..<150 {
      var random = SplitMix64(seed: seed &+ round)
      let (near, far) = MemoryStream.pair()
      let role = Role.allCases[Int(round % 4)]
      let session = try lender.serve(far, lender.serving(role) { $0.lockLeaseSeconds = 0 })
      let drain = try WorkerThread.start {
        do throws(MirrorError) {
          while try !near.read().isEmpty {}
        } catch {
          // The end.
        }
      }
      do throws(MirrorError) {
        try near.write(RemoteFaultTests.greeting)
        for _ in 0..<12 {
          var payload = random.bytes(Int.random(in: 0...80, using: &random)).map {
            // Small numbers hit kinds, counts and numbers of files more often.
            Bool.random(using: &random) ? $0 & 7 : $0
          }
          if Bool.random(using: &random), payload.count >= 8 {
            payload.replaceSubrange(
              0..<8,
              with: [0, 0, 0, 0, UInt8.random(in: 0...14, using: &random), 0, 0, 0]
            )
            // A name that is there.
            if payload.count > 45 {
              payload.replaceSubrange(9..<41, with: there[0].bytes)
              payload[8] = 6
            }
          }
          try near.write(
            Frame(type: UInt8.random(in: 32...33, using: &random), payload: payload).bytes
          )
        }
      } catch {
        // The server has ended the session already.
      }
      near.close()
      _ = session.end()
      drain.join()
    }
    #expect(try lender.store.names(of: .pack) == there)
    #expect(try faults(of: lender.repository) == [])
  }

  // MARK: One frame

  private static let greeting =
    WirePreamble.bytes
    + StoreMessage.hello(
      Hello(
        program: "test",
        repository: nil,
        storeMark: [],
        offers: ["of a later version"],
        wishes: [Hello.Wish.store, "of a later version"],
        sets: []
      )
    ).frame.bytes

  /// What a server says to these bytes after a true hello, up to `count` messages behind its own hello.
  private func answers(
    to bytes: [UInt8],
    count: Int
  ) throws -> (
    messages: [StoreMessage], end: Result<Void, MirrorError>
  ) {
    let lender = try Lender(family)
    let (near, far) = MemoryStream.pair()
    let session = try lender.serve(far, lender.serving())
    try near.write(RemoteFaultTests.greeting + bytes)
    var parser = FrameParser()
    var messages: [StoreMessage] = []
    while messages.count <= count {
      let read = try near.read()
      guard !read.isEmpty else { break }
      parser.append(read)
      while let frame = try parser.next() {
        if let message = try StoreMessage(frame) { messages.append(message) }
      }
    }
    near.close()
    return (Array(messages.dropFirst()), session.end())
  }

  @Test func `a message of a later version is passed over, an unknown question refused`() throws {
    let strange = Frame(type: 200, payload: [1, 2, 3]).bytes
    let unknown = StoreMessage.ask(number: 7, operation: 99, operands: [1]).frame.bytes
    let known = StoreMessage.ask(number: 8, operation: 2, operands: [6]).frame.bytes
    let (messages, end) = try answers(to: strange + unknown + known, count: 2)
    guard messages.count == 2, case .refusal(7, let refusal) = messages[0] else {
      Issue.record("\(messages)")
      return
    }
    #expect(refusal.code == StoreRefusal.Code.unknownOperation)
    #expect(messages[1] == .answer(number: 8, bytes: []))
    #expect(throws: Never.self) { try end.get() }
  }

  @Test(
    arguments: [
      // A length beyond the limit, with nothing behind it.
      [0xFF, 0xFF, 0xFF, 0x7F, 33, 0, 0, 0],
      // Reserved bytes of a header.
      [0, 0, 0, 0, 10, 1, 0, 0],
      // A type that must not be ignored.
      [0, 0, 0, 0, 99, 0, 0, 0],
      // A question too short for its number.
      [3, 0, 0, 0, 32, 0, 0, 0, 1, 2, 3],
      // Reserved bytes of a question.
      [8, 0, 0, 0, 32, 0, 0, 0, 1, 0, 0, 0, 2, 1, 0, 0],
      // A file of an unknown kind.
      [9, 0, 0, 0, 33, 0, 0, 0, 1, 0, 0, 0, 5, 0, 0, 0, 1],
      // Publishing what was not sent.
      [12, 0, 0, 0, 32, 0, 0, 0, 1, 0, 0, 0, 6, 0, 0, 0, 1, 0, 0, 0],
      // A second hello; a message of a mirror run.
      Array(greeting.dropFirst(16)), [1, 0, 0, 0, 7, 0, 0, 0, 1],
      // An answer to the end that has the store.
      [4, 0, 0, 0, 35, 0, 0, 0, 1, 0, 0, 0],
    ] as [[UInt8]]
  )
  func `a frame that breaks the protocol is answered with an error that ends the session`(
    bytes: [UInt8]
  ) throws {
    let (messages, end) = try answers(to: bytes, count: 1)
    guard case .error(let code, _) = messages.first else {
      Issue.record("\(messages)")
      return
    }
    #expect(code == MirrorErrorCode.malformed)
    #expect(throws: MirrorError.self) { try end.get() }
  }

  @Test func `more files at once than the limit end the session`() throws {
    let pieces = (0..<20).flatMap {
      StoreMessage.data(blob: UInt32($0), kind: 6, bytes: []).frame.bytes
    }
    let (messages, _) = try answers(to: pieces, count: 1)
    guard case .error(MirrorErrorCode.malformed, _) = messages.first else {
      Issue.record("\(messages)")
      return
    }
  }

  // MARK: Servers of ill will

  /// How opening a store ends at a server that says this after its preamble.
  private func opening(_ bytes: [UInt8]) throws -> StorageError? {
    let (near, far) = MemoryStream.pair()
    try far.write(bytes)
    var hasty = connection
    hasty.stallSeconds = 1
    do {
      let remote = try RemoteStore(over: near, hasty)
      // What it says later is no better.
      _ = try remote.names(of: .pack)
      return nil
    } catch {
      return error
    }
  }

  private func hello(_ offers: [String], version: UInt64 = 1) -> [UInt8] {
    var hello = Hello(
      program: "ill will",
      repository: nil,
      storeMark: [],
      offers: offers,
      wishes: [],
      sets: []
    )
    hello.version = version
    return WirePreamble.bytes + StoreMessage.hello(hello).frame.bytes
  }

  @Test func `a server that sends what was not asked for is named`() throws {
    let greeting = hello(["store"])
    let opened = StoreMessage.answer(
      number: 1,
      bytes: [UInt8](repeating: 1, count: 16) + family.configuration
    ).frame.bytes
    let junk: [[UInt8]] = [
      StoreMessage.answer(number: 1, bytes: [1, 2]).frame.bytes,
      StoreMessage.answer(number: 5, bytes: []).frame.bytes,
      StoreMessage.part(number: 1, bytes: [1]).frame.bytes,
      StoreMessage.ask(number: 1, operation: 1, operands: []).frame.bytes,
      Frame(type: 36, payload: [1, 0, 0, 0, 0xFF]).bytes,
      Frame(type: 36, payload: [1]).bytes, [0xFF, 0xFF, 0xFF, 0xFF, 35, 0, 0, 0],
      greeting.suffix(40),
      opened + StoreMessage.part(number: 2, bytes: [1, 2, 3]).frame.bytes
        + StoreMessage.answer(number: 2, bytes: []).frame.bytes,
    ]
    for bytes in junk {
      let error = try opening(greeting + bytes)
      #expect(error?.isDisconnection == true, "\(bytes.prefix(20)): \(String(describing: error))")
    }
    // Silence.
    #expect(
      try opening(greeting) == .unreachable(location: "there", .silent(seconds: 1))
    )
  }

  @Test func `another version, an older program, noise and an echo are told apart`() throws {
    #expect(
      try opening(hello(["store"], version: 2)) == .unreachable(location: "there", .version(2))
    )
    #expect(
      try opening(hello(["give", "receive"]))
        == .unreachable(location: "there", .servesNoStore(program: "ill will"))
    )
    let noise = Array("Welcome to the machine\n".utf8)
    let (near, far) = MemoryStream.pair()
    try far.write(noise)
    far.close()
    let error = #expect(throws: StorageError.self) { try RemoteStore(over: near, connection) }
    #expect(error == .unreachable(location: "there", .noise(noise)))
    let echo = try opening(RemoteFaultTests.greeting)
    #expect(echo?.isDisconnection == true)
    // A login shell that greets first does no harm.
    let lender = try Lender(family)
    let (one, two) = MemoryStream.pair()
    try two.write(noise)
    _ = try lender.serve(two, lender.serving())
    #expect(try RemoteStore(over: one, connection).names(of: .pack) == [])
  }

  @Test func `the first message decides whether a store is used or mirrored`() throws {
    for (wish, purpose) in [
      (Hello.Wish.store, PeekedStream.Purpose.store), (Hello.Wish.pull, .mirror),
    ] {
      let (near, far) = MemoryStream.pair()
      let hello = Hello(
        program: "t",
        repository: nil,
        storeMark: [],
        offers: [],
        wishes: [wish],
        sets: []
      )
      let bytes = WirePreamble.bytes + Message.hello(hello).frame.bytes
      for byte in bytes { try near.write([byte]) }
      let (found, peeked) = try PeekedStream.purpose(of: far)
      #expect(found == purpose)
      #expect(try peeked.read() == bytes)
    }
    let (near, far) = MemoryStream.pair()
    try near.write([1, 2, 3])
    near.close()
    #expect(try PeekedStream.purpose(of: far).0 == .mirror)
  }
}

/// Counts what is written.
final class CountingStream: DuplexStream {
  private let stream: any DuplexStream
  private let written = Mutex(0)

  init(_ stream: any DuplexStream) { self.stream = stream }

  var count: Int { written.withLock { $0 } }

  func read() throws(MirrorError) -> [UInt8] { try stream.read() }

  func write(_ bytes: [UInt8]) throws(MirrorError) {
    written.withLock { $0 += bytes.count }
    try stream.write(bytes)
  }

  func close() { stream.close() }
}
