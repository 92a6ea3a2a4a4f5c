import TestSupport
import Backups
import Scanning
import Repositories
import CoreTypes
import Files
import Foundation
import Glibc
import Testing
import Trees

@Suite("Sources of a backup") struct SourceTests {
  private func place() throws -> (Workshop, Client) {
    let workshop = try Workshop()
    try Client.makeRepository(in: workshop)
    return (workshop, Client(workshop: workshop, name: "a"))
  }

  private func bytes(_ texts: String...) -> [[UInt8]] { texts.map { Array($0.utf8) } }

  @Test func `roots are sorted and distinct, and none is below another`() {
    let roots = BackupRoots(bytes("/b", "/a/x", "/a", "/a-b", "/b", "/a/x/y", "/bc"))
    #expect(roots.roots.map(\.source) == bytes("/a", "/a-b", "/b", "/bc"))
    #expect(roots.nested == Set(bytes("/a/x", "/a/x/y")))
    #expect(roots.selection == nil)
    let top = BackupRoots(bytes("/a", "/", "/b/c"))
    #expect(top.roots.map(\.source) == bytes("/"))
    #expect(top.nested == Set(bytes("/a", "/b/c")))
  }

  @Test func `a root has the name that it is given`() throws {
    let (workshop, client) = try place()
    try workshop.write([1, 2], to: "source/a")
    let repository = try client.open()
    var run = BackupRun(client, repository, "source")
    run.roots = BackupRoots([Array((workshop.path + "/source").utf8)], as: Array("/data".utf8))
    let first = try run.run()
    #expect(try client.paths(repository, first.snapshot) == ["/data", "/data/a"])
    // The next one under the same name follows it, wherever the folder is.
    try FileManager.default.moveItem(
      atPath: workshop.path + "/source",
      toPath: workshop.path + "/moved"
    )
    run.roots = BackupRoots([Array((workshop.path + "/moved").utf8)], as: Array("/data".utf8))
    let second = try run.run()
    let snapshot = try repository.snapshot(try repository.findSnapshot("\(second.snapshot)"))
    #expect(snapshot.parents == [first.snapshot])
    #expect(second.progress.filesUnmodified == 1)
    #expect(second.progress.foldersUnmodified == 1)
  }

  @Test func `a root that is not there is named, and the others are saved`() throws {
    let (workshop, client) = try place()
    try workshop.write([1, 2], to: "here/a")
    let repository = try client.open()
    let run = BackupRun(client, repository, "here", "gone")
    let summary = try run.run()
    #expect(try client.paths(repository, summary.snapshot) == ["here", "here/a"])
    #expect(summary.progress.errors == 1)
    #expect(run.seen.found.map(\.path) == [Array((workshop.path + "/gone").utf8)])
    #expect {
      try BackupRun(client, repository, "gone", "also-gone").run()
    } throws: { error in
      if case BackupError.root? = error as? BackupError { true } else { false }
    }
  }

  @Test func `links of roots that were saved are links, though a root before them is not there`()
    throws
  {
    let (workshop, client) = try place()
    for folder in ["b", "c"] { try workshop.write([1, 2], to: folder + "/own") }
    for name in ["a", "c/linked"] {
      try FileManager.default.linkItem(
        atPath: workshop.path + "/b/own",
        toPath: workshop.path + "/" + name
      )
    }
    let repository = try client.open()
    // A root that is a link to nothing fails when it is walked, before the others.
    let run = BackupRun(client, repository, "0-gone", "b", "c")
    let summary = try run.run()
    #expect(run.seen.found.map(\.path) == bytes(workshop.path + "/0-gone"))
    try client.restore(repository, "\(summary.snapshot)", to: workshop.path + "/out")
    let out = workshop.path + "/out" + workshop.path
    let inodes = try ["b/own", "c/linked", "c/own"].map { name in
      try FileManager.default.attributesOfItem(atPath: out + "/" + name)[.systemFileNumber]
        as? UInt64
    }
    #expect(inodes[0] == inodes[1] && inodes[0] != inodes[2])
    #expect(try client.check(repository).findings.isEmpty)
  }

  @Test func `a socket alone is nothing to back up`() throws {
    let (workshop, client) = try place()
    let isMade = unsafe mknod(workshop.path + "/s", S_IFSOCK | 0o600, 0) == 0
    #expect(isMade)
    let repository = try client.open()
    #expect {
      try BackupRun(client, repository, "s").run()
    } throws: { error in
      if case BackupError.nothingToBackUp? = error as? BackupError { true } else { false }
    }
    #expect(repository.log.snapshots.isEmpty)
  }

  @Test func `more paths than roots become one root with only these paths`() throws {
    let (workshop, client) = try place()
    let count = 151
    for number in 0..<count {
      try workshop.write([UInt8(truncatingIfNeeded: number)], to: "many/\(number % 50)/\(number)")
    }
    try workshop.write([1], to: "many/unwanted/x")
    try workshop.write([1], to: "many/0/unwanted")
    try FileManager.default.createSymbolicLink(
      atPath: workshop.path + "/link",
      withDestinationPath: "many"
    )
    let wanted = (0..<count).map { "\($0 == 7 ? "link" : "many")/\($0 % 50)/\($0)" }
    let repository = try client.open()
    var run = BackupRun(client, repository)
    run.roots = BackupRoots(
      (wanted + ["missing/x"]).map { Array((workshop.path + "/" + $0).utf8) },
      limit: 150
    )
    #expect(run.roots.roots.map(\.name) == bytes("/"))
    let summary = try run.run()
    let saved = try client.paths(repository, summary.snapshot)
    #expect(Set(saved).isSuperset(of: wanted))
    #expect(!saved.contains { $0.hasSuffix("unwanted") || $0.contains("unwanted/") })
    #expect(summary.progress.files == count)
    #expect(run.seen.found.count == 1)
    // Folders above the workshop are others' too: they may change at any time.
    let again = try run.run()
    #expect(again.progress.filesUnmodified == count)
    _ = try client.restore(repository, "latest", to: workshop.path + "/out")
    let out = workshop.path + "/out" + workshop.path
    #expect(try contents(of: out).filter { !$0.value.isEmpty }.keys.sorted() == wanted.sorted())
  }

  // MARK: Streams

  /// A stream of these bytes, from a command.
  private func stream(_ workshop: Workshop, _ bytes: [UInt8]) throws -> BackupStream {
    try workshop.write(bytes, to: "stream")
    let command = try ChildProcess(["cat", workshop.path + "/stream"])
    return BackupStream(command.output, from: command)
  }

  @Test func `a stream comes back as the file that it is`() throws {
    let (workshop, client) = try place()
    let repository = try client.open()
    var random = SplitMix64(seed: 9)
    for size in [0, 1, 128, 129, 70_000, 1 << 20, (1 << 20) + 262_144, 3_000_000] {
      let bytes = random.bytes(size)
      var run = BackupRun(client, repository)
      run.roots = BackupRoots(self.bytes("/db/dump-\(size).sql"))
      let input = try stream(workshop, bytes)
      run.adjust = { $0.stream = input }
      let summary = try run.run()
      #expect(summary.progress.bytesSeen == size)
      #expect(summary.progress.filesNew == 1)
      // The same content as a file has the same chunks.
      let file = try BackupRun(client, repository, "stream").run()
      #expect(file.progress.bytesAdded == 0, "\(size)")
      let second = try stream(workshop, bytes)
      run.adjust = { $0.stream = second }
      let again = try run.run()
      #expect(again.progress.filesUnmodified == 1)
      #expect(again.progress.bytesAdded == 0)
      let out = workshop.path + "/out-\(size)"
      _ = try client.restore(repository, "\(again.snapshot)", to: out)
      #expect(try contents(of: out) == ["dump-\(size).sql": bytes])
    }
    #expect(try client.check(repository).findings.isEmpty)
  }

  @Test func `a command that fails makes no snapshot`() throws {
    let (_, client) = try place()
    let repository = try client.open()
    for (script, end) in [
      ("echo half; exit 4", ChildProcess.End.exited(status: 4)),
      ("head -c 3000000 /dev/zero; kill -9 $$", .killed(signal: 9)),
    ] {
      var run = BackupRun(client, repository)
      run.roots = BackupRoots(bytes("/x"))
      let command = try ChildProcess(["sh", "-c", script])
      run.adjust = { $0.stream = BackupStream(command.output, from: command) }
      #expect {
        try run.run()
      } throws: { error in
        if case BackupError.command(end)? = error as? BackupError { true } else { false }
      }
    }
    #expect(repository.log.snapshots.isEmpty)
  }
}
