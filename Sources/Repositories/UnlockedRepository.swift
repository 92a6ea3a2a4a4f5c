import CoreTypes
import Files
import Indexing
package import Sealing
import Sodium
package import Storage

/// A repository whose secrets are open, before index and catalog are.
package struct UnlockedRepository: Sendable {
  package let store: any BlobStore
  package let configuration: Configuration
  package let bundle: CapabilityBundle
  package let keyring: Keyring
  /// The slot that opened.
  package let slot: KeySlot

  /// Proves the configuration, finds the slot that opens, opens the keyring.
  package init(store: any BlobStore, secret: SlotSecret) throws(RepositoryError) {
    self.store = store
    do {
      configuration = try Configuration(decoding: try store.readConfiguration())
    } catch {
      throw RepositoryError(error)
    }
    let repository = configuration.repositoryID
    (slot, bundle) = try UnlockedRepository.openSlot(
      store: store,
      secret: secret,
      configuration: configuration
    )
    keyring = try UnlockedRepository.openKeyring(
      store: store,
      bundle: bundle,
      repository: repository
    )
  }

  /// Opens index and catalog and reads the log.
  package func open(folders: ClientFolders) throws(RepositoryError) -> OpenRepository {
    let log = try RecordLog(store: store, configuration: configuration)
    folders.tagCache()
    do {
      return try OpenRepository(
        store: store,
        configuration: configuration,
        keyring: keyring,
        bundle: bundle,
        log: log,
        index: try ObjectIndex(path: folders.index(of: store.id), store: store.id),
        catalog: try Catalog(
          path: folders.catalog(of: configuration.repositoryID),
          repository: configuration.repositoryID
        ),
        memory: try ClientMemory(
          stateFolder: folders.state,
          repository: configuration.repositoryID
        )
      )
    } catch {
      throw RepositoryError(error)
    }
  }

  private static func openSlot(
    store: any BlobStore,
    secret: SlotSecret,
    configuration: Configuration
  ) throws(RepositoryError) -> (KeySlot, CapabilityBundle) {
    var trial = SlotTrial(secret)
    var unreadable: StorageError?
    do {
      for name in try store.names(of: .slot).sorted().prefix(SlotLimits.slotCount) {
        let slot: KeySlot
        do {
          slot = try KeySlot(decoding: try store.read(BlobName(.slot, name)))
        } catch let error as StorageError {
          switch error {
          // Removed while the slots were being read.
          case .missing: continue
          case .short, .tooLarge: trial.couldNotTry(.damagedSlot)
          default:
            // One that the disk cannot read says nothing about the others.
            guard error.isUnreadable else { throw error }
            unreadable = unreadable ?? error
          }
          continue
        } catch let error as SealingError {
          trial.couldNotTry(error)
          continue
        }
        do throws(SealingError) {
          let bundle = try slot.open(with: secret, repository: configuration.repositoryID)
          // Else this client would sign enrolments that no reader believes.
          guard SigningKey(seed: bundle.rootSeed).publicKey == configuration.rootPublicKey else {
            throw SealingError.malformed(what: "root key of a slot")
          }
          return (slot, bundle)
        } catch {
          if error == .wrongSecret {
            trial.refused(by: slot.kind)
          } else {
            trial.couldNotTry(error)
          }
        }
      }
    } catch {
      throw RepositoryError(error)
    }
    if let unreadable { throw .storage(unreadable) }
    // Says nothing about the slot, nor about the secret.
    for reason in trial.untried {
      if case .derivationMemory = reason { throw .sealing(reason) }
    }
    guard trial.refusals > 0 else { throw .noUsableSlot(reasons: trial.untried) }
    throw .wrongSecret(trial)
  }

  private static func openKeyring(
    store: any BlobStore,
    bundle: CapabilityBundle,
    repository: RepositoryID
  ) throws(RepositoryError) -> Keyring {
    let sealer = KeyringSealer(repository: repository, keyringKey: bundle.keyringKey)
    var entries: [OpenedKeyringEntry] = []
    var reasons: [SealingError] = []
    do {
      let names = try store.names(of: .keyringEntry).sorted()
      store.prepareReading(names.map { BlobName(.keyringEntry, $0) })
      for name in names {
        let file = try store.read(BlobName(.keyringEntry, name))
        do {
          entries.append(try sealer.open(file))
        } catch {
          reasons.append(error)
        }
      }
    } catch {
      throw .storage(error)
    }
    guard let keyring = Keyring(repository: repository, entries: entries) else {
      throw .incompleteKeyring(reasons: reasons)
    }
    return keyring
  }
}
