import Files
import Indexing
import Packing
import Sealing
import Storage
import Testing

@testable import Repositories

@Suite("Which failure of a repository an error is")
struct ErrorTests {
  private struct Foreign: Error {}

  private func name(_ error: any Error) -> String { "\(RepositoryError(error))" }

  @Test func `errors from below keep what they say, and none becomes a damaged configuration`() {
    #expect(name(SealingError.library("zstd")) == #"sealing(Sealing.SealingError.library("zstd"))"#)
    #expect(name(StorageError.damagedStoreID).hasPrefix("storage("))
    #expect(name(StorageError.noRepository(path: "/x")).hasPrefix("storage("))
    #expect(name(IndexingError.malformedRow(path: "/x")).hasPrefix("index("))
    #expect(name(PackingError.unproven(reason: "x")).hasPrefix("packing("))
    #expect(name(RepositoryError.noSnapshots) == "noSnapshots")
    #expect(name(Foreign()) == #"unexpected("Foreign()")"#)
  }
}
