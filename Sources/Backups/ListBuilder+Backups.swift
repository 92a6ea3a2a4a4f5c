import CoreTypes
import Trees

extension ListBuilder {
  /// Appends a chunk of a content; what the list refuses is an error of the backup.
  mutating func add(
    _ reference: ChunkReference,
    store: ([UInt8]) throws(BackupError) -> ChunkID
  ) throws(BackupError) {
    do {
      try append(reference, store: store)
    } catch {
      throw error.backupError
    }
  }
}
