import CoreTypes
import Packing
import Repositories
import Sealing
import Storage
import Synchronization
import Threading

extension StoreServer {
  private typealias Code = StoreRefusal.Code

  /// Answers a question; `nil` where the answer was sent already.
  func answer(_ job: Job) throws(StoreRefusal) -> [UInt8]? {
    var reader = ByteReader(job.operands)
    do {
      switch job.operation {
      case .open:
        if serving.role.receives { salvageOrphans(in: try store()) }
        return try description(of: try store())
      case .names: return try names(try reader.readKind(), job.number)
      case .size:
        let name = try reader.readName()
        var writer = ByteWriter()
        writer.write(UInt64(clamping: try store().byteCount(of: name)))
        return writer.bytes
      case .read: return try read(&reader, job.number)
      case .tail: return try tail(try reader.readName(), job.number)
      case .publish:
        _ = try reader.readUInt32()
        try publish(job.intake, as: try reader.readName())
        return []
      case .abandon:
        job.intake?.abandon()
        return []
      case .remove: return try remove(try reader.readName())
      case .commit: return try commit(job, &reader)
      case .lock:
        try refuse(unless: serving.role.locks, "to hold the commit lock")
        try holdLock(job.number)
        return nil
      case .unlock: return nil
      case .create: return try create(&reader)
      case .selection:
        let file = try store().readSelection() ?? []
        for piece in pieces(file) { sendPart(job.number, piece) }
        return []
      case .strangers:
        let text = try store().strangers().joined(separator: "\0")
        for piece in pieces(Array(text.utf8.prefix(WireLimits.strangersByteCount))) {
          sendPart(job.number, piece)
        }
        return []
      }
    } catch let error as StoreRefusal {
      throw error
    } catch let error as StorageError {
      throw StoreRefusal(error)
    } catch let error as MirrorError {
      throw StoreRefusal(error)
    } catch {
      throw StoreRefusal(Code.malformed, "a question: \(error)")
    }
  }

  /// What a session left behind whose server died need not come again.
  private func salvageOrphans(in store: any BlobStore) {
    do throws(RepositoryError) {
      // Who asks reads what packs there are after this.
      _ = try OrphanSalvage.run(in: store)
    } catch {
      // Ignored: what was not salvaged stays, and is sent again; reading must be possible on a full disk too.
    }
  }

  // MARK: Roles

  /// Why nothing of a kind may be brought; `nil` if it may.
  func refusal(toBring kind: BlobKind) -> StoreRefusal? {
    let isAllowed =
      switch kind {
      case .pack, .manifest, .record: serving.role.receives
      // Slots and keys open what others stored: whoever only appends leaves them alone.
      case .slot, .keyringEntry: serving.role.receivesDeletions
      }
    return isAllowed ? nil : StoreRefusal(Code.denied, "to bring \(kind.folder)")
  }

  private func refuse(unless isAllowed: Bool, _ what: String) throws(StoreRefusal) {
    guard isAllowed else { throw StoreRefusal(Code.denied, what) }
  }

  /// Takes room from the quota.
  func reserve(_ count: Int) throws(StoreRefusal) {
    guard let quota = serving.quota else { return }
    do {
      let store = try store()
      try used.withLock { used throws in
        if used == nil {
          used = try store.names(of: .pack).reduce(0) { sum, pack in
            let count = try store.byteCount(of: BlobName(.pack, pack))
            return sum.addingReportingOverflow(count).partialValue
          }
        }
        let (needed, overflow) = (used ?? 0).addingReportingOverflow(count)
        guard !overflow, needed <= quota else {
          throw StoreRefusal(
            Code.quota,
            "the quota",
            UInt64(clamping: quota),
            overflow ? .max : UInt64(clamping: needed)
          )
        }
        used = needed
      }
    } catch let error as StoreRefusal {
      throw error
    } catch let error as StorageError {
      throw StoreRefusal(error)
    } catch {
      throw StoreRefusal(Code.malformed, "\(error)")
    }
  }

  // MARK: Reading

  private func description(of store: any BlobStore) throws(StorageError) -> [UInt8] {
    store.id.bytes + (try store.readConfiguration())
  }

  private func pieces(_ bytes: [UInt8]) -> [[UInt8]] {
    stride(from: 0, to: bytes.count, by: WireLimits.storePieceByteCount).map {
      Array(bytes[$0..<min($0 + WireLimits.storePieceByteCount, bytes.count)])
    }
  }

  private func sendNames(_ names: [Digest], _ number: UInt32) {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(Digest.byteCount * names.count)
    for name in names { name.append(to: &bytes) }
    for piece in pieces(bytes) { sendPart(number, piece) }
  }

  private func names(_ kind: BlobKind, _ number: UInt32) throws(StorageError) -> [UInt8] {
    sendNames(try store().names(of: kind), number)
    return []
  }

  private func read(_ reader: inout ByteReader, _ number: UInt32) throws -> [UInt8] {
    let name = try reader.readName()
    let (offset, wanted) = (try reader.readUInt64(), try reader.readUInt64())
    try reader.finish()
    let store = try store()
    let size = try store.byteCount(of: name)
    let isWhole = wanted == RemoteReading.wholeCount
    if isWhole, size > name.kind.byteLimit {
      throw StorageError.tooLarge(
        name.description,
        byteCount: size,
        limit: name.kind.byteLimit
      )
    }
    let start = Int(clamping: offset)
    let count = isWhole ? size : Int(clamping: wanted)
    guard start <= size, count <= size - start else {
      throw StorageError.short(name, needed: count, found: max(0, size - min(start, size)))
    }
    if name.kind == .pack, !serving.role.gives, !(try isBeyondBodies(name, start, count)) {
      throw StoreRefusal(Code.denied, "to read the content of packs")
    }
    var done = 0
    while done < count {
      let piece = min(WireLimits.storePieceByteCount, count - done)
      sendPart(number, try store.read(name, from: start + done, count: piece))
      done += piece
    }
    return []
  }

  /// True if a range of a pack holds nothing but its first bytes, heads and trailer.
  private func isBeyondBodies(_ pack: BlobName, _ start: Int, _ count: Int) throws -> Bool {
    if start == 0, count <= PackReader.headerByteCount { return true }
    return start >= (try trailer(of: pack).headsOffset)
  }

  private func trailer(of pack: BlobName) throws -> PackTrailer {
    do {
      return try PackReader(store: try store()).trailer(of: PackID(pack.digest))
    } catch PackingError.storage(let error) {
      throw error
    }
  }

  /// Heads and trailer of a pack; of a damaged one, its size alone.
  private func tail(_ name: BlobName, _ number: UInt32) throws -> [UInt8] {
    guard name.kind == .pack else {
      throw StoreRefusal(Code.malformed, "the end of what is no pack")
    }
    let store = try store()
    let size = try store.byteCount(of: name)
    var offset = size
    do {
      offset = try trailer(of: name).headsOffset
    } catch is PackingError {
      // Whoever reads it will find out by himself how it is damaged.
      offset = size
    }
    var place = offset
    while place < size {
      let count = min(WireLimits.storePieceByteCount, size - place)
      sendPart(number, try store.read(name, from: place, count: count))
      place += count
    }
    var writer = ByteWriter()
    writer.write(UInt64(clamping: size))
    writer.write(UInt64(clamping: offset))
    return writer.bytes
  }

  // MARK: Writing

  private func publish(_ intake: BlobIntake?, as name: BlobName) throws {
    guard let intake else { throw StoreRefusal(Code.malformed, "a file that was not sent") }
    switch name.kind {
    case .pack: try intake.publishPack(as: name)
    case .manifest:
      let bytes = try intake.file(named: name)
      do {
        _ = try Manifest.decode(bytes)
      } catch {
        throw StoreRefusal(Code.notTaken, "\(name) is no manifest")
      }
      try store().put(bytes, as: name)
    case .slot:
      let bytes = try intake.file(named: name)
      do {
        _ = try KeySlot(decoding: bytes)
      } catch {
        throw StoreRefusal(Code.notTaken, "\(name) is no slot")
      }
      guard try store().names(of: .slot).count < SlotLimits.slotCount else {
        throw StoreRefusal(Code.notTaken, "there are \(SlotLimits.slotCount) slots already")
      }
      try store().put(bytes, as: name)
    case .keyringEntry: try store().put(try intake.file(named: name), as: name)
    case .record:
      guard state.withLock({ $0.isLocked && $0.unlockNumber == nil }) else {
        throw StoreRefusal(Code.malformed, "records without the commit lock")
      }
      let bytes = try intake.file(named: name)
      try proving.withLock { proving throws in
        guard try store().readSelection() == nil else {
          throw StorageError.selecting(location: "")
        }
        let repository = try provingRepository(&proving)
        let plan = try ReceivePlan([bytes], repository: repository, role: serving.role)
        _ = try plan.provenPacks()
        try store().put(bytes, as: name)
      }
    }
  }

  private func commit(_ job: Job, _ reader: inout ByteReader) throws -> [UInt8] {
    guard let intake = job.intake else { throw StoreRefusal(Code.malformed, "no record was sent") }
    _ = try reader.readUInt32()
    let name = BlobName(.record, try reader.readDigest())
    let count = try reader.readUInt64()
    let fingerprint = try reader.readDigest()
    try reader.finish()
    let bytes = try intake.file(named: name)
    return try proving.withLock { proving throws in
      let names = try store().names(of: .record)
      guard UInt64(names.count) == count, RemoteStore.fingerprint(names.sorted()) == fingerprint
      else {
        sendNames(names, job.number)
        return [1]
      }
      let plan = try ReceivePlan(
        [bytes],
        repository: try provingRepository(&proving),
        role: serving.role
      )
      guard let newer = try plan.commitOnce(knowing: Set(names)) else { return [0] }
      sendNames(newer, job.number)
      return [1]
    }
  }

  /// The repository as it is now.
  private func provingRepository(
    _ known: inout KeylessRepository?
  ) throws -> KeylessRepository {
    if let repository = known {
      do {
        try repository.refresh()
      } catch {
        throw MirrorError.repository(error)
      }
      return repository
    }
    let repository = try serving.opening(try store())
    known = repository
    return repository
  }

  private func remove(_ name: BlobName) throws -> [UInt8] {
    try refuse(unless: serving.role.removes, "to remove anything")
    switch name.kind {
    case .slot: break
    case .pack, .manifest, .record, .keyringEntry:
      guard state.withLock({ $0.isLocked && $0.unlockNumber == nil }) else {
        throw StoreRefusal(Code.malformed, "removing without the commit lock")
      }
    }
    let store = try store()
    if let hold = serving.hold, let end = try hold.end(for: name, in: store) {
      throw StoreRefusal(.held(location: "", until: end))
    }
    try store.remove(name)
    return []
  }

  private func create(_ reader: inout ByteReader) throws -> [UInt8] {
    if case .success = opened.withLock({ $0 }) { throw StoreRefusal(.alreadyThere(path: "")) }
    try refuse(unless: serving.role.creates, "to make a repository")
    guard let creation = serving.creation else {
      throw StoreRefusal(Code.denied, "to make a repository")
    }
    let configuration = Array(try reader.read(Int(try reader.readUInt32())))
    do {
      _ = try Configuration(decoding: configuration)
    } catch {
      throw StoreRefusal(Code.notTaken, "the configuration does not prove itself")
    }
    var blobs: [(BlobName, [UInt8])] = []
    while reader.remaining > 0 {
      let name = try reader.readName()
      let bytes = Array(try reader.read(Int(try reader.readUInt32())))
      guard name.kind == .slot || name.kind == .keyringEntry, bytes.count <= name.kind.byteLimit,
        PlainHash.of(bytes) == name.digest
      else { throw StoreRefusal(Code.notTaken, "\(name) does not belong in a new repository") }
      blobs.append((name, bytes))
    }
    let store = try creation(configuration, blobs)
    opened.withLock { $0 = .success(store) }
    return try description(of: store)
  }
}
