import CoreTypes
import Files
import Indexing
import Packing
import Repositories
import Sealing
import Storage
import Testing

@testable import Mirroring

@Suite("Whose fault an error of a mirror run is")
struct ErrorTests {
  private struct Foreign: Error {}

  @Test func `what fails here is no protocol fault of the other end`() {
    for error in [
      IndexingError.malformedRow(path: "/x"), SealingError.library("zstd"),
      StorageError.damagedStoreID, PackingError.unproven(reason: "x"), RepositoryError.noSnapshots,
      RecordError.malformed("x"), Foreign(),
    ] as [any Error] {
      let told = MirrorError(error)
      if case .malformed = told { Issue.record("\(error) blames the other end") }
      // The other end hears that the store failed, and of nothing else.
      #expect(told.wire?.code == MirrorErrorCode.store, "\(error)")
    }
    guard case .malformed("x") = MirrorError(MirrorError.malformed("x")) else {
      Issue.record("its own errors stay as they are")
      return
    }
  }
}
