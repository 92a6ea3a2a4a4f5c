import Backups
import Scanning
import Files
import Trees
import Repositories
import CoreTypes
import Foundation
import Synchronization
import Testing

@Suite("A source that changes while it is read") struct ChangingSourceTests {
  private func place() throws -> (Workshop, Client) {
    let workshop = try Workshop()
    try Client.makeRepository(in: workshop)
    return (workshop, Client(workshop: workshop, name: "a"))
  }

  @Test func `a file that goes before it is opened is named, and the rest is saved`() throws {
    let (workshop, client) = try place()
    try workshop.write([UInt8](repeating: 1, count: 3 << 19), to: "source/a")
    for name in ["b", "z"] { try workshop.write([1, 2, 3], to: "source/" + name) }
    try FileManager.default.linkItem(
      atPath: workshop.path + "/source/z",
      toPath: workshop.path + "/source/zz"
    )
    let repository = try client.open()
    var run = BackupRun(client, repository, "source")
    // What is queued at once ends behind `a`: one worker opens `z` after `a` is done.
    run.workerCount = 1
    run.observe = { _, name in
      guard name == "source/a" else { return }
      for gone in ["/source/z", "/source/zz"] {
        do {
          try FileManager.default.removeItem(atPath: workshop.path + gone)
        } catch {
          Issue.record(error)
        }
      }
    }
    let summary = try run.run()
    #expect(summary.progress.errors == 2)
    let gone = run.seen.found.compactMap { finding -> String? in
      guard case .vanished = finding.reason else { return nil }
      return String(decoding: finding.path, as: UTF8.self)
    }
    #expect(gone.sorted() == [workshop.path + "/source/z", workshop.path + "/source/zz"])
    #expect(
      try client.paths(repository, summary.snapshot) == ["source", "source/a", "source/b"]
    )
    #expect(try client.check(repository).findings.isEmpty)
  }

  @Test(arguments: ["grows", "shrinks", "is rewritten"])
  func `a file that changes while it is read is named and marked`(_ how: String) throws {
    let (workshop, client) = try place()
    try workshop.write([UInt8](repeating: 7, count: 6 << 20), to: "source/large")
    let repository = try client.open()
    let isDone = Atomic<Bool>(false)
    let hasStarted = DispatchSemaphore(value: 0)
    let path = workshop.path + "/source/large"
    let changes = DispatchGroup()
    let summary: BackupSummary
    let run = BackupRun(client, repository, "source")
    do {
      let file = try #require(FileHandle(forUpdatingAtPath: path))
      DispatchQueue.global().async(group: changes) {
        var length: UInt64 = 6 << 20
        while !isDone.load(ordering: .relaxed) {
          do {
            switch how {
            case "grows":
              length += 1
              try file.truncate(atOffset: length)
            case "shrinks":
              length -= 1
              try file.truncate(atOffset: length)
            default:
              try file.seek(toOffset: length / 2)
              try file.write(contentsOf: Data([8]))
            }
          } catch {
            Issue.record(error)
            return
          }
          hasStarted.signal()
          usleep(500)
        }
      }
      hasStarted.wait()
      defer {
        isDone.store(true, ordering: .relaxed)
        changes.wait()
      }
      summary = try run.run()
    }
    #expect(summary.progress.errors == 1)
    let finding = try #require(run.seen.found.first)
    guard case .torn(times: 3) = finding.reason else {
      Issue.record("\(finding)")
      return
    }
    #expect(summary.progress.rereads == 2)
    #expect(summary.progress.bytesRead > 15 << 20, "what was read is counted each time")
    #expect(finding.path == Array(path.utf8))
    // It is in the snapshot as it was seen, and is read again the next time.
    #expect(try client.paths(repository, summary.snapshot) == ["source", "source/large"])
    #expect(try client.check(repository).findings.isEmpty)
    let next = try BackupRun(client, repository, "source").run()
    #expect(next.progress.errors == 0)
    #expect(next.progress.bytesRead > 5 << 20)
    _ = try client.restore(repository, "latest", to: workshop.path + "/out")
    #expect(try contents(of: workshop.path + "/out") == contents(of: workshop.path + "/source"))
  }

  /// Changes the file's time again and again, as long as `goesOn` says so.
  private func change(
    _ path: String,
    in group: DispatchGroup,
    while goesOn: @escaping @Sendable () -> Bool
  ) {
    let hasStarted = DispatchSemaphore(value: 0)
    DispatchQueue.global().async(group: group) {
      var round = 0
      while goesOn() {
        round += 1
        do {
          try FileManager.default.setAttributes(
            [.modificationDate: Date(timeIntervalSince1970: 1_700_000_000 + Double(round))],
            ofItemAtPath: path
          )
        } catch {
          Issue.record(error)
          return
        }
        hasStarted.signal()
        usleep(200)
      }
    }
    hasStarted.wait()
  }

  @Test func `a file that comes to rest while it is read is saved as it is then`() throws {
    let (workshop, client) = try place()
    try workshop.write([UInt8](repeating: 7, count: 6 << 20), to: "source/large")
    let repository = try client.open()
    let path = workshop.path + "/source/large"
    let run = BackupRun(client, repository, "source")
    let changes = DispatchGroup()
    let seen = run.seen
    change(path, in: changes) { seen.counters.rereads == 0 && seen.counters.files == 0 }
    let summary = try run.run()
    changes.wait()
    #expect(summary.progress.errors == 0, "\(run.seen.found)")
    #expect((1...2).contains(summary.progress.rereads))
    _ = try client.restore(repository, "latest", to: workshop.path + "/out")
    #expect(try contents(of: workshop.path + "/out") == contents(of: workshop.path + "/source"))
  }

  @Test func `a file beyond the limit that changes is read once`() throws {
    let (workshop, client) = try place()
    try workshop.write([], to: "source/log")
    let path = workshop.path + "/source/log"
    try #require(FileHandle(forUpdatingAtPath: path)).truncate(atOffset: 65 << 20)
    let repository = try client.open()
    let isDone = Atomic<Bool>(false)
    let changes = DispatchGroup()
    change(path, in: changes) { !isDone.load(ordering: .relaxed) }
    defer {
      isDone.store(true, ordering: .relaxed)
      changes.wait()
    }
    // The file is one hole, and read so fast that nothing may change meanwhile.
    for _ in 0..<200 {
      let run = BackupRun(client, repository, "source")
      let summary = try run.run()
      guard let finding = run.seen.found.first else { continue }
      guard case .torn(times: 1) = finding.reason else {
        Issue.record("\(finding)")
        return
      }
      #expect(summary.progress.rereads == 0 && summary.progress.errors == 1)
      return
    }
    Issue.record("it never changed while it was read")
  }
}
