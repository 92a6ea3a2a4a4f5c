import TestSupport
import Backups
import Files
import Repositories
import CoreTypes
import Foundation
import Patterns
import Scanning
import Testing
import Trees

@Suite("What has changed") struct RecognitionTests {
  private func place() throws -> (Workshop, Client) {
    let workshop = try Workshop()
    try Client.makeRepository(in: workshop)
    return (workshop, Client(workshop: workshop, name: "a"))
  }

  private func loseScanCache(_ client: Client, _ workshop: Workshop) throws {
    for name in try FileManager.default.subpathsOfDirectory(atPath: client.folders.cache)
    where name.hasSuffix("/scan") {
      try FileManager.default.removeItem(atPath: client.folders.cache + "/" + name)
    }
  }

  private func makeSource(_ workshop: Workshop) throws {
    for name in ["a/same", "a/edited", "b/deep/er/same", "b/gone", "c/same"] {
      try workshop.write(Array((name + "-first").utf8), to: "source/" + name)
    }
  }

  private func change(_ workshop: Workshop) throws {
    try workshop.write(Array("second".utf8), to: "source/a/edited")
    try workshop.write(Array("new".utf8), to: "source/d/added")
    try workshop.remove("source/b/gone")
  }

  /// What the changed source must be told as.
  private func expectStates(_ run: BackupRun, _ summary: BackupSummary) {
    #expect(run.seen.names(.new) == ["source/d", "source/d/added"])
    #expect(run.seen.names(.changed) == ["source", "source/a", "source/a/edited", "source/b"])
    #expect(
      run.seen.names(.unmodified) == [
        "source/a/same", "source/b/deep", "source/b/deep/er", "source/b/deep/er/same", "source/c",
        "source/c/same",
      ]
    )
    let counters = summary.progress
    let files: [Int] = [counters.filesNew, counters.filesChanged, counters.filesUnmodified]
    #expect(files == [Int](arrayLiteral: 1, 1, 3))
    let folders: [Int] = [
      counters.foldersNew, counters.foldersChanged, counters.foldersUnmodified,
    ]
    #expect(folders == [Int](arrayLiteral: 1, 3, 3))
  }

  @Test(arguments: [true, false])
  func `new, changed and unmodified are told by the cache, and by the snapshot before`(
    _ hasCache: Bool
  ) throws {
    let (workshop, client) = try place()
    try makeSource(workshop)
    let repository = try client.open()
    let first = try BackupRun(client, repository, "source").run()
    #expect(first.progress.filesNew == 5)
    #expect(first.progress.foldersNew == 6)
    try change(workshop)
    if !hasCache { try loseScanCache(client, workshop) }
    let run = BackupRun(client, repository, "source")
    expectStates(run, try run.run())
    let again = BackupRun(client, repository, "source")
    _ = try again.run()
    #expect(again.seen.names(.new).isEmpty && again.seen.names(.changed).isEmpty)
  }

  @Test func `with --force every file is read, and told as it is`() throws {
    let (workshop, client) = try place()
    try makeSource(workshop)
    Thread.sleep(forTimeInterval: 2.1)
    let repository = try client.open()
    let first = try BackupRun(client, repository, "source").run()
    #expect(try BackupRun(client, repository, "source").run().progress.bytesRead == 0)
    var run = BackupRun(client, repository, "source")
    run.adjust = { $0.detection = .read }
    let forced = try run.run()
    #expect(forced.progress.bytesRead == first.progress.bytesRead)
    #expect(forced.progress.filesUnmodified == 5)
    #expect(forced.progress.bytesAdded == 0)
  }

  @Test func `a moved disk is not read when modification times are trusted`() throws {
    let (workshop, client) = try place()
    try makeSource(workshop)
    // One long enough for a list in pages.
    var random = SplitMix64(seed: 11)
    try workshop.write(random.bytes(8 << 20), to: "source/large")
    try workshop.settle("source")
    let repository = try client.open()
    _ = try BackupRun(client, repository, "source").run()
    // The same names, sizes and times; other inodes and change times; one has other content of another time.
    let names = try FileManager.default.subpathsOfDirectory(atPath: workshop.path + "/source")
    try workshop.remove("source/a/edited")
    try workshop.write(Array("another".utf8), to: "source/a/edited")
    for name in names.sorted() where !name.hasSuffix("edited") {
      let path = workshop.path + "/source/" + name
      var isFolder: ObjCBool = false
      _ = unsafe FileManager.default.fileExists(atPath: path, isDirectory: &isFolder)
      guard !isFolder.boolValue else { continue }
      let time = try FileManager.default.attributesOfItem(atPath: path)[.modificationDate]
      let bytes = try Data(contentsOf: URL(fileURLWithPath: path))
      try FileManager.default.removeItem(atPath: path)
      try bytes.write(to: URL(fileURLWithPath: path))
      try FileManager.default.setAttributes(
        [.modificationDate: try #require(time)],
        ofItemAtPath: path
      )
    }
    for hasCache in [true, false] {
      if !hasCache { try loseScanCache(client, workshop) }
      var run = BackupRun(client, repository, "source")
      run.adjust = { $0.detection = .modificationTime }
      let summary = try run.run()
      // The edited file is read once; then the snapshot before has it.
      #expect(summary.progress.bytesRead == (hasCache ? 7 : 0))
      #expect(summary.progress.files == 6)
    }
    _ = try client.restore(repository, "latest", to: workshop.path + "/out")
    #expect(try contents(of: workshop.path + "/out") == contents(of: workshop.path + "/source"))
    #expect(try client.check(repository).findings.isEmpty)
  }

  @Test func `the snapshot that is named is followed and compared with`() throws {
    let (workshop, client) = try place()
    try makeSource(workshop)
    let repository = try client.open()
    let first = try BackupRun(client, repository, "source").run()
    try change(workshop)
    _ = try BackupRun(client, repository, "source").run()
    try loseScanCache(client, workshop)
    var run = BackupRun(client, repository, "source")
    run.adjust = { $0.parent = first.snapshot }
    let third = try run.run()
    expectStates(run, third)
    let record = try repository.findSnapshot("\(third.snapshot)")
    #expect(try repository.snapshot(record).parents == [first.snapshot])
  }

  @Test func `a rehearsal says what would be added, and writes nothing`() throws {
    let (workshop, client) = try place()
    try makeSource(workshop)
    try workshop.write(Array(repeating: 5, count: 3 << 20), to: "source/large")
    let repository = try client.open()
    let store = workshop.path + "/repository"
    // The writer is enrolled before: here only the run is asked.
    _ = try BackupRun(client, repository, "source/a").run()
    let before = try contents(of: store)
    let run = BackupRun(client, repository, "source")
    let rehearsal = try run.rehearse()
    #expect(try contents(of: store) == before)
    #expect(rehearsal.progress.filesNew == 6)
    #expect(rehearsal.progress.packsStored == 0)
    let second = try run.rehearse()
    #expect(second.progress.bytesAdded == rehearsal.progress.bytesAdded, "it leaves no trace")
    #expect(second.progress.bytesRead == rehearsal.progress.bytesRead)
    let real = try BackupRun(client, repository, "source").run()
    #expect(real.progress.bytesAdded == rehearsal.progress.bytesAdded)
    // Which worker takes which file decides how many objects there are; each is padded.
    let difference = real.progress.bytesStored - rehearsal.progress.bytesStored
    #expect(abs(difference) < 4 * 4500, "\(real.progress) \(rehearsal.progress)")
    #expect(try BackupRun(client, repository, "source").rehearse().progress.bytesAdded == 0)
  }
}
