import TestSupport
import Backups
import CoreTypes
import Foundation
import Packing
import Repositories
import Storage
import Synchronization
import Testing

@Suite("Backup and restore") struct RoundTripTests {
  /// Files of every size at which something else begins: inline, one chunk, a list, pages, blocks.
  static func makeSource(_ workshop: Workshop, seed: UInt64) throws -> String {
    var random = SplitMix64(seed: seed)
    for size in [0, 1, 128, 129, 16_384, 65_536, 262_144, 262_145, 2 << 20, (2 << 20) + 1] {
      try workshop.write(random.bytes(size), to: "source/size-\(size)")
    }
    try workshop.write([UInt8](repeating: 0, count: 3 << 20), to: "source/zeros")
    try workshop.write(random.bytes(6 << 20), to: "source/deep/er/large")
    for number in 0..<700 {
      try workshop.write(random.bytes(number), to: "source/wide/file-\(number)")
    }
    return workshop.path + "/source"
  }

  @Test func `what was backed up comes back equal, and again stores nothing`() throws {
    let workshop = try Workshop()
    let client = Client(workshop: workshop, name: "a")
    try Client.makeRepository(in: workshop)
    let source = try Self.makeSource(workshop, seed: 7)
    let repository = try client.open()
    let first = try client.backup(repository, [source])
    #expect(first.findings.isEmpty)
    let again = try client.backup(repository, [source])
    #expect(again.progress.bytesAdded == 0)
    #expect(again.progress.packsStored == 0)
    let progress = try client.restore(repository, "latest", to: workshop.path + "/restored")
    #expect(progress.counters.errors == 0)
    #expect(try contents(of: workshop.path + "/restored") == contents(of: source))
    #expect(try client.check(repository).findings.isEmpty)
  }

  @Test func `several roots come back below their full paths`() throws {
    let workshop = try Workshop()
    let client = Client(workshop: workshop, name: "a")
    try Client.makeRepository(in: workshop)
    try workshop.write([1, 2, 3], to: "one/a")
    try workshop.write(Array(repeating: 9, count: 1000), to: "two/b")
    let repository = try client.open()
    try client.backup(repository, [workshop.path + "/one", workshop.path + "/two/b"])
    _ = try client.restore(repository, "latest", to: workshop.path + "/out")
    let out = workshop.path + "/out" + workshop.path
    #expect(try contents(of: out + "/one") == ["a": [1, 2, 3]])
    #expect(try contents(of: out + "/two") == ["b": Array(repeating: 9, count: 1000)])
  }

  @Test func `an index and a catalog that are lost are made anew`() throws {
    let workshop = try Workshop()
    let client = Client(workshop: workshop, name: "a")
    try Client.makeRepository(in: workshop)
    let source = try Self.makeSource(workshop, seed: 8)
    try client.backup(try client.open(), [source])
    // Another client has nothing but the repository.
    let other = Client(workshop: workshop, name: "b")
    let repository = try other.open()
    _ = try other.restore(repository, "latest", to: workshop.path + "/restored")
    #expect(try contents(of: workshop.path + "/restored") == contents(of: source))
    #expect(try other.backup(repository, [source]).progress.bytesAdded == 0)
  }

  @Test func `a run that is stopped makes no snapshot, and the next one completes`() throws {
    let workshop = try Workshop()
    let client = Client(workshop: workshop, name: "a")
    try Client.makeRepository(in: workshop)
    let source = try Self.makeSource(workshop, seed: 9)
    let repository = try client.open()
    #expect {
      try client.backup(repository, [source], interruption: { true })
    } throws: { error in
      if case BackupError.interrupted = error { true } else { false }
    }
    #expect(repository.log.snapshots.isEmpty)
    try client.backup(repository, [source])
    #expect(repository.log.snapshots.count == 1)
    #expect(try client.check(repository).findings.isEmpty)
  }

  @Test func `two clients at once both leave their snapshot, and nothing is missing`() throws {
    let workshop = try Workshop()
    try Client.makeRepository(in: workshop)
    let source = try Self.makeSource(workshop, seed: 10)
    let clients = ["a", "b"].map { Client(workshop: workshop, name: $0) }
    let failures = Mutex<[String]>([])
    DispatchQueue.concurrentPerform(iterations: clients.count) { index in
      do {
        try clients[index].backup(try clients[index].open(), [source])
      } catch {
        failures.withLock { $0.append("\(error)") }
      }
    }
    #expect(failures.withLock { $0 }.isEmpty)
    let third = Client(workshop: workshop, name: "c")
    let repository = try third.open()
    #expect(repository.log.snapshots.count == 2)
    #expect(try third.check(repository).findings.isEmpty)
  }

  @Test func `a lost pack is healed by the next backup of the same files`() throws {
    let workshop = try Workshop()
    let client = Client(workshop: workshop, name: "a")
    try Client.makeRepository(in: workshop)
    let source = try Self.makeSource(workshop, seed: 11)
    try client.backup(try client.open(), [source])
    let packs = try FileManager.default.subpathsOfDirectory(
      atPath: workshop.path + "/repository/packs"
    ).filter { $0.count > 60 }
    try FileManager.default.removeItem(
      atPath: workshop.path + "/repository/packs/" + #require(packs.first)
    )

    let other = Client(workshop: workshop, name: "b")
    let repository = try other.open()
    #expect(try !other.check(repository).findings.isEmpty)
    #expect(try other.backup(repository, [source]).progress.bytesAdded > 0)
    let progress = try other.restore(repository, "latest", to: workshop.path + "/restored")
    #expect(progress.counters.errors == 0)
    #expect(try contents(of: workshop.path + "/restored") == contents(of: source))
  }
}
