import CoreTypes
import Foundation
import Repositories
import TestSupport
import Testing
import Trees

@testable import Browsing

@Suite("The history of a path")
struct HistoryTests {
  @Test func `every version is told once, with the snapshots that saw it`() throws {
    let bench = try Bench()
    var snapshots: [OpenedSnapshot] = []
    try bench.write([0], to: "other")
    snapshots.append(try bench.backup(at: 1))
    try bench.write([1], to: "d/file")
    snapshots.append(try bench.backup(at: 2))
    try bench.write([9], to: "other")
    snapshots.append(try bench.backup(at: 3))
    try FileManager.default.setAttributes(
      [.posixPermissions: 0o600],
      ofItemAtPath: bench.source + "/d/file"
    )
    snapshots.append(try bench.backup(at: 4))
    try bench.write([2, 2], to: "d/file")
    snapshots.append(try bench.backup(at: 5))
    try bench.remove("d")
    snapshots.append(try bench.backup(at: 6))
    snapshots.append(try bench.backup(at: 7))
    try bench.write([3], to: "d/file/now-a-folder")
    snapshots.append(try bench.backup(at: 8))
    try bench.remove("d/file")
    try bench.write([2, 2], to: "d/file")
    snapshots.append(try bench.backup(at: 9))

    let source = try bench.nodes()
    var history = PathHistory(of: Path.names(bench.path("d/file")), reader: source.reader)
    for snapshot in snapshots { try history.follow(snapshot) }
    #expect(
      history.versions.map(\.change)
        == [.appeared, .metadata, .content, .vanished, .appeared, .kind]
    )
    #expect(history.versions.map(\.count) == [2, 1, 1, 2, 1, 1])
    #expect(history.versions.map(\.first.time.seconds) == [2, 4, 5, 6, 8, 9])
    #expect(history.versions.map(\.last.time.seconds) == [3, 4, 5, 7, 8, 9])
    #expect(history.versions.map { $0.entry?.size } == [1, 1, 2, nil, 0, 2])
    #expect(history.snapshotCount == 9)
  }

  @Test func `what two snapshots in a row share is not read again`() throws {
    let bench = try Bench()
    try bench.write([1], to: "a/b/c/file")
    try bench.write([1], to: "other")
    let first = try bench.backup(at: 1)
    try bench.write([2], to: "other")
    let second = try bench.backup(at: 2)
    let source = try bench.nodes()
    var history = PathHistory(of: Path.names(bench.path("a/b/c/file")), reader: source.reader)
    try history.follow(first)
    #expect(source.loadCount == 4)
    try history.follow(second)
    #expect(source.loadCount == 5, "only the new root")
    try history.follow(second)
    #expect(source.loadCount == 5)
    #expect(history.versions.map(\.count) == [3])
  }

  @Test func `snapshots of other folders say nothing of a path`() throws {
    let bench = try Bench()
    try bench.write([1], to: "file")
    let snapshot = try bench.backup(at: 1)
    for path in ["/elsewhere", bench.folder.path] {
      var history = PathHistory(of: Path.names(Array(path.utf8)), reader: try bench.nodes().reader)
      try history.follow(snapshot)
      #expect(history.versions.isEmpty)
      #expect(history.snapshotCount == 0)
    }
    var root = PathHistory(
      of: Path.names(Array(bench.source.utf8)),
      reader: try bench.nodes().reader
    )
    try root.follow(snapshot)
    #expect(root.versions.map(\.change) == [.appeared])
  }

  @Test func `a clock that goes far ahead or back loses no snapshot`() throws {
    let bench = try Bench()
    var made: [OpenedSnapshot] = []
    // 2100, 1970, 2023.
    for (number, seconds) in ([4_102_444_800, 0, 1_700_000_000] as [Int64]).enumerated() {
      try bench.write([UInt8(number)], to: "file-\(number)")
      made.append(try bench.backup(at: seconds))
    }
    let log = bench.repository.log
    #expect(log.findings.isEmpty)
    // The writer's own numbers tell the true order; lists and `latest` believe the clock.
    let numbers = made.map(\.record.clear.sequence)
    #expect(numbers == numbers.sorted() && Set(numbers).count == 3)
    #expect(log.snapshots.map(\.id) == [made[1].id, made[2].id, made[0].id])
    #expect(try bench.repository.findSnapshot("latest").id == made[0].id)
    #expect(made.map(\.content.totals.files) == [1, 2, 3])
    let source = try bench.nodes()
    var history = PathHistory(of: Path.names(bench.path("file-0")), reader: source.reader)
    for snapshot in made { try history.follow(snapshot) }
    #expect(history.versions.map(\.count) == [3])
  }
}
