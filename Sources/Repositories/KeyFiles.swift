import CoreTypes
import Sealing
package import Storage

/// Whether a store holds what a password opens it with, as far as that shows without one.
package struct KeyFiles: Equatable, Sendable {
  /// All slots, damaged ones among them.
  package private(set) var slots = 0
  /// Slots that are what was written.
  package private(set) var soundSlots = 0
  /// True if a data key and an id key are there, each in a file that is what was written.
  package var hasKeyring: Bool { purposes.count == KeyringEntryPurpose.allCases.count }

  private var purposes: Set<KeyringEntryPurpose> = []

  /// Reads the slots and the keyring of a store; a file that cannot be had counts as damaged.
  package init(of store: some BlobStore) throws(StorageError) {
    for name in try store.names(of: .slot) {
      slots += 1
      let file = try KeyFiles.sound(BlobName(.slot, name), in: store)
      do {
        if let file {
          _ = try KeySlot(decoding: file)
          soundSlots += 1
        }
      } catch {
        // Counted, and not among the sound ones.
      }
    }
    for name in try store.names(of: .keyringEntry) {
      guard let file = try KeyFiles.sound(BlobName(.keyringEntry, name), in: store) else {
        continue
      }
      do {
        purposes.insert(try KeyringEntryPurpose(ofEntry: file))
      } catch {
        // It is no key that anybody could use.
      }
    }
  }

  /// The file if it is what its name says.
  private static func sound(
    _ name: BlobName,
    in store: some BlobStore
  ) throws(StorageError) -> [UInt8]? {
    do {
      let file = try store.read(name)
      return PlainHash.of(file) == name.digest ? file : nil
    } catch {
      switch error {
      case .missing, .short, .tooLarge: return nil
      default:
        guard error.isUnreadable else { throw error }
        return nil
      }
    }
  }
}

extension KeyFiles {
  /// Why nobody can open a store.
  package enum Loss: Equatable, Sendable {
    case noSlots
    /// None of so many slots is what was written.
    case damagedSlots(count: Int)
    /// No sound data key, or no sound id key.
    case incompleteKeyring
  }

  /// Each reason for which nobody can open the store; empty if somebody can.
  package var losses: [Loss] {
    var losses: [Loss] = []
    if slots == 0 {
      losses.append(.noSlots)
    } else if soundSlots == 0 {
      losses.append(.damagedSlots(count: slots))
    }
    if !hasKeyring { losses.append(.incompleteKeyring) }
    return losses
  }
}
