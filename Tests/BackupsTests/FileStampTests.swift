import Backups
import Files
import Foundation
import Glibc
import Synchronization
import Testing

@testable import Backups

@Suite("Files of this very tick") struct FileStampTests {
  private func time(_ seconds: Int64, _ nanoseconds: UInt32) -> Timestamp {
    Timestamp(seconds: seconds, nanoseconds: nanoseconds)
  }

  @Test func `a change of this moment is waited for, and an earlier or a future one is not`() {
    let now = time(1000, 500)
    #expect(FileStamp.wait(after: time(1000, 499), at: now) == 20_000_000)
    #expect(FileStamp.wait(after: time(999, 980_000_500), at: now) == 1)
    #expect(FileStamp.wait(after: time(999, 980_000_499), at: now) == 0)
    // A file system with finer times than the clock's ticks.
    #expect(FileStamp.wait(after: time(1000, 2500), at: now) == 20_002_001)
    #expect(FileStamp.wait(after: time(1003, 0), at: now) == 0)
    #expect(FileStamp.wait(after: time(.max, 0), at: time(-1, 0)) == 0)
    #expect(FileStamp.wait(after: time(.min, 0), at: time(1, 0)) == 0)
  }

  @Test func `whole seconds are those of a coarse file system`() {
    #expect(FileStamp.wait(after: time(1000, 0), at: time(1000, 1)) == 2_000_000_000)
    #expect(FileStamp.wait(after: time(999, 0), at: time(1000, 999_999_999)) == 2)
    #expect(FileStamp.wait(after: time(998, 0), at: time(1000, 1)) == 0)
  }

  /// A file system whose times come from the ticks alone: of two changes in one tick the second cannot be seen.
  private func onCoarseTimes(_ body: (_ workshop: Workshop, _ source: String) throws -> Void) throws
  {
    let workshop = try Workshop()
    let source = try workshop.folder("source")
    let status = unsafe mount("ramfs", source, "ramfs", 0, nil)
    try #require(status == 0, "errno \(errno)")
    defer { _ = unsafe umount2(source, Int32(MNT_DETACH)) }
    try body(workshop, source)
  }

  @Test(.enabled(if: geteuid() == 0, "not root: a file system with coarse times is NOT tested"))
  func `a change behind a settled status shows in the next one`() throws {
    try onCoarseTimes { workshop, source in
      let folder = try DirectoryHandle.open(path: source)
      var unseen = 0
      for round in 0..<40 {
        for waits in [false, true] {
          try workshop.write([1], to: "source/a")
          let file = try folder.openForReading(Array("a".utf8))
          var status = try file.status()
          if waits { status = try #require(try FileStamp.wait(for: file, status) { false }) }
          let writer = try #require(FileHandle(forUpdatingAtPath: source + "/a"))
          try writer.write(contentsOf: Data([2]))
          try writer.close()
          let isSeen = try file.status().change != status.change
          if waits { #expect(isSeen, "round \(round)") } else if !isSeen { unseen += 1 }
        }
      }
      #expect(unseen > 0, "the file system shows every change at once, and proves nothing")
    }
  }

  @Test(.enabled(if: geteuid() == 0, "not root: a file system with coarse times is NOT tested"))
  func `what changes all the time is saved as it was at one moment, or named`() throws {
    try onCoarseTimes { workshop, source in
      try Client.makeRepository(in: workshop)
      let client = Client(workshop: workshop, name: "a")
      let repository = try client.open()
      let (size, path) = (20_000, source + "/file")
      try workshop.write([UInt8](repeating: 0, count: size), to: "source/file")
      let isDone = Atomic<Bool>(false)
      let changes = DispatchGroup()
      DispatchQueue.global().async(group: changes) {
        var byte: UInt8 = 0
        while !isDone.load(ordering: .relaxed) {
          byte &+= 1
          do {
            let file = try #require(FileHandle(forUpdatingAtPath: path))
            try file.write(contentsOf: Data(repeating: byte, count: size / 2))
            usleep(100)
            try file.write(contentsOf: Data(repeating: byte, count: size / 2))
            try file.close()
          } catch {
            Issue.record(error)
            return
          }
          usleep(100)
        }
      }
      defer {
        isDone.store(true, ordering: .relaxed)
        changes.wait()
      }
      for round in 0..<10 {
        let summary = try BackupRun(client, repository, "source").run()
        guard summary.progress.errors == 0 else { continue }
        let target = workshop.path + "/out-\(round)"
        _ = try client.restore(repository, "\(summary.snapshot)", to: target)
        let restored = try #require(try contents(of: target)["file"])
        #expect(Set(restored).count == 1, "round \(round): a mix")
      }
    }
  }

  @Test func `a backup waits for what was changed this moment`() throws {
    let workshop = try Workshop()
    try Client.makeRepository(in: workshop)
    let client = Client(workshop: workshop, name: "a")
    let repository = try client.open()
    // How fast the machine comes from one file to the next is not known.
    for round in 0..<50 {
      try workshop.write([UInt8](repeating: UInt8(round), count: 3 << 19), to: "source/a")
      try workshop.write([], to: "source/z")
      var run = BackupRun(client, repository, "source")
      run.workerCount = 1
      run.observe = { _, name in
        guard name == "source/a" else { return }
        do { try workshop.write([1, 2, 3], to: "source/z") } catch { Issue.record(error) }
      }
      let summary = try run.run()
      #expect(summary.progress.errors == 0 && summary.progress.rereads == 0)
      if summary.progress.waits > 0 { return }
    }
    Issue.record("it never waited")
  }
}
