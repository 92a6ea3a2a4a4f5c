package import CoreTypes
import Sealing
package import Storage
import Synchronization

/// A store on another machine, used question by question over a stream.
///
/// Writing does not wait for answers until a file is published; reading from several threads keeps as many questions on
/// their way. What never changes is asked for once. Source: Formats/mirror-protocol.md §9.
package final class RemoteStore: BlobStore, CommitLocking {
  package let id: StoreID
  package let location: String
  package let concurrency = StoreConcurrency.far
  private let line: StoreLine
  private let configuration: [UInt8]
  /// True if the other end keeps heads beside packs that are not finished.
  fileprivate let keepsHeads: Bool
  private let reading: RemoteReading
  /// True if the store, when the line began, held chosen snapshots only.
  private let isSelecting: Bool
  private let nextBlob = Atomic<UInt32>(0)
  private let firstObstacle = Mutex<StorageError?>(nil)

  /// How to reach the store.
  package struct Connection: Sendable {
    /// Where it is, for people.
    package var location: String
    /// This program, for people.
    package var program: String
    package var greetingSeconds = WireLimits.greetingSeconds
    package var stallSeconds = WireLimits.stallSeconds
    /// True when the person wants to stop: a silent line is given up then.
    package var interruption: @Sendable () -> Bool = { false }
    /// What is told when an answer is waited for.
    package var waiting = WaitingNote.none
    /// The status of the program behind the stream, once it has ended; waits for that.
    package var endStatus: @Sendable () -> Int32?

    package init(
      location: String,
      program: String,
      endStatus: @escaping @Sendable () -> Int32? = { nil }
    ) {
      self.location = location
      self.program = program
      self.endStatus = endStatus
    }
  }

  /// Opens the store that the other end of the stream serves.
  package convenience init(
    over stream: any DuplexStream,
    _ connection: Connection
  ) throws(StorageError) {
    try self.init(over: stream, connection, .open, [])
  }

  /// Has the other end make a store with this configuration and these files, and opens it.
  package convenience init(
    creatingOver stream: any DuplexStream,
    _ connection: Connection,
    configuration: [UInt8],
    blobs: [(BlobName, [UInt8])]
  ) throws(StorageError) {
    var writer = ByteWriter()
    writer.write(UInt32(clamping: configuration.count))
    writer.write(contentsOf: configuration)
    for (name, bytes) in blobs {
      writer.write(name)
      writer.write(UInt32(clamping: bytes.count))
      writer.write(contentsOf: bytes)
    }
    try self.init(over: stream, connection, .create, writer.bytes)
  }

  private init(
    over stream: any DuplexStream,
    _ connection: Connection,
    _ operation: StoreOperation,
    _ operands: [UInt8]
  ) throws(StorageError) {
    let location = connection.location
    var opened: StoreLine?
    var offers: [String] = []
    var isSelecting = false
    do throws(StoreLine.Fault) {
      var patience = StoreLine.Patience()
      patience.greetingSeconds = connection.greetingSeconds
      patience.stallSeconds = connection.stallSeconds
      patience.interruption = connection.interruption
      patience.waiting = connection.waiting
      let line: StoreLine
      do throws(ConnectionEnd) {
        line = try StoreLine(
          over: stream,
          program: connection.program,
          patience: patience,
          endStatus: connection.endStatus
        )
      } catch {
        throw .ended(error)
      }
      opened = line
      // Sent before the other end has answered: opening takes one round trip.
      let number = try line.begin(operation, operands, byteLimit: 0)
      do throws(ConnectionEnd) {
        let hello = try line.greeted()
        offers = hello.offers
        isSelecting = hello.selection != nil
        guard hello.version == Hello.version else { throw .version(hello.version) }
        guard !hello.wishes.contains(Hello.Wish.store) else {
          throw .malformed("it only sends back what it is sent")
        }
        guard hello.offers.contains(Hello.Offer.store) else {
          throw .servesNoStore(program: hello.program)
        }
      } catch {
        throw .ended(error)
      }
      var answer = try line.wait(number).last[...]
      guard let id = StoreID(answer.prefix(StoreID.byteCount)) else {
        throw .ended(.malformed("an answer to open"))
      }
      answer.removeFirst(StoreID.byteCount)
      self.id = id
      configuration = Array(answer)
      self.line = line
    } catch {
      opened?.close()
      switch error {
      case .refused: throw RemoteStore.storageError(error, nil, location)
      case .ended(let end): throw .unreachable(location: location, end)
      }
    }
    self.location = location
    self.isSelecting = isSelecting
    keepsHeads = offers.contains(Hello.Offer.heads)
    reading = RemoteReading(line)
  }

  deinit { line.close() }

  package var obstacle: StorageError? { firstObstacle.withLock { $0 } }

  /// Bytes that went in each direction.
  package var traffic: (sent: UInt64, received: UInt64) { line.traffic }

  // MARK: Reading

  package func readConfiguration() throws(StorageError) -> [UInt8] { configuration }

  package func names(of kind: BlobKind) throws(StorageError) -> [Digest] {
    let answer = try ask(.names, [kind.wireNumber], byteLimit: RemoteStore.namesByteLimit)
    return try digests(answer.bytes)
  }

  package func byteCount(of name: BlobName) throws(StorageError) -> Int {
    try translated(name) { () throws(StoreLine.Fault) in try reading.byteCount(of: name) }
  }

  package func read(_ name: BlobName) throws(StorageError) -> [UInt8] {
    try translated(name) { () throws(StoreLine.Fault) in try reading.whole(name) }
  }

  package func read(
    _ name: BlobName,
    from offset: Int,
    count: Int
  ) throws(StorageError) -> [UInt8] {
    guard offset >= 0, count >= 0 else { throw .short(name, needed: count, found: 0) }
    let bytes = try translated(name) { () throws(StoreLine.Fault) in
      try reading.range(name, offset, count)
    }
    guard bytes.count == count else { throw .short(name, needed: count, found: bytes.count) }
    return bytes
  }

  package func prepareReading(_ names: [BlobName]) { reading.prepare(names) }

  /// None: what a session does not finish is dropped by the end that has the store.
  package func orphans() throws(StorageError) -> [any OrphanedBlob] { [] }

  package func strangers() throws(StorageError) -> [String] {
    let bytes = try ask(.strangers, [], byteLimit: WireLimits.strangersByteCount).bytes
    return bytes.split(separator: 0).map { String(decoding: $0, as: UTF8.self) }
  }

  package func readSelection() throws(StorageError) -> [UInt8]? {
    guard isSelecting else { return nil }
    return try ask(.selection, [], byteLimit: WireLimits.selectionByteCount).bytes
  }

  // MARK: Writing

  package func put(_ bytes: [UInt8], as name: BlobName) throws(StorageError) {
    let blob = RemoteBlob(number: newNumber(), kind: name.kind, store: self)
    try blob.append(bytes)
    try blob.publish(as: name)
  }

  /// Packs only: everything else is put as a whole.
  package func newBlob() throws(StorageError) -> any UnfinishedBlob {
    RemoteBlob(number: newNumber(), kind: .pack, store: self)
  }

  package func remove(_ name: BlobName) throws(StorageError) {
    var writer = ByteWriter()
    writer.write(name)
    _ = try ask(.remove, writer.bytes, about: name)
    reading.forget(name)
  }

  package func commit(
    _ record: [UInt8],
    as digest: Digest,
    knowing seen: Set<Digest>
  ) throws(StorageError) -> CommitAnswer {
    var known = seen.sorted()
    for _ in 0..<RemoteStore.commitAttempts {
      let number = newNumber()
      try send(record, of: number, kind: BlobKind.record.wireNumber)
      var writer = ByteWriter()
      writer.write(number)
      writer.write(digest)
      writer.write(UInt64(known.count))
      writer.write(RemoteStore.fingerprint(known))
      let answer = try ask(.commit, writer.bytes, byteLimit: RemoteStore.namesByteLimit)
      if answer.last == [0] {
        reading.keep(record, as: BlobName(.record, digest))
        return .done
      }
      let there = try digests(answer.bytes)
      let newer = there.filter { !seen.contains($0) }
      guard newer.isEmpty else { return .newer(newer) }
      // The store has lost records that this client has seen: no reason not to write.
      known = there.sorted()
    }
    throw .busy(path: location)
  }

  package func withCommitLock<Result>(
    _ body: () throws(StorageError) -> Result
  ) throws(StorageError) -> Result {
    _ = try ask(.lock)
    line.hold(true)
    defer { line.hold(false) }
    reading.isFresh = true
    defer { reading.isFresh = false }
    let result: Result
    do {
      result = try body()
    } catch {
      do throws(StorageError) {
        _ = try ask(.unlock)
      } catch {
        // Ignored: the line is gone, and the lock with it; why `body` failed counts for more.
      }
      throw error
    }
    _ = try ask(.unlock)
    return result
  }

  // MARK: Questions

  /// 16 million names.
  private static let namesByteLimit = 512 << 20
  private static let commitAttempts = 100

  /// What an end that has a store compares its records with.
  static func fingerprint(_ ascending: [Digest]) -> Digest {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(Digest.byteCount * ascending.count)
    for digest in ascending { digest.append(to: &bytes) }
    return PlainHash.of(bytes)
  }

  private func newNumber() -> UInt32 { nextBlob.wrappingAdd(1, ordering: .relaxed).newValue }

  private func digests(_ bytes: [UInt8]) throws(StorageError) -> [Digest] {
    guard bytes.count % Digest.byteCount == 0 else {
      throw .disconnected(location: location, .malformed("a list of names"))
    }
    var digests: [Digest] = []
    digests.reserveCapacity(bytes.count / Digest.byteCount)
    for start in stride(from: 0, to: bytes.count, by: Digest.byteCount) {
      if let digest = Digest(bytes[start..<start + Digest.byteCount]) { digests.append(digest) }
    }
    return digests
  }

  fileprivate func ask(
    _ operation: StoreOperation,
    _ operands: [UInt8] = [],
    about name: BlobName? = nil,
    byteLimit: Int = 0
  ) throws(StorageError) -> StoreLine.Answer {
    try translated(name, isReading: operation.isReading) { () throws(StoreLine.Fault) in
      try line.ask(operation, operands, byteLimit: byteLimit)
    }
  }

  fileprivate func send(
    _ bytes: [UInt8],
    of blob: UInt32,
    kind: UInt8
  ) throws(StorageError) {
    do throws(ConnectionEnd) {
      try line.send(bytes, of: blob, kind: kind)
    } catch {
      throw .disconnected(location: location, error)
    }
  }

  private func translated<Result>(
    _ name: BlobName?,
    isReading: Bool = true,
    _ body: () throws(StoreLine.Fault) -> Result
  ) throws(StorageError) -> Result {
    do throws(StoreLine.Fault) {
      return try body()
    } catch {
      let error = RemoteStore.storageError(error, name, location)
      // That something may not be written keeps nothing from being read.
      if isReading ? error.isObstacle : error.isDisconnection {
        firstObstacle.withLock { first in
          // That the line is gone counts for more than that something was not allowed.
          if first == nil || error.isDisconnection { first = error }
        }
      }
      throw error
    }
  }

  private static func storageError(
    _ fault: StoreLine.Fault,
    _ name: BlobName?,
    _ location: String
  ) -> StorageError {
    switch fault {
    case .refused(let refusal): refusal.storageError(name, location: location)
    case .ended(let end): .disconnected(location: location, end)
    }
  }
}

/// A file that is being sent.
private final class RemoteBlob: UnfinishedBlob {
  private let number: UInt32
  private let kind: BlobKind
  private let store: RemoteStore
  /// What is kept here, for a server that does not.
  private let kept = Mutex<[UInt8]>([])

  init(number: UInt32, kind: BlobKind, store: RemoteStore) {
    self.number = number
    self.kind = kind
    self.store = store
  }

  func append(_ bytes: [UInt8]) throws(StorageError) {
    try store.send(bytes, of: number, kind: kind.wireNumber)
  }

  func keep(_ bytes: [UInt8]) throws(StorageError) {
    guard store.keepsHeads else { return kept.withLock { $0 += bytes } }
    guard !bytes.isEmpty else { return }
    try store.send(bytes, of: number, kind: StoreMessage.keptKind)
  }

  func appendKept() throws(StorageError) {
    guard store.keepsHeads else {
      return try append(
        kept.withLock { kept in
          defer { kept = [] }
          return kept
        }
      )
    }
    try store.send([], of: number, kind: StoreMessage.keptKind)
  }

  func publish(as name: BlobName) throws(StorageError) {
    var writer = ByteWriter()
    writer.write(number)
    writer.write(name)
    _ = try store.ask(.publish, writer.bytes, about: name)
  }

  func abandon() {
    var writer = ByteWriter()
    writer.write(number)
    do throws(StorageError) {
      _ = try store.ask(.abandon, writer.bytes)
    } catch {
      // Ignored: with the line, everything unfinished goes.
    }
  }
}
