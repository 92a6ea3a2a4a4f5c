package import CoreTypes
package import Sealing
package import Storage

/// Why a pack could not be written or read.
package enum PackingError: Error, Equatable, Sendable {
  /// The pack's trailer is damaged; `reason` says how. Its objects can be salvaged.
  case damagedTrailer(PackID, reason: String)
  /// The pack is not as long as its trailer says.
  case wrongLength(PackID, expected: Int, found: Int)
  /// Part of one object is damaged.
  case damagedObject(ObjectID, pack: PackID, reason: String)
  /// The stub of one object is damaged; the object itself can be read.
  case damagedStub(ObjectID, pack: PackID)
  /// An object is sound but does not open.
  case sealed(ObjectID, pack: PackID, SealingError)
  /// What came as a pack is none, or something in it does not have the hash that proves it.
  case unproven(reason: String)
  /// The store failed.
  case storage(StorageError)

  /// True if it says that bytes in the store are not what was written; false if they could not be read or opened.
  package var isDamage: Bool {
    switch self {
    case .damagedTrailer, .wrongLength, .damagedObject, .damagedStub, .unproven: true
    case .sealed(_, _, .unknownKey), .sealed(_, _, .library): false
    case .sealed: true
    case .storage(.short): true
    case .storage: false
    }
  }

  /// True if the store has the bytes, and cannot read them.
  package var isUnreadable: Bool {
    guard case .storage(let error) = self else { return false }
    return error.isUnreadable
  }
}
