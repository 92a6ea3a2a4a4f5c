import CoreTypes
import Indexing
import Repositories
import Sealing
import Storage
import Synchronization
import TestSupport
import Testing
import Threading

@testable import Mirroring

/// Formats/mirror-protocol.md §9: the session of `store-session.txt`, each end in turn played from the file.
@Suite("Vectors of a store's session")
struct StoreVectorTests {
  private let workshop: Workshop
  private let store: MemoryStore
  private let transcript: [Line]

  /// What one end writes, before the other writes anything.
  private struct Line: Sendable {
    let name: String
    let isClient: Bool
    let bytes: [UInt8]
  }

  init() throws {
    workshop = try Workshop()
    store = MemoryStore(
      id: try #require(StoreID([UInt8](repeating: 0x5E, count: 16))),
      configuration: try Vectors.file("repository/kist")
    )
    for kind in BlobKind.allCases {
      let folders =
        kind == .pack
        ? try Vectors.names(in: "repository/packs").map { "packs/" + $0 } : [kind.folder]
      for folder in folders {
        for (name, bytes) in try Vectors.files(in: "repository/" + folder) {
          try store.put(bytes, as: BlobName(kind, try #require(Digest(hexadecimal: name))))
        }
      }
    }
    transcript = try Vectors.bytes("mirror-protocol/store-session.txt").map { name, bytes in
      Line(name: name, isClient: name.hasPrefix("client"), bytes: bytes)
    }
    #expect(transcript.count == 30)
  }

  /// Reads so many bytes; fewer where the stream ends.
  private static func take(
    _ count: Int,
    from stream: any DuplexStream,
    _ rest: inout [UInt8]
  ) -> [UInt8] {
    do throws(MirrorError) {
      while rest.count < count {
        let bytes = try stream.read()
        guard !bytes.isEmpty else { break }
        rest += bytes
      }
    } catch {
      Issue.record(error)
    }
    defer { rest.removeFirst(min(count, rest.count)) }
    return Array(rest.prefix(count))
  }

  @Test func `the server answers each question with the bytes of the vectors`() throws {
    let (near, far) = MemoryStream.pair()
    let index = try workshop.index(store.id)
    var serving = StoreServing(program: "vectors") { store throws(MirrorError) in
      do throws(RepositoryError) {
        return try KeylessRepository(store: store, index: index)
      } catch {
        throw .repository(error)
      }
    }
    serving.stallSeconds = 20
    let session = try Session(over: far, .success(store), serving)
    var rest: [UInt8] = []
    for line in transcript {
      if line.isClient {
        try near.write(line.bytes)
        continue
      }
      let answer = Self.take(line.bytes.count, from: near, &rest)
      if line.name == "server names" {
        // The order of names is the store's own.
        #expect(answer.count == line.bytes.count && answer.prefix(12) == line.bytes.prefix(12))
        #expect(Self.names(answer) == Self.names(line.bytes))
      } else {
        #expect(answer == line.bytes, "\(line.name)")
      }
    }
    near.close()
    try session.end().get()
    #expect(rest == [])
  }

  /// The names in an answer of one part.
  private static func names(_ answer: [UInt8]) -> Set<[UInt8]> {
    let names = answer.dropFirst(12).dropLast(12)
    return Set(
      stride(from: names.startIndex, to: names.endIndex, by: 32).map {
        Array(names[$0..<min($0 + 32, names.endIndex)])
      }
    )
  }

  @Test func `the client asks each question with the bytes of the vectors`() throws {
    let (near, far) = MemoryStream.pair()
    let differing = Mutex<[String]>([])
    let transcript = transcript
    let note: @Sendable (String) -> Void = { name in differing.withLock { $0.append(name) } }
    let server = try WorkerThread.start {
      var rest: [UInt8] = []
      for line in transcript {
        if line.isClient {
          let asked = Self.take(line.bytes.count, from: far, &rest)
          if asked != line.bytes { note(line.name) }
          continue
        }
        do throws(MirrorError) {
          try far.write(line.bytes)
        } catch {
          note(line.name)
        }
      }
      far.close()
    }
    do {
      var connection = RemoteStore.Connection(location: "there", program: "vectors")
      connection.stallSeconds = 20
      try ask(try RemoteStore(over: near, connection))
    } catch {
      Issue.record(error)
      near.close()
    }
    server.join()
    #expect(differing.withLock { $0 } == [])
  }

  private func file(_ kind: BlobKind) throws -> (BlobName, [UInt8]) {
    let name = BlobName(kind, try #require(try store.names(of: kind).min()))
    return (name, try store.read(name))
  }

  /// The questions of the file, one behind the other.
  private func ask(_ remote: RemoteStore) throws {
    #expect(remote.id == store.id)
    #expect(try remote.readConfiguration() == store.readConfiguration())
    let records = try store.names(of: .record)
    #expect(Set(try remote.names(of: .record)) == Set(records))
    let (manifest, content) = try file(.manifest)
    #expect(try remote.byteCount(of: manifest) == content.count)
    let (record, known) = try file(.record)
    #expect(try remote.read(record) == known)
    let (pack, bytes) = try file(.pack)
    #expect(try remote.read(pack, from: 0, count: 16) == Array(bytes[..<16]))
    #expect(try remote.byteCount(of: pack) == bytes.count)
    let unknown = BlobName(.record, Digest(words: 0, 0, 0, 0))
    #expect(throws: StorageError.missing(unknown)) { try remote.read(unknown) }
    #expect(try remote.strangers() == [])
    let (slot, secret) = try file(.slot)
    try remote.withCommitLock { () throws(StorageError) in try remote.remove(slot) }
    let blob = try remote.newBlob()
    try blob.append(Array(bytes[..<16]))
    blob.abandon()
    try remote.put(secret, as: slot)
    let last = try #require(transcript.first { $0.name == "client commit" })
    var parser = FrameParser()
    parser.append(WirePreamble.bytes + last.bytes)
    let frame = try #require(try parser.next())
    guard case .data(_, _, let new)? = try StoreMessage(frame) else {
      Issue.record("no data")
      return
    }
    let answer = try remote.commit(new, as: PlainHash.of(new), knowing: Set(records))
    guard case .done = answer else {
      Issue.record("not committed")
      return
    }
  }
}
