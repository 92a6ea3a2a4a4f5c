import CoreTypes
import TestSupport
import Testing

@testable import Storage

/// Formats/store.md §2.
@Suite("Vectors of store files")
struct VectorTests {
  @Test func `the store file of the vectors is read, and written again as the same bytes`() throws {
    let file = try Vectors.file("repository/store")
    #expect(file == (try Vectors.file("store/example.txt")))
    let id = try file.decodedStoreID()
    #expect(id == StoreID([UInt8](repeating: 0x5e, count: 16)))
    #expect(StoreIdentityFile.encode(id) == file)
  }

  @Test func `the store file of a copy of chosen snapshots says so`() throws {
    let file = try Vectors.file("store/selecting.txt")
    let id = try file.decodedStoreID()
    #expect(StoreIdentityFile.encode(id, holding: .selection) == file)
    #expect(StoreIdentityFile.isSelecting(file))
    #expect(!StoreIdentityFile.isSelecting(try Vectors.file("store/example.txt")))
  }

  @Test func `store files that must be refused are refused`() throws {
    let vectors = try Vectors.bytes("store/refused.txt")
    #expect(vectors.count > 5)
    for (name, file) in vectors {
      #expect(throws: StorageError.damagedStoreID, "\(name)") { try file.decodedStoreID() }
    }
  }
}
