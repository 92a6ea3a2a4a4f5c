import CoreTypes
import Indexing
import Packing
import Restoring
import Trees

/// One chunk's place in one file.
struct RestorePiece: Sendable {
  let file: RestoredFile
  let offset: UInt64
  let reference: ChunkReference
  /// The chunk's place in its object.
  let position: Int
}

/// What one object is needed for.
struct ObjectJob: Sendable {
  let id: ObjectID
  /// `nil`: this store lacks it, and another one may have it.
  let location: ObjectLocation?
  var pieces: [RestorePiece]
}

/// Gathers what a stretch of the tree needs, so that each object is opened once for all of it.
///
/// The stretch is bounded, and with it the memory.
struct RestoreWindow {
  private var jobs: [ObjectID: ObjectJob] = [:]
  private(set) var pieceCount = 0
  private(set) var byteCount: UInt64 = 0

  /// Pieces in a window at most.
  static let pieceLimit = 32_768
  /// Content in a window at most: 256 MiB.
  static let byteLimit: UInt64 = 256 << 20

  var isFull: Bool {
    pieceCount >= RestoreWindow.pieceLimit || byteCount >= RestoreWindow.byteLimit
  }

  mutating func add(_ piece: RestorePiece, of id: ObjectID, at location: ObjectLocation?) {
    jobs[id, default: ObjectJob(id: id, location: location, pieces: [])].pieces.append(piece)
    pieceCount += 1
    byteCount += UInt64(piece.reference.length)
  }

  private func both(
    _ left: ObjectLocation?,
    _ right: ObjectLocation?
  ) -> (ObjectLocation, ObjectLocation)? {
    guard let left, let right else { return nil }
    return (left, right)
  }

  /// The jobs in the order of their places, so that packs are read forward.
  mutating func take() -> [ObjectJob] {
    defer { self = RestoreWindow() }
    return jobs.values.sorted { left, right in
      guard let (left, right) = both(left.location, right.location) else {
        // What is missing here comes last.
        return left.location != nil && right.location == nil
      }
      return left.pack != right.pack
        ? left.pack < right.pack : left.place.stubOffset < right.place.stubOffset
    }
  }
}
