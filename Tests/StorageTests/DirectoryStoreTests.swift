import TestSupport
import CoreTypes
import Files
import Testing

@testable import Storage

@Suite("Stores in folders")
struct DirectoryStoreTests {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  @Test func `a store can be opened again and holds what was put`() throws {
    let name = BlobName(.pack, digest(0xAB))
    try makeStore(in: folder).put([5, 6], as: name)
    let store = try DirectoryStore(path: folder.path + "/store")
    #expect(try store.read(name) == [5, 6])
    let text = name.digest.description
    #expect(try folder.read("store/packs/ab/" + text) == [5, 6])
    #expect(try folder.names("store/packs").count == 256)
    #expect(try folder.names("store/tmp") == [])
  }

  @Test func `files that do not belong are named`() throws {
    let store = try makeStore(in: folder)
    let text = digest(0xAB).description
    let strange = [
      "README", "records/\(text.uppercased())", "records/notes.txt", "packs/00/\(text)",
      "packs/note", "slots/1234",
    ]
    for name in strange { try folder.write([1], to: "store/" + name) }
    #expect(try store.strangers() == strange.sorted())
  }

  @Test func `what stands in the place of a pack is none, and is named`() throws {
    let store = try makeStore(in: folder)
    let (file, other, link) = (digest(0xAB), digest(0xAC), digest(0xAD))
    try store.put([5, 6], as: BlobName(.pack, file))
    try folder.makeFolder("store/packs/ac/\(other)")
    let shard = try DirectoryHandle.open(path: folder.path + "/store/packs/ad")
    try shard.makeSymbolicLink(target: Array("link".utf8), name: Array("\(link)".utf8))
    #expect(try store.names(of: .pack) == [file])
    #expect(try store.strangers() == ["packs/ac/\(other)", "packs/ad/\(link)"])
    // That of a small file is not to vanish without a word: it is there, and cannot be read.
    try folder.makeFolder("store/records/\(other)")
    #expect(try store.names(of: .record) == [other])
  }

  @Test func `a folder in the place of a file makes way, with what is in it`() throws {
    let store = try makeStore(in: folder)
    let pack = BlobName(.pack, digest(0xAC))
    let content: [UInt8] = [7, 8]
    let slot = BlobName(.slot, StoreCheck.hash(content))
    for name in [pack, slot] {
      let path = (name.kind == .pack ? "packs/ac/" : "slots/") + name.digest.description
      try folder.makeFolder("store/\(path)")
      try folder.write([1], to: "store/\(path)/letter")
      try store.put(content, as: name)
      #expect(try store.read(name) == content)
      #expect(try folder.read("store/\(path).folder/letter") == [1])
    }
  }

  @Test func `what a file system of its own begins with is no stranger`() throws {
    let store = try makeStore(in: folder)
    try folder.makeFolder("store/lost+found")
    #expect(try store.strangers() == [])
  }

  @Test func `what is in tmp and no file of a writer is named, and in nobody's way`() throws {
    let store = try makeStore(in: folder)
    try folder.makeFolder("store/tmp/folder")
    try folder.makeFolder("store/tmp/one.heads")
    try folder.write([9], to: "store/tmp/one")
    let root = try DirectoryHandle.open(path: folder.path + "/store/tmp")
    try root.makeSymbolicLink(target: Array("link".utf8), name: Array("link".utf8))
    try root.makeFIFO(Array("fifo".utf8), mode: 0o600)
    #expect(
      try store.strangers() == ["tmp/fifo", "tmp/folder", "tmp/link", "tmp/one.heads"]
    )
    let orphans = try store.orphans()
    #expect(orphans.count == 1)
    #expect(try orphans.first?.readKept() == [])
    try orphans.first?.remove()
    #expect(try store.orphans().isEmpty)
  }

  @Test func `folders that got lost with nothing in them are made anew`() throws {
    let name = BlobName(.pack, digest(0xAB))
    _ = try makeStore(in: folder)
    try folder.remove("store/tmp")
    try folder.remove("store/packs/ab")
    let store = try DirectoryStore(path: folder.path + "/store")
    try store.put([5, 6], as: name)
    #expect(try store.read(name) == [5, 6])
    try folder.remove("store/packs")
    try store.put([5, 6], as: name)
    #expect(try store.names(of: .pack) == [name.digest])
  }

  @Test func `an unfinished file is an orphan when its writer is gone, and not before`() throws {
    let store = try makeStore(in: folder)
    let living = try store.newBlob()
    try living.append([1])
    #expect(try store.orphans().isEmpty)
    try folder.write([9, 9], to: "store/tmp/leftover")
    let orphans = try store.orphans()
    #expect(orphans.count == 1)
    #expect(try orphans.first?.read() == [9, 9])
    #expect(orphans.first?.location.hasSuffix("/tmp/leftover") == true)
    // Who else looks meanwhile leaves it alone.
    #expect(try DirectoryStore(path: folder.path + "/store").orphans().isEmpty)
    try orphans.first?.remove()
    #expect(try store.orphans().isEmpty)
    try living.publish(as: BlobName(.record, digest(3)))
    #expect(try store.read(BlobName(.record, digest(3))) == [1])
  }

  @Test func `what is kept for later stands beside an unfinished file, and goes with it`() throws {
    let store = try makeStore(in: folder)
    let blob = try store.newBlob()
    try blob.append([1, 2])
    try blob.keep([7])
    try blob.append([3])
    try blob.keep([8, 9])
    #expect(try folder.names("store/tmp").count == 2)
    #expect(try store.orphans().isEmpty, "its writer lives")
    try blob.appendKept()
    try blob.append([4])
    try blob.publish(as: BlobName(.pack, digest(5)))
    #expect(try store.read(BlobName(.pack, digest(5))) == [1, 2, 3, 7, 8, 9, 4])
    #expect(try folder.names("store/tmp") == [])
    let given = try store.newBlob()
    try given.append([1])
    try given.keep([2])
    given.abandon()
    #expect(try folder.names("store/tmp") == [])
  }

  @Test func `a file that is left is an orphan with all that was appended and kept`() throws {
    let store = try makeStore(in: folder)
    do {
      let blob = try store.newBlob()
      // Two blocks and a bit, of which a part is in the file already.
      try blob.append([UInt8](repeating: 5, count: 1_500_000))
      try blob.flush()
      try blob.append([UInt8](repeating: 6, count: 1_000_000))
      try blob.keep([1, 2, 3])
      blob.leave()
    }
    let orphan = try #require(try store.orphans().first)
    #expect(
      try orphan.read()
        == [UInt8](repeating: 5, count: 1_500_000) + [UInt8](repeating: 6, count: 1_000_000)
    )
    #expect(try orphan.readKept() == [1, 2, 3] + StoreCheck.hash([1, 2, 3]).bytes)
    try orphan.remove()
    #expect(try folder.names("store/tmp") == [])
  }

  @Test func `flushing at any place changes nothing of what is written`() throws {
    let store = try makeStore(in: folder)
    var random = SplitMix64(seed: 3)
    let bytes = (0..<2_500_000).map { _ in UInt8(truncatingIfNeeded: random.next()) }
    let blob = try store.newBlob()
    var start = 0
    for (number, end) in [1, 4096, 1_048_575, 1_048_576, 1_100_000, 2_097_153, bytes.count]
      .enumerated()
    {
      try blob.append(Array(bytes[start..<end]))
      if number % 3 != 2 { try blob.flush() }
      start = end
    }
    try blob.publish(as: BlobName(.pack, digest(6)))
    #expect(try store.read(BlobName(.pack, digest(6))) == bytes)
  }

  @Test func `heads whose pack has its name already are no orphans, and are removed`() throws {
    let store = try makeStore(in: folder)
    try folder.write([1], to: "store/tmp/gone.heads")
    #expect(try store.orphans().isEmpty)
    #expect(try folder.names("store/tmp") == [])
  }

  @Test func `files above their kind's limit are not read whole`() throws {
    let store = try makeStore(in: folder)
    let name = BlobName(.slot, digest(4))
    try store.put([UInt8](repeating: 0, count: 4097), as: name)
    #expect(throws: StorageError.tooLarge(name.description, byteCount: 4097, limit: 4096)) {
      try store.read(name)
    }
  }

  @Test func `many packs can be read in turn`() throws {
    let store = try makeStore(in: folder)
    for number in UInt64(0)..<100 {
      try store.put([UInt8(number)], as: BlobName(.pack, digest(number)))
    }
    for round in 0..<3 {
      for number in UInt64(0)..<100 {
        let name = BlobName(.pack, digest(number))
        #expect(try store.read(name, from: 0, count: 1) == [UInt8(number)], "\(round)")
      }
    }
  }
}

@Suite("Making and recognising stores")
struct LayoutTests {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func create(_ path: String) throws {
    try StoreLayout.create(
      at: path,
      id: try storeID(1),
      configuration: configurationBytes,
      blobs: []
    )
  }

  @Test func `a folder that is missing or empty holds no repository`() throws {
    let missing = folder.path + "/missing"
    #expect(throws: StorageError.noRepository(path: missing)) { try DirectoryStore(path: missing) }
    #expect(throws: StorageError.noRepository(path: folder.path)) {
      try DirectoryStore(path: folder.path)
    }
  }

  @Test func `a store is not made twice`() throws {
    let path = try makeStore(in: folder).location
    #expect(throws: StorageError.alreadyThere(path: path)) { try create(path) }
  }

  @Test func `a folder with other things in it is refused, and stays as it is`() throws {
    try folder.write([1], to: "letter")
    #expect(throws: StorageError.notEmpty(path: folder.path)) { try create(folder.path) }
    #expect(try folder.names("") == ["letter"])
  }

  @Test func `a foreign folder that has a tmp is not taken for a store that was begun`() throws {
    try folder.makeFolder("tmp")
    try folder.write([1], to: "letter")
    #expect(throws: StorageError.notEmpty(path: folder.path)) { try create(folder.path) }
    #expect(try folder.names("") == ["letter", "tmp"])
    #expect(throws: StorageError.noRepository(path: folder.path)) {
      try DirectoryStore(path: folder.path)
    }
  }

  @Test func `a store without its store file was interrupted, and can be made again`() throws {
    try folder.makeFolder("tmp")
    try folder.makeFolder("slots")
    let path = folder.path
    #expect(throws: StorageError.interruptedInit(path: path)) { try DirectoryStore(path: path) }
    try create(path)
    #expect(try DirectoryStore(path: path).readConfiguration() == configurationBytes)
  }

  @Test func `a store without its configuration was interrupted, and can be made again`() throws {
    let path = try makeStore(in: folder).location
    try folder.remove("store/kist")
    #expect(throws: StorageError.interruptedInit(path: path)) {
      try DirectoryStore(path: path).readConfiguration()
    }
    try create(path)
    #expect(try DirectoryStore(path: path).readConfiguration() == configurationBytes)
  }

  @Test func `every changed bit of the store file is noticed`() throws {
    let path = try makeStore(in: folder).location
    let sound = try folder.read("store/store")
    for bit in 0..<sound.count * 8 {
      var damaged = sound
      damaged[bit / 8] ^= 1 << UInt8(bit % 8)
      #expect(throws: StorageError.damagedStoreID, "bit \(bit)") { try damaged.decodedStoreID() }
    }
    for count in 0..<sound.count {
      #expect(throws: StorageError.damagedStoreID) { try Array(sound[..<count]).decodedStoreID() }
    }
    #expect(throws: StorageError.damagedStoreID) { try (sound + [10]).decodedStoreID() }
    #expect(try sound.decodedStoreID() == (try storeID(7)))
    try folder.write(Array(sound.dropLast()), to: "store/store")
    #expect(throws: StorageError.damagedStoreID) { try DirectoryStore(path: path) }
    try folder.write([UInt8](repeating: 65, count: 100_000), to: "store/store")
    #expect(throws: StorageError.self) { try DirectoryStore(path: path) }
  }

  @Test func `exported keys are what the store holds`() throws {
    let store = try makeStore(in: folder)
    try store.put([4], as: BlobName(.keyringEntry, digest(2)))
    let target = folder.path + "/keys"
    #expect(try StoreLayout.exportKeys(of: store, to: target) == 3)
    #expect(try folder.read("keys/kist") == configurationBytes)
    #expect(try folder.read("keys/slots/\(digest(1))") == [1, 2, 3])
    #expect(try folder.read("keys/keyring/\(digest(2))") == [4])
    #expect(throws: StorageError.notEmpty(path: target)) {
      try StoreLayout.exportKeys(of: store, to: target)
    }
  }
}
