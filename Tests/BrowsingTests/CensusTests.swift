import CoreTypes
import Indexing
import Repositories
import TestSupport
import Testing
import Trees

@testable import Browsing

@Suite("Counting what snapshots hold")
struct CensusTests {
  private func unexpected(_ gap: SnapshotCensus.Gap) { Issue.record(gap.error, "\(gap.path)") }

  @Test func `what one snapshot alone needs is told from what is shared`() throws {
    let bench = try Bench()
    var random = SplitMix64(seed: 8)
    let shared = random.bytes(100_000)
    try bench.write(shared, to: "shared")
    try bench.write(shared, to: "copy")
    try bench.write(random.bytes(70_000), to: "first")
    let first = try bench.backup(at: 1)
    try bench.remove("first")
    try bench.write(random.bytes(30_000), to: "second")
    let second = try bench.backup(at: 2)
    let (sum, shares) = try SnapshotCensus(
      repository: bench.repository,
      source: bench.nodes(),
      notice: unexpected
    )
    .count([first, second], beside: [])
    #expect(sum.logical.bytes == 500_000)
    #expect(sum.logical.files == 6)
    #expect(sum.folders == 2)
    #expect(sum.contentBytes == 200_000, "each chunk once")
    #expect(sum.distinctFiles == 3)
    #expect(sum.missingChunks == 0)
    #expect(sum.objects == (try bench.repository.index.objectCount()))
    let nodeBytes = sum.nodeBytes
    #expect(shares.map(\.bytesAlone).reduce(0, +) == 100_000 + nodeBytes)
    #expect((70_000..<72_000).contains(shares[0].bytesAlone))
    #expect((30_000..<32_000).contains(shares[1].bytesAlone))
    #expect(shares[1].storedBytesAlone > 30_000)

    // The same snapshot counted beside the other one, and without it.
    let (one, alone) = try SnapshotCensus(
      repository: bench.repository,
      source: bench.nodes(),
      notice: unexpected
    )
    .count([second], beside: [first])
    #expect(one.contentBytes == 130_000)
    #expect(alone.map(\.bytesAlone) == [shares[1].bytesAlone])
    let (_, only) = try SnapshotCensus(
      repository: bench.repository,
      source: bench.nodes(),
      notice: unexpected
    )
    .count([second], beside: [])
    #expect(only[0].bytesAlone == one.contentBytes + one.nodeBytes)
    #expect(only[0].chunksAlone == one.contentChunks + one.nodeChunks)
  }

  @Test func `equal snapshots hold nothing alone, and folders they share are read twice at most`()
    throws
  {
    let bench = try Bench()
    for number in 0..<50 { try bench.write([UInt8(number), 1], to: "d\(number % 10)/f\(number)") }
    let snapshots = try (1...6).map { try bench.backup(at: $0) }
    let source = try bench.nodes()
    let (sum, shares) = try SnapshotCensus(
      repository: bench.repository,
      source: source,
      notice: unexpected
    )
    .count(snapshots, beside: [])
    #expect(
      shares.allSatisfy { $0.bytesAlone == 0 && $0.chunksAlone == 0 && $0.storedBytesAlone == 0 }
    )
    #expect(shares.allSatisfy { $0.folders == 11 })
    #expect(sum.logical.files == 300)
    #expect(sum.distinctFiles == 50)
    #expect(source.loadCount == 22)
  }

  @Test func `no snapshots hold nothing`() throws {
    let bench = try Bench()
    let (sum, shares) = try SnapshotCensus(
      repository: bench.repository,
      source: bench.nodes(),
      notice: unexpected
    )
    .count([], beside: [])
    #expect(sum == SnapshotCensus.Sum())
    #expect(shares.isEmpty)
  }
}
