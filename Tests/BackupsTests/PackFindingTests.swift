import TestSupport
import CoreTypes
import Indexing
import Storage
import Testing

@testable import Backups

@Suite("Counting what is wrong with packs")
struct PackFindingTests {
  @Test(arguments: [0, 1, 5])
  func `what is not named any more is counted`(_ excess: Int) throws {
    let id = try #require(StoreID([UInt8](repeating: 1, count: StoreID.byteCount)))
    let store = MemoryStore(id: id, configuration: [])
    let count = PackCheck.findingLimit + excess
    for number in 0..<UInt64(count) {
      try store.put([1, 2, 3], as: BlobName(.pack, Digest(words: number, 0, 0, 0)))
    }
    let folder = try TemporaryFolder()
    var report = CheckReport()
    _ = try PackCheck(
      store: store,
      index: try ObjectIndex(path: folder.path + "/index", store: id),
      keyring: nil,
      reading: .heads,
      workerCount: 2,
      progress: { _, _, _ in },
      interruption: { false }
    ).run(&report)
    #expect(report.findingCount == count)
    #expect(report.findings.count == PackCheck.findingLimit + (excess > 0 ? 1 : 0))
    guard excess > 0 else { return }
    guard case .morePackFindings(excess)? = report.findings.last else {
      Issue.record("\(String(describing: report.findings.last))")
      return
    }
    #expect(!report.isMendedByPacks && !report.isMendedByReplacement)
  }
}
