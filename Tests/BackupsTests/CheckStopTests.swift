import Backups
import Foundation
import Repositories
import Synchronization
import Testing

@Suite("Stopped checks")
struct CheckStopTests {
  /// A repository of which the middle of every larger pack is damaged.
  private func damagedRepository() throws -> Client {
    let workshop = try Workshop()
    try Client.makeRepository(in: workshop)
    let client = Client(workshop: workshop, name: "one")
    let repository = try client.open()
    for round in 0..<4 {
      var bytes = [UInt8](repeating: 0, count: 40_000)
      for index in bytes.indices { bytes[index] = UInt8.random(in: 0...255) }
      try workshop.write(bytes, to: "source-\(round)/file")
      try client.backup(repository, [workshop.path + "/source-\(round)"])
    }
    let packs = workshop.path + "/repository/packs"
    for name in try FileManager.default.subpathsOfDirectory(atPath: packs) {
      let path = packs + "/" + name
      guard var data = FileManager.default.contents(atPath: path), data.count > 30_000 else {
        continue
      }
      try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: path)
      data[data.count / 2] ^= 1
      try data.write(to: URL(fileURLWithPath: path))
    }
    return client
  }

  private func check(
    _ repository: OpenRepository,
    _ reading: DataReading,
    stoppingAfter packs: Int
  ) throws -> CheckReport {
    let done = Mutex(0)
    return try CheckPipeline(
      repository: repository,
      reading: reading,
      workerCount: 1,
      progress: { count, _, _ in done.withLock { $0 = count } },
      interruption: { done.withLock { $0 >= packs } }
    ).run()
  }

  @Test func `what a stopped check found is told and remembered`() throws {
    let client = try damagedRepository()
    let whole = try check(try client.open(), .everything, stoppingAfter: .max)
    #expect(!whole.isInterrupted)
    #expect(whole.damagedPacks.count == 4)
    // A fresh index knows of no damage.
    try FileManager.default.removeItem(atPath: client.folders.cache)
    let repository = try client.open()
    let stopped = try check(repository, .everything, stoppingAfter: whole.packs - 1)
    #expect(stopped.isInterrupted)
    #expect(stopped.packsRead == whole.packs - 1)
    #expect(stopped.damagedPacks.count >= 3)
    #expect(stopped.damagedPacks.isSubset(of: whole.damagedPacks))
    let next = try check(repository, .heads, stoppingAfter: .max)
    #expect(!next.isInterrupted)
    #expect(next.damagedPacks == stopped.damagedPacks)
  }

  @Test func `a stopped check forgets nothing that was found before`() throws {
    let client = try damagedRepository()
    let repository = try client.open()
    let whole = try check(repository, .everything, stoppingAfter: .max)
    let stopped = try check(repository, .everything, stoppingAfter: 0)
    #expect(stopped.isInterrupted && stopped.findings.isEmpty)
    let next = try check(repository, .heads, stoppingAfter: .max)
    #expect(next.damagedPacks == whole.damagedPacks)
  }
}
