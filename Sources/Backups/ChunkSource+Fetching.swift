import CoreTypes
import Indexing
import Packing
import Repositories
import Restoring
import Sealing
import Trees

extension ChunkSource {
  /// Puts a chunk of a file into the window.
  func fetch(
    _ reference: ChunkReference,
    at offset: UInt64,
    for file: RestoredFile,
    _ jobs: RestoreJobs
  ) throws(RepositoryError) {
    var place = try locations(of: reference.id).first.map {
      (object: $0.location.place.id, location: Optional($0.location), position: $0.position)
    }
    if place == nil {
      place = try missingPlaces(of: reference.id).first.map {
        (object: $0.object, location: nil, position: $0.position)
      }
    }
    guard let place else {
      return try fetchLost(reference, at: offset, for: file, jobs)
    }
    jobs.add(
      RestorePiece(file: file, offset: offset, reference: reference, position: place.position),
      of: place.object,
      at: place.location
    )
  }

  /// Of a chunk of which nothing here says where it is: once all that is lost was brought back, something does.
  private func fetchLost(
    _ reference: ChunkReference,
    at offset: UInt64,
    for file: RestoredFile,
    _ jobs: RestoreJobs
  ) throws(RepositoryError) {
    // Read here, so that it comes back if it can; where it is then is known.
    _ = try bytes(of: reference.id, kind: .data)
    guard let (location, position) = try locations(of: reference.id).first else {
      throw .missingChunk(reference.id)
    }
    jobs.add(
      RestorePiece(file: file, offset: offset, reference: reference, position: position),
      of: location.place.id,
      at: location
    )
  }
}
