import CoreTypes
import Sealing
package import Trees

extension OpenRepository {
  /// The snapshot that a record seals.
  package func snapshot(_ record: Record) throws(RepositoryError) -> Snapshot {
    do {
      return try Snapshot(decoding: try record.content(with: keyring))
    } catch {
      throw .damagedSnapshot(record.id, reason: "\(error)")
    }
  }

  /// The live snapshot of this name: an id prefix, `latest`, or `latest~N`.
  package func findSnapshot(_ name: String) throws(RepositoryError) -> Record {
    let all = log.snapshots
    if name == "latest" || name.hasPrefix("latest~") {
      let text = name.dropFirst("latest~".count)
      guard let back = text.isEmpty ? 0 : Int(text), back >= 0, back < all.count else {
        throw .unknownSnapshot(name)
      }
      return all[all.count - 1 - back]
    }
    let wanted = name.lowercased()
    let found = wanted.isEmpty ? [] : all.filter { $0.id.description.hasPrefix(wanted) }
    guard let first = found.first else { throw .unknownSnapshot(name) }
    guard found.count == 1 else {
      throw .ambiguousSnapshot(name, candidates: found.map(\.id))
    }
    return first
  }
}
