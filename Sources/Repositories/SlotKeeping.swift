package import CoreTypes
package import Sealing
import Storage

/// Adds, lists and removes key slots.
///
/// Source: Formats/keys.md §3.
package struct SlotKeeping {
  private let repository: UnlockedRepository

  package init(repository: UnlockedRepository) {
    self.repository = repository
  }

  /// A slot as a person sees it.
  package struct Listed: Sendable {
    package let name: Digest
    /// `nil` if the file is damaged or cannot be read.
    package let slot: KeySlot?
    package let note: KeySlot.Note?
  }

  /// All slots, oldest first; damaged ones last.
  package func list() throws(RepositoryError) -> [Listed] {
    do {
      var listed: [Listed] = []
      for name in try repository.store.names(of: .slot) { listed.append(try self.listed(name)) }
      return listed.sorted {
        ($0.note?.made ?? PointInTime(seconds: .max), $0.name)
          < ($1.note?.made ?? PointInTime(seconds: .max), $1.name)
      }
    } catch {
      throw .storage(error)
    }
  }

  private func listed(_ name: Digest) throws(StorageError) -> Listed {
    do {
      let slot = try KeySlot(decoding: try repository.store.read(BlobName(.slot, name)))
      let note = try slot.note(
        with: repository.bundle,
        repository: repository.configuration.repositoryID
      )
      return Listed(name: name, slot: slot, note: note)
    } catch let error as StorageError {
      switch error {
      case .short, .tooLarge: break
      default: guard error.isUnreadable else { throw error }
      }
    } catch {
      // It is damaged, which is what the list says of it.
    }
    return Listed(name: name, slot: nil, note: nil)
  }

  /// Adds a slot for a further secret.
  ///
  /// At most 16 slots.
  package func add(_ secret: SlotSecret, note: KeySlot.Note) throws(RepositoryError) -> Digest {
    let count: Int
    do {
      count = try repository.store.names(of: .slot).count
    } catch {
      throw .storage(error)
    }
    guard count < SlotLimits.slotCount else {
      throw .slotRefused("the repository has \(count) slots already; remove one first")
    }
    let file: [UInt8]
    do {
      file = try KeySlot(
        wrapping: repository.bundle,
        secret: secret,
        repository: repository.configuration.repositoryID,
        note: note
      ).encoded
    } catch {
      throw .sealing(error)
    }
    let name = PlainHash.of(file)
    do {
      try repository.store.put(file, as: BlobName(.slot, name))
    } catch {
      throw .storage(error)
    }
    return name
  }

  /// Removes a slot; refuses the last one that is sound.
  package func remove(_ name: Digest) throws(RepositoryError) {
    let sound = try list().filter { $0.slot != nil }
    guard sound.contains(where: { $0.name != name }) else {
      throw .slotRefused("this is the last slot: without it nothing opens the repository")
    }
    do {
      try repository.store.remove(BlobName(.slot, name))
    } catch {
      throw .storage(error)
    }
  }
}
