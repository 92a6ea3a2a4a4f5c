package import CoreTypes
import Packing
import Repositories
import Sealing
import Trees

/// Who brought an object, as its record says.
package struct WriteOrigin: Equatable, Sendable {
  package let record: RecordID
  /// The public key with which the record is signed.
  package let writer: Digest
  package let time: PointInTime
  /// `nil` if the record does not say it, or cannot be opened.
  package let host: String?

  /// Finds out who wrote each object whose content is not what it is named.
  static func enter(in findings: inout [CheckFinding], _ repository: OpenRepository) {
    for index in findings.indices {
      guard case .pack(.sealed(let object, let pack, .wrongContent(let chunk))) = findings[index]
      else { continue }
      let origin = find(object, repository)
      findings[index] = .wrongContent(object, pack: pack, chunk: chunk, origin)
    }
  }

  /// The first record that adds the object.
  private static func find(_ object: ObjectID, _ repository: OpenRepository) -> WriteOrigin? {
    let records = repository.log.records.values.sorted { $0.clear.time < $1.clear.time }
    for record in records {
      do {
        guard try RecordLog.adds(of: record, in: repository.store).contains(object) else {
          continue
        }
      } catch {
        // A manifest that cannot be read has a finding of its own.
        continue
      }
      return WriteOrigin(
        record: record.id,
        writer: record.clear.writer,
        time: record.clear.time,
        host: host(of: record, repository)
      )
    }
    return nil
  }

  private static func host(of record: Record, _ repository: OpenRepository) -> String? {
    guard record.clear.kind == .snapshot else { return nil }
    do {
      return try repository.snapshot(record).author?.host
    } catch {
      // A snapshot that cannot be opened has a finding of its own.
      return nil
    }
  }
}
