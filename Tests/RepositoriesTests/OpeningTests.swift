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
    #expect(refusal == "wrongSecret(slotCount: 1)")
  }

  @Test func `a wrong secret is told as such even beside a damaged slot`() throws {
    let sample = try Sample()
    let store = try DirectoryStore(path: sample.path)
    try store.put([1, 2, 3], as: BlobName(.slot, digest(1)))
    _ = try sample.unlock()
    let refusal = name {
      _ = try UnlockedRepository(store: store, secret: .recoveryKey(RecoveryKey().secret))
    }
    #expect(refusal == "wrongSecret(slotCount: 1)")
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
    #expect(name { _ = try sample.unlock() } == "wrongSecret(slotCount: 1)")
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
