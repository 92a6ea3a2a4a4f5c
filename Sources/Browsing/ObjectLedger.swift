import Packing
import CoreTypes
import Indexing
import Repositories

/// Who needs a chunk.
enum ChunkOwner {
  static let nobody: UInt32 = 0
  /// Owners from 1 on are snapshots; this one stands for two and more.
  static let several = UInt32.max
}

/// Remembers of every chunk in this store which snapshot needs it: four bytes a chunk.
struct ObjectLedger {
  private struct Object {
    let storedByteCount: Int
    /// By position in the object.
    var owners: [UInt32] = []
  }

  /// What came of entering a chunk.
  enum Answer: Equatable {
    /// Nobody needed it before.
    case fresh
    /// One other snapshot needed it alone before.
    case shared(with: UInt32)
    /// As before.
    case same
    /// This store lacks it.
    case missing
  }

  private let repository: OpenRepository
  /// By the catalog's number of the object; `nil` if this store lacks it.
  private var places: [UInt64: Int?] = [:]
  private var objects: [Object] = []

  init(repository: OpenRepository) { self.repository = repository }

  /// Enters that a snapshot needs the chunk, in the object from which it would be read.
  mutating func enter(_ chunk: ChunkID, _ owner: UInt32) throws(IndexingError) -> Answer {
    for place in try repository.catalog.places(of: chunk) {
      guard let number = try number(of: place) else { continue }
      return enter(owner, at: place.position, in: number)
    }
    return .missing
  }

  private mutating func number(of place: ChunkPlace) throws(IndexingError) -> Int? {
    if let known = places[place.ordinal] { return known }
    guard let location = try repository.index.location(of: place.object) else {
      places[place.ordinal] = .some(nil)
      return nil
    }
    objects.append(Object(storedByteCount: location.place.storedByteCount))
    places[place.ordinal] = .some(objects.count - 1)
    return objects.count - 1
  }

  private mutating func enter(_ owner: UInt32, at position: Int, in number: Int) -> Answer {
    while objects[number].owners.count <= position {
      objects[number].owners.append(ChunkOwner.nobody)
    }
    let before = objects[number].owners[position]
    switch before {
    case ChunkOwner.nobody:
      objects[number].owners[position] = owner
      return .fresh
    case owner, ChunkOwner.several: return .same
    default:
      objects[number].owners[position] = ChunkOwner.several
      return .shared(with: before)
    }
  }

  /// Objects that somebody needs, and what they take in their packs.
  var needed: (objects: Int, bytes: Int) {
    var sum = (objects: 0, bytes: 0)
    for object in objects where object.owners.contains(where: { $0 != ChunkOwner.nobody }) {
      sum.objects += 1
      sum.bytes += object.storedByteCount
    }
    return sum
  }

  /// Bytes of the objects of which one snapshot alone needs anything, by snapshot.
  func bytesNeededAlone() -> [UInt32: Int] {
    var bytes: [UInt32: Int] = [:]
    for object in objects {
      let owners = object.owners.filter { $0 != ChunkOwner.nobody }
      guard let first = owners.first, first != ChunkOwner.several,
        owners.allSatisfy({ $0 == first })
      else { continue }
      bytes[first, default: 0] += object.storedByteCount
    }
    return bytes
  }
}
