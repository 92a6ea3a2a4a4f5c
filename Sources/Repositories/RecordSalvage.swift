package import CoreTypes
import Encoding
import Sealing
import Storage

/// Saves what is whole in damaged record files: in one of many records, one flipped bit takes one of them.
///
/// Each is proven by its own signature, and gets a file of its own.
package struct RecordSalvage {
  private let repository: KeylessRepository

  package init(of repository: KeylessRepository) { self.repository = repository }

  /// Saves the records of files that the log could not read, and reads the log anew; returns those that it lacked.
  ///
  /// Where the machine with the store takes no such files, nothing is saved, and none goes.
  package func run() throws(RepositoryError) -> [RecordID] {
    let log = repository.log
    var saved: [RecordID] = []
    for name in log.findings.compactMap(\.unreadFile) + log.spentFiles {
      for record in try records(of: BlobName(.record, name))
      where log.records[record.id] == nil && !log.files.contains(record.id.digest) {
        if try put(record) { saved.append(record.id) }
      }
    }
    if !saved.isEmpty { try repository.refresh() }
    return saved
  }

  private func records(of file: BlobName) throws(RepositoryError) -> [Record] {
    let bytes: [UInt8]
    do throws(StorageError) {
      bytes = try repository.store.read(file)
    } catch {
      // That the line or this machine's rights failed says nothing about the file.
      guard !error.isObstacle, !error.isMachineFault else { throw .storage(error) }
      return []
    }
    return RecordSalvage.wholeRecords(in: bytes).filter {
      $0.clear.repository == repository.configuration.repositoryID
    }
  }

  private func put(_ record: Record) throws(RepositoryError) -> Bool {
    let store = repository.store
    do throws(StorageError) {
      try store.withCommitLock { () throws(StorageError) in
        try store.put(record.bytes, as: BlobName(.record, record.id.digest))
      }
      return true
    } catch {
      guard case .denied = error else { throw .storage(error) }
      return false
    }
  }

  /// The records of a file whose signatures are right, whatever stands between them.
  static func wholeRecords(in file: [UInt8]) -> [Record] {
    var whole: [Record] = []
    var start = 0
    var attempts = 0
    while start < file.count, attempts < attemptLimit {
      // Every record begins with it: an array of three.
      guard file[start] == 0x83 else {
        start += 1
        continue
      }
      let rest = file[start...]
      var reader = CBORReader(rest)
      do {
        let record = try Record.next(in: rest, &reader)
        guard record.isSignatureRight else {
          // Its lengths may be what is damaged, and the next one in what seems to be a part of it.
          attempts += 1
          start += 1
          continue
        }
        whole.append(record)
        start += reader.offset
      } catch {
        // No record begins here, or it is cut short.
        attempts += 1
        start += 1
      }
    }
    return whole
  }

  /// Places that were no beginning of a record, before the rest is left: a hostile file must not take for ever.
  private static let attemptLimit = 1024
}
