import CoreTypes
import Indexing
import Packing
import Repositories
import Sealing
import Storage

/// Objects that the other end asked for, in the order of their packs, so that a receiver's packs are laid out alike.
///
/// Four bytes of memory an object, and up to as many while the list grows: which object stands at a place is read from the pack's own list
/// when its turn comes.
struct ObjectSupply: Supply {
  private let repository: KeylessRepository
  /// Where the objects that are here begin in their packs.
  private var offsets: [PackID: ContiguousArray<UInt32>] = [:]
  /// Packs to come, the next one last.
  private var packs: [PackID] = []
  /// Objects of the pack whose turn it is, and the first of them that was not read.
  private var places: [ObjectPlace] = []
  private var pack: PackID?
  private var next = 0
  /// What was read, the next one last.
  private var ready: [SupplyPiece] = []
  /// Names of objects that are not here.
  private var absent: [Digest] = []
  private(set) var nameCount = 0
  /// Objects that are here, and their bytes.
  private(set) var objectCount = 0
  private(set) var byteCount = 0

  /// Bytes of objects that are read at once.
  private static let runByteCount = 1 << 20

  init(of repository: KeylessRepository) { self.repository = repository }

  /// What comes before the items.
  var announcement: Message { .batch(count: UInt64(objectCount), bytes: UInt64(byteCount)) }

  /// Takes names that were asked for, before the first piece.
  mutating func add(_ names: some RandomAccessCollection<Digest>) throws(MirrorError) {
    nameCount += names.count
    do throws(IndexingError) {
      try repository.index.forEachLocation(of: names) { name, location in
        guard let location else { return absent.append(name) }
        offsets[location.pack, default: []].append(UInt32(clamping: location.place.stubOffset))
        objectCount += 1
        byteCount += location.place.headByteCount + location.place.bodyByteCount
      }
    } catch {
      throw .repository(.index(error))
    }
  }

  /// Puts the packs in order: no more names come.
  mutating func finish() throws(MirrorError) {
    do throws(IndexingError) {
      packs = try repository.index.allPacks().map(\.pack).filter { offsets[$0] != nil }
    } catch {
      throw .repository(.index(error))
    }
    // Of two reads of the index the second may lack what the first had.
    let known = Set(packs)
    packs += offsets.keys.filter { !known.contains($0) }.sorted()
    packs.reverse()
  }

  mutating func nextPiece() throws(MirrorError) -> SupplyPiece? {
    while ready.isEmpty {
      if next < places.count {
        try readRun()
      } else if let following = packs.popLast() {
        try open(following)
      } else {
        return absent.popLast().map { .message(.absent(.object, $0)) }
      }
    }
    return ready.popLast()
  }

  // MARK: Packs

  private mutating func open(_ pack: PackID) throws(MirrorError) {
    guard var wanted = offsets.removeValue(forKey: pack) else { return }
    wanted.sort()
    self.pack = pack
    next = 0
    places = []
    do throws(PackingError) {
      places = ObjectSupply.places(at: wanted, of: try repository.packs.trailer(of: pack).places)
    } catch {
      // Its list is damaged; the index knows what was in it.
    }
    guard places.count < wanted.count else { return }
    var known: [ObjectPlace] = []
    do throws(IndexingError) {
      try repository.index.forEachObject { if $0.pack == pack { known.append($0.place) } }
    } catch {
      throw .repository(.index(error))
    }
    known.sort { $0.stubOffset < $1.stubOffset }
    places = ObjectSupply.places(at: wanted, of: known)
    // Taken away by another process since it was announced.
    guard places.count == wanted.count else {
      throw .storage(.missing(BlobName(.pack, pack.digest)))
    }
  }

  /// Those of `places` that begin at these offsets; both ascend.
  private static func places(
    at offsets: ContiguousArray<UInt32>,
    of places: [ObjectPlace]
  ) -> [ObjectPlace] {
    var found: [ObjectPlace] = []
    found.reserveCapacity(offsets.count)
    var next = 0
    for place in places {
      // What was asked for twice is sent twice.
      while next < offsets.count, place.stubOffset == Int(offsets[next]) {
        found.append(place)
        next += 1
      }
    }
    return found
  }

  // MARK: Reading

  /// Reads the next object, and with it those that stand right behind it, as long as they are small.
  private mutating func readRun() throws(MirrorError) {
    guard let pack else { return }
    let first = places[next]
    var last = first
    var end = next + 1
    while end < places.count {
      let place = places[end]
      guard place.stubOffset == last.bodyOffset + last.bodyByteCount,
        place.headOffset == last.headOffset + last.headByteCount,
        place.bodyOffset + place.bodyByteCount - first.stubOffset <= ObjectSupply.runByteCount
      else { break }
      last = place
      end += 1
    }
    if let run = try read(places[next..<end], of: pack) {
      ready = run
    } else if end == next + 1 {
      ready = [.message(.absent(.object, first.id.digest))]
    } else {
      // One of them is behind the end of a file that was cut short, or on a bad place of the disk: each by itself.
      for place in places[next..<end].reversed() {
        let one = try read([place], of: pack)
        ready += one ?? [.message(.absent(.object, place.id.digest))]
      }
    }
    next = end
  }

  /// Objects that stand one behind the other, the first one last; `nil` if the pack is gone, cut short or cannot be read.
  private func read(
    _ run: ArraySlice<ObjectPlace>,
    of pack: PackID
  ) throws(MirrorError) -> [SupplyPiece]? {
    guard let first = run.first, let last = run.last else { return nil }
    let name = BlobName(.pack, pack.digest)
    let heads: [UInt8]
    let bodies: [UInt8]
    do {
      heads = try repository.store.read(
        name,
        from: first.headOffset,
        count: last.headOffset + last.headByteCount - first.headOffset
      )
      bodies = try repository.store.read(
        name,
        from: first.bodyOffset,
        count: last.bodyOffset + last.bodyByteCount - first.bodyOffset
      )
    } catch {
      // What the disk cannot read is not here.
      if error.isUnreadable { return nil }
      switch error {
      case .missing, .short: return nil
      case .noRepository, .interruptedInit, .lostConfiguration, .alreadyThere, .notEmpty, .tooLarge,
        .conflict,
        .misplaced, .damagedStoreID, .selecting, .busy, .failed, .denied, .held, .quota, .notTaken,
        .unreachable,
        .disconnected:
        throw .storage(error)
      }
    }
    return run.reversed().map { place in
      let head = place.headOffset - first.headOffset
      let body = place.bodyOffset - first.bodyOffset
      return .item(
        OutgoingItem(
          start: ItemStart(
            kind: .object,
            name: place.id.digest,
            headByteCount: place.headByteCount,
            bodyByteCount: place.bodyByteCount
          ),
          head: heads[head..<head + place.headByteCount],
          body: bodies[body..<body + place.bodyByteCount]
        )
      )
    }
  }
}
