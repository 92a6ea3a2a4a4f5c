import CoreTypes
import Packing
import Sealing
import Storage

/// A file that is being received into a store: proven as it comes, and nothing until it is published.
///
/// A pack goes to the disk at once; everything else is small and waits in memory. Touched by one thread at a time: first
/// the one that reads the stream, then the one that answers the question about it.
final class BlobIntake: @unchecked Sendable {
  // Unchecked: handed from the thread that reads to the thread that answers through a queue, and never shared.
  let kind: BlobKind
  private let open: @Sendable () throws(StoreRefusal) -> any UnfinishedBlob
  private let reserve: @Sendable (Int) throws(StoreRefusal) -> Void
  private var refusal: StoreRefusal?
  private var blob: (any UnfinishedBlob)?
  private var proof = PackProof()
  private var bytes: [UInt8] = []
  /// Heads that came and are not in the pack yet.
  private var kept: [UInt8] = []
  private var hasHeads = false
  private var rhythm = FlushRhythm()

  /// Bytes of heads that may wait: 64 MiB, of which writers use a few.
  private static let keptByteLimit = 64 << 20

  /// `refusal` is why nothing of this kind is taken, if so; `reserve` is asked for room before a pack grows.
  init(
    _ kind: BlobKind,
    refusal: StoreRefusal?,
    open: @escaping @Sendable () throws(StoreRefusal) -> any UnfinishedBlob,
    reserve: @escaping @Sendable (Int) throws(StoreRefusal) -> Void
  ) {
    self.kind = kind
    self.refusal = refusal
    self.open = open
    self.reserve = reserve
  }

  /// Takes bytes; after the first refusal, which is told when the file is to be published, only their number counts.
  func append(_ more: [UInt8]) {
    guard refusal == nil else { return }
    do throws(StoreRefusal) {
      switch kind {
      case .pack: try appendToPack(more)
      case .slot, .keyringEntry, .manifest, .record:
        let limit = kind == .record ? WireLimits.recordFileByteCount : kind.byteLimit
        guard more.count <= limit - bytes.count else {
          throw StoreRefusal(
            StoreRefusal.Code.tooLarge,
            kind.folder,
            UInt64(bytes.count + more.count),
            UInt64(limit)
          )
        }
        bytes += more
      }
    } catch {
      refusal = error
      abandon()
    }
  }

  /// Takes the head of an object whose body has come; without bytes, all heads are put behind the bodies.
  func keep(_ head: [UInt8]) {
    guard refusal == nil else { return }
    do throws(StoreRefusal) {
      guard !head.isEmpty else {
        defer { kept = [] }
        return try appendToPack(kept, keptBefore: true)
      }
      guard head.count <= BlobIntake.keptByteLimit - kept.count, let blob else {
        throw StoreRefusal(StoreRefusal.Code.notTaken, "heads without bodies")
      }
      try reserve(head.count)
      kept += head
      hasHeads = true
      do throws(StorageError) {
        try blob.keep(head)
        if rhythm.isDue() { try blob.flush() }
      } catch {
        throw StoreRefusal(error)
      }
    } catch {
      refusal = error
      abandon()
    }
  }

  private func appendToPack(
    _ more: [UInt8],
    keptBefore isKept: Bool = false
  ) throws(StoreRefusal) {
    if !isKept { try reserve(more.count) }
    let blob: any UnfinishedBlob
    if let known = self.blob {
      blob = known
    } else {
      blob = try open()
      self.blob = blob
    }
    do {
      try proof.append(more)
      if isKept { try blob.appendKept() } else { try blob.append(more) }
    } catch {
      throw BlobIntake.refusal(error)
    }
  }

  /// The bytes of what is no pack, if they hash to the name.
  func file(named name: BlobName) throws(StoreRefusal) -> [UInt8] {
    if let refusal { throw refusal }
    guard name.kind == kind, kind != .pack else {
      throw StoreRefusal(StoreRefusal.Code.malformed, "a file of another kind")
    }
    guard PlainHash.of(bytes) == name.digest else {
      throw StoreRefusal(StoreRefusal.Code.notTaken, "\(name) does not hash to its name")
    }
    return bytes
  }

  /// Makes a pack durable, if every byte of it is proven and it has this name.
  func publishPack(as name: BlobName) throws(StoreRefusal) {
    if let refusal { throw refusal }
    do {
      guard name.kind == .pack, try proof.finish().digest == name.digest, let blob else {
        throw StoreRefusal(StoreRefusal.Code.notTaken, "\(name) is not the name of what was sent")
      }
      try blob.publish(as: name)
      self.blob = nil
    } catch let error as StoreRefusal {
      throw error
    } catch {
      throw BlobIntake.refusal(error)
    }
  }

  /// Nothing of it stays.
  func abandon() {
    blob?.abandon()
    blob = nil
    bytes = []
    kept = []
  }

  /// What came whole stays, to be salvaged by whoever opens the store next.
  func leave() {
    guard hasHeads, refusal == nil, let blob else { return abandon() }
    blob.leave()
    self.blob = nil
  }

  private static func refusal(_ error: any Error) -> StoreRefusal {
    switch error {
    case let error as StorageError: StoreRefusal(error)
    case PackingError.storage(let error): StoreRefusal(error)
    case PackingError.unproven(let reason):
      StoreRefusal(StoreRefusal.Code.notTaken, "the pack does not prove itself: \(reason)")
    default: StoreRefusal(StoreRefusal.Code.notTaken, "\(error)")
    }
  }
}
