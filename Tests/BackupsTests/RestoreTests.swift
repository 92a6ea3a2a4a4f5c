import Sealing
import Packing
import Synchronization
import TestSupport
import Backups
import Files
import Foundation
import Patterns
import Repositories
import Restoring
import Testing
import Trees

@Suite("Restore") struct RestoreTests {
  private let workshop: Workshop
  private let client: Client
  private let repository: OpenRepository

  init() throws {
    workshop = try Workshop()
    client = Client(workshop: workshop, name: "a")
    try Client.makeRepository(in: workshop)
    repository = try client.open()
  }

  private func path(_ name: String) -> String { workshop.path + "/" + name }

  private func bytes(_ name: String) throws -> [UInt8] {
    [UInt8](try Data(contentsOf: URL(fileURLWithPath: path(name))))
  }

  // MARK: What is there

  @Test func `whatever has become of the target, it is made equal again, and nothing outside is`()
    throws
  {
    let seed = TestSeed.make(for: "a target spoilt")
    var random = SplitMix64(seed: seed)
    for name in ["a", "b", "folder/c", "folder/d", "folder/deep/e"] {
      let size = [0, 3, 128, 129, 70_000, 500_000, 1_300_000][Int(random.next() % 7)]
      try workshop.write(random.bytes(size), to: "source/" + name)
    }
    _ = try workshop.folder("source/empty")
    try FileManager.default.createSymbolicLink(
      atPath: path("source/link"),
      withDestinationPath: "a"
    )
    try client.backup(repository, [path("source")])
    let source = try contents(of: path("source"))
    for round in 0..<40 {
      try workshop.write(random.bytes(1000), to: "outside/file")
      for _ in 0..<(1 + random.next() % 4) { try spoil(&random) }
      // Whoever spoils may follow links; a restore may not.
      let outside = try contents(of: path("outside"))
      let patching: RestorePlan.Patching = random.next() % 2 == 0 ? .copy : .inPlace
      let progress = try client.restore(repository, "latest", to: path("out")) { plan in
        plan.extras = .remove
        plan.patching = patching
        plan.proof = .readBack
      }
      let reasons = progress.findings.kept.map { "\($0)" }
      try #require(reasons.isEmpty, "seed \(seed), round \(round): \(reasons)")
      try #require(try contents(of: path("out")) == source, "seed \(seed), round \(round)")
      try #require(try contents(of: path("outside")) == outside, "seed \(seed), \(round)")
    }
  }

  /// Does something to the target that a person, a program or an attacker may have done.
  private func spoil(_ random: inout SplitMix64) throws {
    let files = FileManager.default
    _ = try workshop.folder("out")
    let names = ["a", "b", "folder", "folder/c", "folder/d", "folder/deep", "empty", "link", "new"]
    let target = path("out/" + names[Int(random.next() % UInt64(names.count))])
    let parent = URL(fileURLWithPath: target).deletingLastPathComponent().path
    guard
      (try? files.attributesOfItem(atPath: parent)[.type] as? FileAttributeType) == .typeDirectory
    else { return }
    if random.next() % 3 != 0, var content = files.contents(atPath: target), !content.isEmpty {
      // Patch what is there.
      switch random.next() % 3 {
      case 0: content[Int(random.next() % UInt64(content.count))] ^= 4
      case 1: content.removeLast(Int(random.next() % UInt64(content.count)))
      default: content.append(contentsOf: random.bytes(Int(random.next() % 100_000)))
      }
      let file = try #require(FileHandle(forUpdatingAtPath: target))
      try file.write(contentsOf: content)
      try file.truncate(atOffset: UInt64(content.count))
      return try file.close()
    }
    // Something else in its place.
    _ = try? files.removeItem(atPath: target)
    switch random.next() % 5 {
    case 0: try Data(random.bytes(50)).write(to: URL(fileURLWithPath: target))
    case 1:
      try files.createSymbolicLink(atPath: target, withDestinationPath: path("outside"))
    case 2:
      try files.createSymbolicLink(atPath: target, withDestinationPath: path("outside/file"))
    case 3: try files.linkItem(atPath: path("outside/file"), toPath: target)
    default:
      try files.createDirectory(atPath: target + "/more", withIntermediateDirectories: true)
      try Data([1]).write(to: URL(fileURLWithPath: target + "/more/file"))
    }
  }

  @Test(arguments: [RestorePlan.Patching.copy, .inPlace])
  func `old bytes do not shine through where the snapshot has a hole`(
    patching: RestorePlan.Patching
  ) throws {
    _ = try workshop.folder("source")
    let handle = try DirectoryHandle.open(path: path("source"))
    let file = try handle.createFile(Array("sparse".utf8), mode: 0o600)
    try file.truncate(to: 6 << 20)
    try file.write([UInt8](repeating: 9, count: 100_000).span, at: 2 << 20)
    try client.backup(repository, [path("source")])
    try workshop.write([UInt8](repeating: 0xAA, count: 5 << 20), to: "out/sparse")
    let progress = try client.restore(repository, "latest", to: path("out")) { plan in
      plan.patching = patching
      plan.proof = .readBack
    }
    #expect(progress.counters.errors == 0)
    #expect(try bytes("out/sparse") == bytes("source/sparse"))
  }

  @Test func `a hole of a tebibyte is compared, patched and read back in no time`() throws {
    _ = try workshop.folder("source")
    let handle = try DirectoryHandle.open(path: path("source"))
    let file = try handle.createFile(Array("huge".utf8), mode: 0o600)
    do {
      try file.truncate(to: 1 << 40)
    } catch {
      return  // the file system has smaller files only
    }
    try file.write([1, 2, 3].span, at: 1 << 39)
    // Where holes are not found out, a backup would read a tebibyte.
    guard try file.nextData(from: 0) ?? 0 > 0 else { return }
    try client.backup(repository, [path("source")])
    for patching in [RestorePlan.Patching.copy, .inPlace] {
      for round in 0..<2 {
        if round == 1 {
          let out = try DirectoryHandle.open(path: path("out"))
          try out.openForWriting(Array("huge".utf8)).write([9].span, at: 1 << 38)
        }
        let progress = try client.restore(repository, "latest", to: path("out")) { plan in
          plan.patching = patching
          plan.proof = .readBack
        }
        #expect(progress.counters.errors == 0)
        #expect(progress.counters.filesReadBack == 1)
      }
      let out = try DirectoryHandle.open(path: path("out")).openForReading(Array("huge".utf8))
      #expect(try out.read(at: 1 << 38, upTo: 1) == [0])
      #expect(try out.read(at: 1 << 39, upTo: 4) == [1, 2, 3, 0])
      #expect(try out.status().blocks < 1 << 16)
    }
  }

  // MARK: Reading back

  @Test func `what is changed behind the restore's back is noticed by reading back`() throws {
    var random = SplitMix64(seed: 5)
    for (name, size) in [("inline", 100), ("large", 9 << 20), ("small", 1000), ("whole", 2000)] {
      try workshop.write(random.bytes(size), to: "source/" + name)
    }
    try client.backup(repository, [path("source")])
    let out = path("out")
    let progress = try client.restore(
      repository,
      "latest",
      to: out,
      { $0.proof = .readBack },
      journal: { action, name, _ in
        // The file is finished when its action is told.
        let name = String(decoding: name, as: UTF8.self)
        guard action == .created, name != "whole", !name.isEmpty else { return }
        do {
          let handle = try #require(FileHandle(forUpdatingAtPath: out + "/" + name))
          try handle.seek(toOffset: name == "large" ? 8 << 20 : 50)
          try handle.write(contentsOf: [UInt8](repeating: 0, count: 50))
        } catch {
          Issue.record(error)
        }
      }
    )
    let wrong = progress.findings.kept.compactMap { finding in
      if case .wrongReadBack = finding.reason {
        String(decoding: finding.path, as: UTF8.self)
      } else {
        nil
      }
    }
    #expect(wrong.sorted() == ["inline", "large", "small"])
    #expect(progress.counters.filesReadBack == 1)
  }

  // MARK: Hostile snapshots

  @Test func `roots that lie in one another are restored in their order, and the last wins`() throws
  {
    try workshop.write([1], to: "first/same")
    try workshop.write([2], to: "first/folder/only")
    try workshop.write([3], to: "second/same")
    try client.backup(repository, [path("first")])
    try client.backup(repository, [path("second")])
    let first = try repository.snapshot(try repository.findSnapshot("latest~1")).roots[0].entry
    let second = try repository.snapshot(try repository.findSnapshot("latest")).roots[0].entry
    var crafted = Snapshot()
    crafted.roots = [
      SnapshotRoot(path: Array("/".utf8), entry: first),
      SnapshotRoot(path: Array("/folder".utf8), entry: second),
      SnapshotRoot(path: Array("/same/below".utf8), entry: second),
    ]
    let progress = try client.restore(repository, crafted, to: path("out")) {
      $0.proof = .readBack
    }
    #expect(
      try contents(of: path("out")) == [
        "same": [1], "folder": [], "folder/only": [2], "folder/same": [3],
      ]
    )
    // A file of the first root stands where the third needs a folder.
    #expect(progress.counters.errors == 1)
    let finding = try #require(progress.findings.kept.first)
    if case .inTheWay = finding.reason {} else { Issue.record("\(finding)") }
  }

  @Test func `links in snapshots of several folders are links again`() throws {
    for folder in ["one", "two"] {
      try workshop.write([1, 2, 3], to: folder + "/first")
      _ = try workshop.folder(folder + "/below")
      try FileManager.default.linkItem(
        atPath: path(folder + "/first"),
        toPath: path(folder + "/below/second")
      )
    }
    try client.backup(repository, [path("one"), path("two")])
    for _ in 0..<2 {
      let progress = try client.restore(repository, "latest", to: path("out"))
      #expect(progress.counters.errors == 0)
      for folder in ["one", "two"] {
        let top = try DirectoryHandle.open(path: path("out") + path(folder))
        let first = try top.status(of: Array("first".utf8))
        let second = try top.openSubdirectory(Array("below".utf8)).status(of: Array("second".utf8))
        #expect(first.inode == second.inode)
        #expect(first.linkCount == 2)
      }
    }
  }

  @Test func `folders on the way to what is wanted are made only if something comes`() throws {
    try workshop.write([1], to: "one/a/x.txt")
    try workshop.write([1], to: "one/b/y")
    try workshop.write([1], to: "two/z")
    try client.backup(repository, [path("one"), path("two")])
    let pattern = try PathPattern(Array("*.txt".utf8))
    try client.restore(repository, "latest", to: path("out")) { plan in
      plan.filter = RestoreFilter(.include, [PatternList([pattern])])
    }
    let found = try FileManager.default.subpathsOfDirectory(atPath: path("out") + workshop.path)
    #expect(Set(found) == ["one", "one/a", "one/a/x.txt"])
  }

  // MARK: Damage

  @Test(arguments: [RestorePlan.Patching.copy, .inPlace])
  func `content that cannot be read is named, and an old file keeps its mode`(
    patching: RestorePlan.Patching
  ) throws {
    var random = SplitMix64(seed: 9)
    try workshop.write(random.bytes(2 << 20), to: "source/file")
    try client.backup(repository, [path("source")])
    let old = random.bytes(2 << 20)
    try workshop.write(old, to: "out/file")
    try FileManager.default.setAttributes(
      [.posixPermissions: 0o664],
      ofItemAtPath: path("out/file")
    )
    let packs = path("repository/packs")
    for name in try FileManager.default.subpathsOfDirectory(atPath: packs) where name.count > 60 {
      var pack = try bytes("repository/packs/" + name)
      // In the middle of the first body; trees come later.
      for place in 300_000..<300_100 { pack[place] ^= 0xFF }
      try Data(pack).write(to: URL(fileURLWithPath: packs + "/" + name))
    }
    let progress = try client.restore(repository, "latest", to: path("out")) {
      $0.patching = patching
    }
    let finding = try #require(progress.findings.kept.first)
    if case .damagedContent = finding.reason {} else { Issue.record("\(finding)") }
    let mode = try DirectoryHandle.open(path: path("out")).status(of: Array("file".utf8)).mode
    #expect(mode == 0o664)
    if patching == .copy { #expect(try bytes("out/file") == old) }
    let names = try FileManager.default.contentsOfDirectory(atPath: path("out"))
    #expect(names == ["file"])
  }

  @Test func `a folder that becomes a link while it is filled leads nothing outside`() throws {
    for number in 0..<200 {
      let bytes = [UInt8](repeating: 1, count: 40_000 + number)
      try workshop.write(bytes, to: "source/folder/\(number)")
    }
    try client.backup(repository, [path("source")])
    try workshop.write([9], to: "outside/0")
    let (folder, moved, outside) = (path("out/folder"), path("out/moved"), path("outside"))
    let isExchanged = Atomic<Bool>(false)
    let exchange: RestoreProgress.Journal = { _, name, _ in
      // The first file that is finished; most are not begun then.
      guard name.starts(with: Array("folder/".utf8)),
        !isExchanged.exchange(true, ordering: .sequentiallyConsistent)
      else { return }
      do {
        try FileManager.default.moveItem(atPath: folder, toPath: moved)
        try FileManager.default.createSymbolicLink(atPath: folder, withDestinationPath: outside)
      } catch {
        Issue.record(error)
      }
    }
    try client.restore(repository, "latest", to: path("out"), journal: exchange)
    let wasExchanged = isExchanged.load(ordering: .sequentiallyConsistent)
    #expect(wasExchanged)
    #expect(try contents(of: outside) == ["0": [9]])
    try client.restore(repository, "latest", to: path("out")) { $0.extras = .remove }
    #expect(try contents(of: path("out")) == contents(of: path("source")))
    #expect(try contents(of: outside) == ["0": [9]])
  }

  @Test(arguments: ["", "..", "../escaped", "below/escaped", "a\u{0}b"])
  func `a name that leads elsewhere is refused, and nothing is made`(_ name: String) throws {
    var entry = TreeEntry(name: Array(name.utf8), kind: .file)
    (entry.content, entry.size) = (.inline([1]), 1)
    let node = TreeNode.directoryPage(entry.totals, [entry]).encoded()
    let (keyring, naming) = (repository.keyring, repository.keyring.currentIdentityKey)
    let id = naming.chunkID(of: node.span, kind: .tree)
    var sealer = try ObjectSealer(
      key: keyring.currentDataKey,
      identityKey: naming.id,
      compression: .off
    )
    let object = try sealer.seal(
      kind: .tree,
      chunkIDs: [id],
      lengths: [node.count],
      plaintext: node.span
    ).named()
    var pack = try PackWriter(in: repository.store)
    try pack.append(object)
    try repository.enter(try pack.finish())
    var top = TreeEntry(name: TreeEntry.rootName, kind: .directory)
    (top.directory, top.subtree) = (id, entry.totals)
    var crafted = Snapshot()
    crafted.roots = [SnapshotRoot(path: Array("/source".utf8), entry: top)]
    let before = try FileManager.default.contentsOfDirectory(atPath: workshop.path)
    let progress = try client.restore(repository, crafted, to: path("out"))
    let finding = try #require(progress.findings.kept.first)
    if case .damagedContent = finding.reason {} else { Issue.record("\(finding)") }
    #expect(try contents(of: path("out")).isEmpty)
    let after = try FileManager.default.contentsOfDirectory(atPath: workshop.path)
    #expect(Set(after) == Set(before).union(["out"]))
  }
}
