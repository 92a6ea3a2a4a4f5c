import CoreTypes
import Indexing
import Packing
import Repositories
import Sealing
import Storage
import Synchronization
import TestSupport
import Testing

@testable import Mirroring

/// A store whose process dies whenever it is about to give a pack its name: what was written lies in `tmp`.
final class DyingStore: OverlaidStore, CommitLocking {
  let base: any BlobStore
  private let locked: DirectoryStore

  init(over store: DirectoryStore) {
    base = store
    locked = store
  }

  func put(_ bytes: [UInt8], as name: BlobName) throws(StorageError) {
    throw .busy(path: "dead")
  }
  func newBlob() throws(StorageError) -> any UnfinishedBlob { Blob(over: try base.newBlob()) }
  func commit(
    _ record: [UInt8],
    as digest: Digest,
    knowing seen: Set<Digest>
  ) throws(StorageError) -> CommitAnswer { throw .busy(path: "dead") }
  func orphans() throws(StorageError) -> [any OrphanedBlob] { [] }
  func withCommitLock<Result>(
    _ body: () throws(StorageError) -> Result
  ) throws(StorageError) -> Result { try locked.withCommitLock(body) }

  private final class Blob: UnfinishedBlob {
    private let blob: any UnfinishedBlob
    init(over blob: any UnfinishedBlob) { self.blob = blob }
    func append(_ bytes: [UInt8]) throws(StorageError) { try blob.append(bytes) }
    func keep(_ bytes: [UInt8]) throws(StorageError) { try blob.keep(bytes) }
    func appendKept() throws(StorageError) {
      blob.leave()
      throw .busy(path: "dead")
    }
    func publish(as name: BlobName) throws(StorageError) {
      throw .busy(path: "dead")
    }
    // The dead do not tidy up.
    func abandon() {}
    deinit { blob.leave() }
  }
}

/// Remembers where each object that was written ends.
private final class ItemRecorder: DuplexStream {
  private let stream: any DuplexStream
  private let state = Mutex((written: 0, ends: [Int](), parser: FrameParser()))

  init(_ stream: any DuplexStream) { self.stream = stream }

  var ends: [Int] { state.withLock { $0.ends } }
  var written: Int { state.withLock { $0.written } }

  func read() throws(MirrorError) -> [UInt8] { try stream.read() }

  func write(_ bytes: [UInt8]) throws(MirrorError) {
    try state.withLock { (state) throws(MirrorError) in
      var place = state.written
      state.written += bytes.count
      state.parser.append(bytes)
      if place == 0 { place = WirePreamble.bytes.count }
      // Whole frames are written; those that bring an object have type 6 and kind 5.
      while let frame = try state.parser.next() {
        place += frame.bytes.count
        if frame.type == 6, frame.payload.first == 5 { state.ends.append(place) }
      }
    }
    try stream.write(bytes)
  }

  func close() { stream.close() }
}

@Suite("Resuming after a death")
struct ResumeTests {
  private let family: Family
  private let source: KeylessRepository
  private let folder: TemporaryFolder
  private let objectCount = 7

  init() throws {
    family = try Family()
    folder = try TemporaryFolder()
    var random = SplitMix64(seed: 7)
    source = try family.empty()
    try family.snapshot(source, sizes: [900, 200, 1500, 40], random: &random)
    try family.snapshot(source, sizes: [400, 1200, 80], random: &random)
  }

  private func makeStore(_ name: String) throws -> DirectoryStore {
    let path = folder.path + "/" + name
    try StoreLayout.create(at: path, configuration: family.configuration, blobs: [])
    return try DirectoryStore(path: path)
  }

  private func open(_ store: any BlobStore & CommitLocking) throws -> KeylessRepository {
    try KeylessRepository(store: store, index: try family.workshop.index(store.id))
  }

  @Test func `a receiver that dies at any byte has every object that came, and shows none`() throws
  {
    let (near, far) = MemoryStream.pair()
    let recorder = ItemRecorder(near)
    _ = try mirror(
      source,
      try family.empty(),
      wishes: [Hello.Wish.push],
      streams: (recorder, far)
    ).here.get()
    #expect(recorder.ends.count == objectCount)
    let places =
      recorder.ends.flatMap { [$0 - 1, $0, $0 + 1] }
      + Array(stride(from: 1, to: recorder.written, by: 1499))
    for place in places where place < recorder.written {
      let store = try makeStore("store-\(place)")
      do {
        // The index is of the dead process too.
        let dying = try open(DyingStore(over: store))
        let (near, far) = MemoryStream.pair()
        _ = try mirror(
          source,
          dying,
          wishes: [Hello.Wish.push],
          streams: (BrokenStream(near, .cut(at: place)), far)
        )
        #expect(try store.names(of: .pack).isEmpty)
        #expect(try store.names(of: .record).isEmpty)
      }
      let again = try open(try DirectoryStore(path: store.location))
      #expect(try again.index.objectCount() == 0, "nothing half is visible")
      let summary = try mirror(source, again, wishes: [Hello.Wish.push]).here.get()
      let whole = recorder.ends.filter { $0 <= place }.count
      #expect(Int(summary.given.objects) == objectCount - whole, "dead at byte \(place)")
      #expect(try faults(of: again) == [], "dead at byte \(place)")
      #expect(again.log.frontier == source.log.frontier)
      #expect(try folder.names("store-\(place)/tmp") == [], "what was salvaged is removed")
    }
  }

  @Test func `a dry run salvages nothing`() throws {
    let store = try makeStore("dry")
    let blob = try store.newBlob()
    try blob.append([1])
    blob.leave()
    _ = try mirror(source, try open(store), wishes: [Hello.Wish.push, Hello.Wish.dryRun])
    #expect(try folder.names("dry/tmp").count == 1)
    _ = try mirror(source, try open(store), wishes: [Hello.Wish.push])
    #expect(try folder.names("dry/tmp") == [])
  }

  // MARK: A store that is used from elsewhere

  private func serving(_ store: DirectoryStore, _ role: Role) throws -> StoreServing {
    let repository = try open(store)
    var serving = StoreServing(program: "test serve") { _ throws(MirrorError) in
      do throws(RepositoryError) {
        try repository.refresh()
      } catch {
        throw .repository(error)
      }
      return repository
    }
    serving.role = role
    serving.stallSeconds = 20
    return serving
  }

  /// Sends three objects of a pack and is cut off, or finishes it.
  private func send(_ objects: [SealedObject], over stream: any DuplexStream) throws {
    let remote = try RemoteStore(over: stream, connection)
    var writer = try PackWriter(in: remote)
    do {
      for object in objects { try writer.append(object) }
    } catch {
      writer.abandon()
      throw error
    }
    _ = try writer.finish()
  }

  private func makeObjects() throws -> [SealedObject] {
    var random = SplitMix64(seed: 8)
    return try [700, 90, 2000].map { size in
      let content = random.bytes(size)
      let naming = family.keyring.currentIdentityKey
      var sealer = try ObjectSealer(
        key: family.keyring.currentDataKey,
        identityKey: naming.id,
        compression: .off
      )
      return try sealer.seal(
        kind: .data,
        chunkIDs: [naming.chunkID(of: content.span, kind: .data)],
        lengths: [size],
        plaintext: content.span
      ).named()
    }
  }

  @Test func `a line to a store that is cut at any byte loses the object on its way`() throws {
    let objects = try makeObjects()
    let recorder: CountingStream
    do {
      let store = try makeStore("whole")
      let (near, far) = MemoryStream.pair()
      recorder = CountingStream(near)
      let session = try Session(over: far, .success(store), try serving(store, .append))
      try send(objects, over: recorder)
      near.close()
      _ = session.end()
      #expect(try store.names(of: .pack).count == 1)
      #expect(try folder.names("whole/tmp") == [])
    }
    var mostSaved = 0
    for place in stride(from: 0, to: recorder.count, by: 211) {
      let store = try makeStore("cut-\(place)")
      let (near, far) = MemoryStream.pair()
      let session = try Session(over: far, .success(store), try serving(store, .append))
      do {
        try send(objects, over: BrokenStream(near, .cut(at: place)))
      } catch {
        // The line is gone.
      }
      near.close()
      _ = session.end()
      #expect(try store.names(of: .pack).count <= 1)
      let (second, there) = MemoryStream.pair()
      let next = try Session(over: there, .success(store), try serving(store, .append))
      let remote = try RemoteStore(over: second, connection)
      let packs = try remote.names(of: .pack)
      var saved: [ObjectID] = []
      for pack in packs {
        saved += try PackReader(store: remote).trailer(of: PackID(pack)).places.map(\.id)
        #expect(
          try PackVerifier(store: store, keyring: nil).verify(PackID(pack)).findings.isEmpty
        )
      }
      #expect(saved == objects.prefix(saved.count).map(\.id), "cut at \(place)")
      // Each is followed by the next one's stub at the latest.
      let sent = objects.map { $0.body.count + $0.head.count }
      var end = 600
      let expected = sent.prefix { count in
        end += count + 200
        return end <= place
      }.count
      #expect(saved.count >= expected, "cut at \(place)")
      mostSaved = max(mostSaved, saved.count)
      second.close()
      _ = next.end()
      #expect(try folder.names("cut-\(place)/tmp") == [])
    }
    #expect(mostSaved == objects.count)
  }

  @Test func `heads that no pack has, and heads without bodies, are refused`() throws {
    let objects = try makeObjects()
    let store = try makeStore("heads")
    let (near, far) = MemoryStream.pair()
    let session = try Session(over: far, .success(store), try serving(store, .append))
    let remote = try RemoteStore(over: near, connection)
    let bare = try remote.newBlob()
    try bare.keep(objects[0].head)
    #expect(throws: StorageError.self) {
      try bare.publish(as: BlobName(.pack, Digest(words: 1, 2, 3, 4)))
    }
    // The heads of other bodies.
    let wrong = try remote.newBlob()
    try wrong.append(Array("KISTPACK".utf8) + [1, 0, 0, 0, 0, 0, 0, 0])
    try wrong.append(objects[0].preamble.stub + objects[0].body)
    try wrong.keep(objects[1].head)
    try wrong.appendKept()
    #expect(throws: StorageError.self) {
      try wrong.publish(as: BlobName(.pack, Digest(words: 1, 2, 3, 4)))
    }
    #expect(try store.names(of: .pack).isEmpty)
    near.close()
    _ = session.end()
    #expect(try folder.names("heads/tmp") == [])
  }
}
