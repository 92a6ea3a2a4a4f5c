import TestSupport
import Chunking
import CoreTypes
import Indexing
import Sealing
import Sodium
import Storage
import Testing

@testable import Repositories

/// The case of an error, where its operands do not matter.
private func name(of body: () throws -> Void) -> String {
  do {
    try body()
    return "nothing"
  } catch {
    return String(describing: error)
  }
}

@Suite("Making and opening repositories")
struct OpeningTests {
  @Test func `a repository is made, unlocked and opened`() throws {
    let sample = try Sample()
    let unlocked = try sample.unlock()
    #expect(unlocked.slot.kind == .recoveryKey)
    let repository = try unlocked.open(folders: sample.folders("one"))
    #expect(repository.openFindings == [])
    #expect(repository.log.records.isEmpty)
    #expect(try SlotKeeping(repository: unlocked).list().map(\.note?.label) == ["first"])
    #expect(try DirectoryStore(path: sample.path).strangers() == [])
  }

  @Test func `a passphrase unlocks, and a wrong one does not`() throws {
    let folder = try TemporaryFolder()
    let path = folder.path + "/store"
    func secret(_ text: String) -> SlotSecret {
      .passphrase(SecretBytes(copying: Array(text.utf8)), .least)
    }
    _ = try RepositoryCreation.create(
      at: path,
      secret: secret("right"),
      note: KeySlot.Note(label: "", made: someTime),
      chunking: .standard,
      time: someTime
    )
    let store = try DirectoryStore(path: path)
    _ = try UnlockedRepository(store: store, secret: secret("right"))
    let refusal = name { _ = try UnlockedRepository(store: store, secret: secret("wrong")) }
    #expect(refusal.hasPrefix("wrongSecret("), "\(refusal)")
  }

  @Test
  func `a secret that opens nothing is not called wrong beside slots that could not be tried`()
    throws
  {
    let sample = try Sample()
    let store = try DirectoryStore(path: sample.path)
    var expected = SlotTrial(.recoveryKey)
    expected.refused(by: .recoveryKey)
    #expect(try trial(sample, .recoveryKey(RecoveryKey().secret)) == expected)
    #expect(expected.slots == 1 && expected.fittingSlots == 1)
    try store.put([1, 2, 3], as: BlobName(.slot, digest(1)))
    // Longer than any slot: it is no reason to leave the others untried.
    try sample.folder.write([UInt8](repeating: 7, count: 100_000), to: "store/slots/\(digest(2))")
    _ = try sample.unlock()
    expected.couldNotTry(.damagedSlot)
    expected.couldNotTry(.damagedSlot)
    #expect(try trial(sample, .recoveryKey(RecoveryKey().secret)) == expected)
    #expect(expected.slots == 3 && expected.refusals == 1)
    let password = SlotSecret.passphrase(SecretBytes(copying: [1]), .least)
    let other = try #require(try trial(sample, password))
    #expect(other.given == .password && other.fittingSlots == 0 && other.recoverySlots == 1)
    #expect(try SlotKeeping(repository: try sample.unlock()).list().count { $0.slot == nil } == 2)
  }

  /// What came of trying a secret that opens nothing; `nil` if that is not what was said.
  private func trial(_ sample: Sample, _ secret: SlotSecret) throws -> SlotTrial? {
    do throws(RepositoryError) {
      _ = try UnlockedRepository(store: try opened(sample), secret: secret)
      return nil
    } catch {
      guard case .wrongSecret(let trial) = error else { return nil }
      return trial
    }
  }

  private func opened(_ sample: Sample) throws(RepositoryError) -> DirectoryStore {
    do {
      return try DirectoryStore(path: sample.path)
    } catch {
      throw .storage(error)
    }
  }

  @Test func `without a sound slot the reasons are told`() throws {
    let sample = try Sample()
    let store = try DirectoryStore(path: sample.path)
    for slot in try store.names(of: .slot) { try store.remove(BlobName(.slot, slot)) }
    #expect(name { _ = try sample.unlock() }.hasPrefix("noUsableSlot"))
    try store.put([1, 2, 3], as: BlobName(.slot, digest(1)))
    #expect(name { _ = try sample.unlock() }.hasPrefix("noUsableSlot"))
  }

  @Test func `without its keyring a repository does not unlock`() throws {
    let sample = try Sample()
    let store = try DirectoryStore(path: sample.path)
    for entry in try store.names(of: .keyringEntry) {
      try store.remove(BlobName(.keyringEntry, entry))
    }
    #expect(name { _ = try sample.unlock() }.hasPrefix("incompleteKeyring"))
  }

  @Test func `slots can be added and removed, but not the last`() throws {
    let sample = try Sample()
    let slots = SlotKeeping(repository: try sample.unlock())
    let first = try #require(try slots.list().first).name
    #expect(name { try slots.remove(first) }.hasPrefix("slotRefused"))
    let second = RecoveryKey()
    let added = try slots.add(
      .recoveryKey(second.secret),
      note: KeySlot.Note(label: "second", made: PointInTime(seconds: 1_800_000_000))
    )
    #expect(try slots.list().map(\.note?.label) == ["first", "second"])
    try slots.remove(first)
    #expect(try slots.list().map(\.name) == [added])
    #expect(name { _ = try sample.unlock() }.hasPrefix("wrongSecret("))
    _ = try UnlockedRepository(
      store: try DirectoryStore(path: sample.path),
      secret: .recoveryKey(second.secret)
    )
  }

  @Test func `a damaged index is made anew`() throws {
    let sample = try Sample()
    let store: StoreID
    do {
      let repository = try sample.open()
      store = repository.store.id
    }
    let file = "one/cache/stores/\(store)/data.mdb"
    try sample.folder.write([UInt8](repeating: 0x41, count: 20_000), to: file)
    #expect(try sample.open().index.objectCount() == 0)
    #expect(try sample.folder.names("one/cache/stores") == ["\(store)"])
  }
}
