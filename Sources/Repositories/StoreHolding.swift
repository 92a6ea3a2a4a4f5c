package import CoreTypes
import Files
import Sealing
package import Storage

/// What a store holds of what its log requires.
///
/// Source: Docs/model.md, rules 13 to 16.
package enum StoreHolding: Equatable, Sendable {
  case everything
  /// What was chosen, and the objects that it needs.
  case selection(StoreSelection, ChosenObjects)
  /// Chosen snapshots, but what was chosen cannot be told any more: everything is asked of it.
  case damaged(reason: String)

  /// Reads what a store says of itself; throws only if the store cannot be read.
  package init(of store: any BlobStore, log: RecordLog) throws(RepositoryError) {
    do {
      guard let bytes = try store.readSelection() else {
        self = .everything
        return
      }
      let content = Array(bytes.dropLast(Digest.byteCount))
      guard PlainHash.of(content).bytes.elementsEqual(bytes.suffix(Digest.byteCount)) else {
        self = .damaged(
          reason: bytes.isEmpty ? "it is missing, empty, or no file" : "its hash is wrong"
        )
        return
      }
      let selection = try StoreSelection(decoding: content)
      try selection.requireFits(log)
      let objects = try ChosenObjects(of: selection) { try ChosenObjects.list($0, in: store) }
      self = .selection(selection, objects)
    } catch let error as StorageError {
      switch error {
      case .missing(let name): self = .damaged(reason: "its list \(name.digest.short) is missing")
      case .tooLarge, .short: self = .damaged(reason: "it has an impossible length")
      // A bad sector must not keep anybody from what is sound.
      case .failed(_, let cause) where !cause.isPermission: self = .damaged(reason: cause.reason)
      default: throw .storage(error)
      }
    } catch RecordError.malformed(let what) {
      self = .damaged(reason: what)
    } catch {
      self = .damaged(reason: "\(error)")
    }
  }

  /// What was chosen; `nil` if that is everything, or cannot be told.
  package var selection: StoreSelection? {
    if case .selection(let selection, _) = self { return selection }
    return nil
  }

  /// The objects that may be asked for; `nil` if all may.
  package var chosen: ChosenObjects? {
    if case .selection(_, let objects) = self { return objects }
    return nil
  }

  /// True if a snapshot is not left out.
  package func holds(_ snapshot: RecordID) -> Bool {
    selection?.holds(snapshot) ?? true
  }
}
