import CoreTypes
import Indexing
import Packing
import Repositories
import Sealing
import Storage

/// Items that the other end asked for, in the order in which they are sent.
///
/// Objects come in the order of their packs, so that a receiver's packs are laid out alike. 44 bytes of memory an object.
struct Supply {
  /// What is to be sent next.
  enum Piece {
    case message(Message)
    /// An item that was read, to be sent in pieces.
    case item(ItemStart, [UInt8])
  }

  /// One object by place.
  private struct Place {
    let pack: UInt32
    let offset: UInt32
    let name: UInt32
  }

  private let repository: KeylessRepository
  private let log: RecordLog
  private let kind: ItemKind
  private let names: [Digest]
  private var places: [Place] = []
  /// Names of objects that are not here.
  private var absent: [Digest] = []
  private var next = 0
  private let isMeasured: Bool
  private let choice: MirrorChoice?
  /// Objects that are here, and their bytes.
  private(set) var objectCount = 0
  private(set) var byteCount = 0

  /// Names that were asked for.
  var nameCount: Int { names.count }

  init(
    _ kind: ItemKind,
    _ names: [Digest],
    answer: Message.FetchAnswer,
    repository: KeylessRepository,
    choice: MirrorChoice? = nil
  ) throws(MirrorError) {
    self.repository = repository
    self.kind = kind
    self.names = names
    log = repository.log
    isMeasured = answer == .size
    self.choice = choice
    guard kind == .object else { return }
    do {
      try locate()
    } catch {
      throw .repository(.index(error))
    }
  }

  /// What comes before the items; `nil` if nothing does.
  var announcement: Message? {
    kind == .object ? .batch(count: UInt64(objectCount), bytes: UInt64(byteCount)) : nil
  }

  /// The next item or absence; `nil` at the end.
  mutating func nextPiece() throws(MirrorError) -> Piece? {
    guard !isMeasured else { return nil }
    guard kind == .object else {
      guard next < names.count else { return nil }
      defer { next += 1 }
      return try file(names[next])
    }
    guard next < places.count else {
      guard let name = absent.popLast() else { return nil }
      return .message(.absent(.object, name))
    }
    defer { next += 1 }
    return try object(names[Int(places[next].name)])
  }

  private mutating func locate() throws(IndexingError) {
    var numbers: [PackID: UInt32] = [:]
    for (sequence, pack) in try repository.index.allPacks() {
      numbers[pack] = UInt32(clamping: sequence)
    }
    for (position, name) in names.enumerated() {
      let object = ObjectID(name)
      guard try repository.index.isUsable(object),
        let location = try repository.index.location(of: object)
      else {
        absent.append(name)
        continue
      }
      places.append(
        Place(
          pack: numbers[location.pack] ?? .max,
          offset: UInt32(clamping: location.place.stubOffset),
          name: UInt32(clamping: position)
        )
      )
      objectCount += 1
      byteCount += location.place.headByteCount + location.place.bodyByteCount
    }
    places.sort { ($0.pack, $0.offset) < ($1.pack, $1.offset) }
  }

  private func object(_ name: Digest) throws(MirrorError) -> Piece {
    do {
      guard let location = try repository.index.location(of: ObjectID(name)) else {
        return .message(.absent(.object, name))
      }
      let place = location.place
      let pack = BlobName(.pack, location.pack.digest)
      var bytes = try repository.store.read(
        pack,
        from: place.headOffset,
        count: place.headByteCount
      )
      bytes += try repository.store.read(pack, from: place.bodyOffset, count: place.bodyByteCount)
      return .item(
        ItemStart(
          kind: .object,
          name: name,
          headByteCount: place.headByteCount,
          bodyByteCount: place.bodyByteCount
        ),
        bytes
      )
    } catch let error as StorageError {
      switch error {
      // A pack that is gone or cut short: its objects are not here.
      case .missing, .short: return .message(.absent(.object, name))
      case .noRepository, .interruptedInit, .alreadyThere, .notEmpty, .tooLarge, .conflict,
        .misplaced, .damagedStoreID, .selecting, .busy, .failed, .denied, .quota, .notTaken,
        .unreachable,
        .disconnected:
        throw .storage(error)
      }
    } catch let error as IndexingError {
      throw .repository(.index(error))
    } catch {
      throw .malformed("\(error)")
    }
  }

  private func file(_ name: Digest) throws(MirrorError) -> Piece {
    let bytes: [UInt8]
    do {
      switch kind {
      case .configuration: bytes = try repository.store.readConfiguration()
      case .record:
        guard let record = log.records[RecordID(name)] else {
          return .message(.absent(kind, name))
        }
        bytes = record.bytes
      case .slot: bytes = try repository.store.read(BlobName(.slot, name))
      case .keyringEntry: bytes = try repository.store.read(BlobName(.keyringEntry, name))
      case .manifest:
        if let list = choice?.list(named: name) {
          bytes = list
        } else {
          bytes = try repository.store.read(BlobName(.manifest, name))
        }
      case .selection:
        guard let selection = choice?.selection ?? repository.holding.selection else {
          return .message(.absent(kind, name))
        }
        bytes = selection.encoded
      case .object: return .message(.absent(kind, name))
      }
    } catch {
      guard case .missing = error else { throw .storage(error) }
      return .message(.absent(kind, name))
    }
    // What is damaged here is not passed on.
    guard kind == .configuration || PlainHash.of(bytes) == name else {
      return .message(.absent(kind, name))
    }
    return .item(
      ItemStart(kind: kind, name: name, headByteCount: 0, bodyByteCount: bytes.count),
      bytes
    )
  }
}
