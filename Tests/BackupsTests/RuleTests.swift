import Backups
import Files
import Trees
import Repositories
import CoreTypes
import Foundation
import Patterns
import Scanning
import Testing

@Suite("Rules of a backup") struct RuleTests {
  private func place() throws -> (Workshop, Client) {
    let workshop = try Workshop()
    try Client.makeRepository(in: workshop)
    return (workshop, Client(workshop: workshop, name: "a"))
  }

  @Test func `what a rule leaves out comes back when the rule goes, and goes when it comes`() throws
  {
    let (workshop, client) = try place()
    try workshop.write(Array(repeating: 1, count: 500), to: "source/in/keep")
    try workshop.write(Array(repeating: 2, count: 500), to: "source/in/drop")
    try workshop.write(Array(repeating: 3, count: 500), to: "source/out/drop")
    let all = [
      "source", "source/in", "source/in/drop", "source/in/keep", "source/out", "source/out/drop",
    ]
    let few = ["source", "source/in", "source/in/keep"]
    // Older than two seconds, so that the scan cache takes part.
    Thread.sleep(forTimeInterval: 2.1)
    let repository = try client.open()
    var plain = BackupRun(client, repository, "source")
    var ruled = plain
    let rules = try SourceRules.excluding("drop", "out")
    ruled.adjust = { $0.rules = rules }
    for round in 0..<3 {
      #expect(try client.paths(repository, plain.run().snapshot) == all, "round \(round)")
      let summary = try ruled.run()
      #expect(try client.paths(repository, summary.snapshot) == few, "round \(round)")
      #expect(summary.progress.excluded == 2)
    }
    // A rule that says nothing of a folder leaves its rows as they are.
    #expect(try ruled.run().progress.bytesRead == 0)
    plain.adjust = { $0.rules = .init() }
    let record = try repository.findSnapshot("latest")
    #expect(try repository.snapshot(record).rules.map(\.name) == ["exclude"])
    #expect(try repository.snapshot(record).rules.map(\.value) == ["drop\nout"])
    #expect(try client.check(repository).findings.isEmpty)
  }

  @Test func `a folder that is left out is not entered, even for a negation below it`() throws {
    let (workshop, client) = try place()
    try workshop.write([1], to: "source/a/keep")
    try workshop.write([1], to: "source/b/keep")
    try workshop.write([1], to: "source/b/drop")
    let repository = try client.open()
    var run = BackupRun(client, repository, "source")
    let rules = try SourceRules.excluding("a", "!a/keep", "b/*", "!b/keep")
    run.adjust = { $0.rules = rules }
    let saved = try client.paths(repository, run.run().snapshot)
    // restic enters no folder that matches; `b/*` matches what is in it only.
    #expect(saved == ["source", "source/b", "source/b/keep"])
  }

  @Test func `a root that a pattern matches is left out, and nothing left is a failure`() throws {
    let (workshop, client) = try place()
    try workshop.write([1], to: "one/x")
    try workshop.write([1], to: "two/x")
    try workshop.write([1], to: "three.txt")
    let repository = try client.open()
    var run = BackupRun(client, repository, "one", "two", "three.txt")
    let rules = try SourceRules.excluding("one", "*.txt")
    run.adjust = { $0.rules = rules }
    #expect(try client.paths(repository, run.run().snapshot) == ["two", "two/x"])
    var none = BackupRun(client, repository, "one", "three.txt")
    none.adjust = { $0.rules = rules }
    #expect {
      try none.run()
    } throws: { error in
      if case BackupError.nothingToBackUp? = error as? BackupError { true } else { false }
    }
    #expect {
      try none.rehearse()
    } throws: { error in
      if case BackupError.nothingToBackUp? = error as? BackupError { true } else { false }
    }
    #expect(repository.log.snapshots.count == 1)
  }

  @Test func `a list of git in the source does not leave out what was named`() throws {
    let (workshop, client) = try place()
    try workshop.write([1], to: "tree/.git/config")
    try workshop.write(Array("build\nx.o\n".utf8), to: "tree/.gitignore")
    try workshop.write([1], to: "tree/build/a")
    try workshop.write([1], to: "tree/build/x.o")
    try workshop.write([1], to: "tree/x.o")
    let repository = try client.open()
    var run = BackupRun(client, repository, "tree/build", "tree/x.o")
    run.adjust = { $0.rules.ignoreFiles = .git }
    #expect(
      try client.paths(repository, run.run().snapshot) == [
        "tree/build", "tree/build/a", "tree/x.o",
      ]
    )
  }

  @Test func `names of a link that are left out are not in the table of links`() throws {
    let (workshop, client) = try place()
    try workshop.write(Array(repeating: 7, count: 1000), to: "source/a")
    for name in ["b", "c.drop"] {
      try FileManager.default.linkItem(
        atPath: workshop.path + "/source/a",
        toPath: workshop.path + "/source/" + name
      )
    }
    let repository = try client.open()
    var run = BackupRun(client, repository, "source")
    let rules = try SourceRules.excluding("*.drop")
    run.adjust = { $0.rules = rules }
    _ = try run.run()
    _ = try client.restore(repository, "latest", to: workshop.path + "/out")
    #expect(try contents(of: workshop.path + "/out").keys.sorted() == ["a", "b"])
    #expect(try client.check(repository).findings.isEmpty)
  }
}
