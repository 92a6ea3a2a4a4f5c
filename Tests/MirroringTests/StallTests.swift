import CoreTypes
import Files
import Foundation
import Glibc
import Indexing
import Repositories
import Storage
import Synchronization
import TestSupport
import Testing
import Threading

@testable import Mirroring

/// Ends that say nothing, take nothing, or do either a byte at a time.
@Suite("Stalled ends")
struct StallTests {
  private let family: Family

  init() throws { family = try Family() }

  /// A stream over a real socket, and the other end of it.
  private func socket(stallSeconds: Int) throws -> (DescriptorStream, peer: Int32) {
    var ends: [Int32] = [0, 0]
    try #require(unsafe socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0, &ends) == 0)
    let stream = DescriptorStream(
      input: OpenFile.takingOver(reader: ends[0]),
      output: OpenFile.takingOver(writer: dup(ends[0])),
      stallSeconds: stallSeconds
    )
    return (stream, ends[1])
  }

  private func send(_ bytes: [UInt8], to descriptor: Int32) -> Int {
    unsafe bytes.withUnsafeBytes {
      unsafe Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
    }
  }

  private func seconds(since start: UInt64) -> Double {
    Double(SystemClock.monotonicNanoseconds() - start) / 1e9
  }

  private func hello(_ wishes: [String], _ offers: [String]) -> [UInt8] {
    let hello = Hello(
      program: "stalled",
      repository: family.id,
      storeMark: [9],
      offers: offers,
      wishes: wishes,
      sets: []
    )
    return WirePreamble.bytes + Message.hello(hello).frame.bytes
  }

  @Test func `an end that says nothing behind its hello is given up`() throws {
    let (stream, peer) = try socket(stallSeconds: 1)
    defer { close(peer) }
    _ = send(hello([Hello.Wish.pull], [Hello.Offer.receive]), to: peer)
    let start = SystemClock.monotonicNanoseconds()
    var options = PeerOptions(program: "victim")
    options.stallSeconds = 1
    let ending = run(try family.empty(), over: stream, options)
    guard case .failure(.stalled(1)) = ending else {
      Issue.record("\(ending)")
      return
    }
    #expect(seconds(since: start) < 4)
  }

  @Test func `an end that never speaks is given up before one that has spoken`() throws {
    for isMirror in [true, false] {
      let (stream, peer) = try socket(stallSeconds: 1)
      defer { close(peer) }
      let told = Mutex(0)
      var options = PeerOptions(program: "victim")
      options.greetingSeconds = 1
      options.waiting = WaitingNote(afterSeconds: 5) { told.withLock { $0 += 1 } }
      if isMirror {
        let ending = run(try family.empty(), over: stream, options)
        guard case .failure(.stalled(1)) = ending else {
          Issue.record("\(ending)")
          return
        }
      } else {
        var hasty = connection
        hasty.greetingSeconds = 1
        let error = #expect(throws: StorageError.self) { try RemoteStore(over: stream, hasty) }
        #expect(error == .unreachable(location: "there", .silent(seconds: 1)))
      }
      // Nobody is told of a wait that is over so soon.
      #expect(told.withLock { $0 } == 0)
    }
  }

  @Test func `who waits is told once, after the time that was asked for`() throws {
    let told = Mutex(0)
    let note = WaitingNote(afterSeconds: 1) { told.withLock { $0 += 1 } }
    let (first, firstPeer) = try socket(stallSeconds: 1)
    defer { close(firstPeer) }
    var options = PeerOptions(program: "victim")
    options.greetingSeconds = 2
    options.waiting = note
    _ = run(try family.empty(), over: first, options)
    #expect(told.withLock { $0 } == 1)
    let (second, secondPeer) = try socket(stallSeconds: 1)
    defer { close(secondPeer) }
    var hasty = connection
    hasty.greetingSeconds = 2
    hasty.waiting = note
    #expect(throws: StorageError.self) { try RemoteStore(over: second, hasty) }
    #expect(told.withLock { $0 } == 2)
  }

  @Test func `a server whose client never speaks ends`() throws {
    let (stream, peer) = try socket(stallSeconds: 1)
    defer { close(peer) }
    let error = #expect(throws: MirrorError.self) {
      try PeekedStream.purpose(of: stream, withinSeconds: 1)
    }
    guard case .stalled(1)? = error else {
      Issue.record("\(String(describing: error))")
      return
    }
  }

  @Test func `an end that takes nothing is given up, whichever session it is`() throws {
    var random = SplitMix64(seed: 3)
    let source = try family.empty()
    try family.snapshot(source, sizes: [900_000, 900_000, 900_000], random: &random)
    let (stream, peer) = try socket(stallSeconds: 1)
    defer { close(peer) }
    let names = try source.index.objectIDs().map(\.digest)
    let asked = Message.fetch(.object, names, isLast: true, answer: .items).frame.bytes
    _ = send(hello([Hello.Wish.pull], [Hello.Offer.receive]) + asked, to: peer)
    let start = SystemClock.monotonicNanoseconds()
    let ending = run(source, over: stream, PeerOptions(program: "victim"))
    guard case .failure(.stalled(1)) = ending else {
      Issue.record("\(ending)")
      return
    }
    #expect(seconds(since: start) < 5)

    let lender = try Lender(family)
    let pack = try family.packBytes([900_000, 900_000], random: &random)
    try lender.store.put(pack.bytes, as: pack.name)
    let (line, client) = try socket(stallSeconds: 1)
    defer { close(client) }
    let session = try lender.serve(line, lender.serving { $0.stallSeconds = 1 })
    var writer = ByteWriter()
    writer.write(pack.name)
    writer.write(UInt64(0))
    writer.write(UInt64(pack.bytes.count))
    var questions = hello([Hello.Wish.store], [])
    for number in UInt32(1)...40 {
      questions +=
        StoreMessage.ask(number: number, operation: 4, operands: writer.bytes).frame.bytes
    }
    _ = send(questions, to: client)
    let begin = SystemClock.monotonicNanoseconds()
    guard case .failure = session.end() else {
      Issue.record("it went on")
      return
    }
    #expect(seconds(since: begin) < 6)
  }

  @Test func `an end that sends a byte now and then is given up when no message comes of it`()
    throws
  {
    for wish in [Hello.Wish.pull, Hello.Wish.store] {
      let (stream, peer) = try socket(stallSeconds: 1)
      _ = send(hello([wish], [Hello.Offer.receive]), to: peer)
      let isOver = Mutex(false)
      let drip = try WorkerThread.start {
        // A message of a mebibyte, which would take a day.
        var bytes = [0xF0, 0xFF, 0x0F, 0, 7, 0, 0, 0] as [UInt8]
        while !isOver.withLock({ $0 }) {
          let byte = bytes.isEmpty ? 0 : bytes.removeFirst()
          if self.send([byte], to: peer) < 0 { return }
          usleep(50_000)
        }
      }
      let start = SystemClock.monotonicNanoseconds()
      if wish == Hello.Wish.store {
        let lender = try Lender(family)
        let session = try lender.serve(stream, lender.serving { $0.stallSeconds = 1 })
        guard case .failure(.stalled(1)) = session.end() else {
          Issue.record("it went on")
          return
        }
      } else {
        var options = PeerOptions(program: "victim")
        options.stallSeconds = 1
        guard case .failure(.stalled(1)) = run(try family.empty(), over: stream, options) else {
          Issue.record("it went on")
          return
        }
      }
      #expect(seconds(since: start) < 5)
      isOver.withLock { $0 = true }
      drip.join()
      close(peer)
    }
  }
}
