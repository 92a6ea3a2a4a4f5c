import Chunking
import Backups
import CoreTypes
import Foundation
import Packing
import Repositories
import Restoring
import Sealing
import Storage
import Synchronization
import TestSupport
import Testing
import Trees

/// Trees that somebody with the key wrote to harm whoever restores them.
@Suite("Hostile trees, restored") struct HostileTreeTests {
  private let workshop: Workshop
  private let client: Client
  private let repository: OpenRepository

  init() throws {
    workshop = try Workshop()
    client = Client(workshop: workshop, name: "a")
    let key = RecoveryKey()
    _ = try RepositoryCreation.create(
      at: workshop.path + "/repository",
      secret: .recoveryKey(key.secret),
      note: KeySlot.Note(label: "test", made: PointInTime(seconds: 0)),
      chunking: .standard,
      time: PointInTime(seconds: 0)
    )
    repository = try UnlockedRepository(
      store: DirectoryStore(path: workshop.path + "/repository"),
      secret: .recoveryKey(key.secret)
    ).open(folders: client.folders)
    try workshop.write([7], to: "outside/canary")
  }

  /// A tree to restore, and what is done to its snapshot.
  private struct Tree {
    let name: String
    let entries: [TreeEntry]
    /// Members of a group of names of one file.
    var linked: [String] = []
    /// True if nothing of it may be made.
    var isRefused = true
  }

  private static func entry(_ name: [UInt8], _ kind: EntryKind) -> TreeEntry {
    var entry = TreeEntry(name: name, kind: kind)
    entry.mode = kind == .symbolicLink ? 0 : 0o644
    if kind == .file { (entry.content, entry.size) = (.inline([1]), 1) }
    if kind == .symbolicLink { entry.linkTarget = Array("../outside".utf8) }
    return entry
  }

  private static func link(_ name: String, to target: String) -> TreeEntry {
    var entry = TreeEntry(name: Array(name.utf8), kind: .symbolicLink)
    entry.linkTarget = Array(target.utf8)
    return entry
  }

  private static func file(_ name: String) -> TreeEntry { entry(Array(name.utf8), .file) }

  /// Names that lead elsewhere, as files, folders, links and devices.
  private static let misnamed: [Tree] = [
    "", ".", "..", "/", "a/b", "a/", "../canary", "../outside/canary", "../../x", "/tmp/x",
    "a\u{0}b", "\u{0}", "..\u{0}", String(repeating: "n", count: 256),
  ].flatMap { name in
    [EntryKind.file, .directory, .symbolicLink, .fifo].map {
      Tree(name: "\($0) \(name.debugDescription)", entries: [entry(Array(name.utf8), $0)])
    }
  }

  /// A folder and a link of one name, in either order and in others than that of names.
  private static let doubled: [Tree] = [
    Tree(
      name: "link, then folder",
      entries: [link("x", to: "../outside"), entry([120], .directory)]
    ),
    Tree(
      name: "folder, then link",
      entries: [entry([120], .directory), link("x", to: "../outside")]
    ),
    Tree(name: "link, then file", entries: [link("x", to: "../outside/canary"), file("x")]),
    Tree(name: "two links", entries: [link("x", to: ".."), link("x", to: "../outside")]),
    Tree(name: "not in order", entries: [file("b"), file("a")]),
  ]

  /// Links that are what they are, and names of one file that lead through them.
  private static let linked: [Tree] = [
    ["../outside/canary"], ["a/canary", "b"], ["b", "../outside/canary"],
    ["/etc/passwd", "b"], ["b", "a/../../outside/canary"], ["", "b"], ["b", "b"], ["b", "c"],
    ["..", "b"], ["a", "b"], ["b", "x/y"],
  ].map { members in
    Tree(
      name: "linked: \(members)",
      entries: [link("a", to: "../outside"), file("b"), file("c")],
      linked: members,
      isRefused: false
    )
  }

  /// Targets of links that lead away, to themselves or nowhere.
  private static let targets: [Tree] = [
    "..", "/", "../outside/canary", "a", "./a/a", "", String(repeating: "t/", count: 3000),
    "a\u{0}b",
  ].map {
    Tree(name: "to \($0.prefix(20))", entries: [link("a", to: $0), file("b")], isRefused: false)
  }

  /// Puts chunks into the repository.
  private func store(_ nodes: [[UInt8]]) throws -> [ChunkID] {
    let (keyring, naming) = (repository.keyring, repository.keyring.currentIdentityKey)
    var sealer = try ObjectSealer(
      key: keyring.currentDataKey,
      identityKey: naming.id,
      compression: .off
    )
    let ids = nodes.map { naming.chunkID(of: $0.span, kind: .tree) }
    let plaintext = nodes.flatMap(\.self)
    let object = try sealer.seal(
      kind: .tree,
      chunkIDs: ids,
      lengths: nodes.map(\.count),
      plaintext: plaintext.span
    ).named()
    var pack = try PackWriter(in: repository.store)
    try pack.append(object)
    try repository.enter(try pack.finish())
    return ids
  }

  @Test func `nothing outside of the target is made or changed, and no illegal name is`() throws {
    let trees = Self.misnamed + Self.doubled + Self.linked + Self.targets
    let empty = try #require(
      try store([TreeNode.directoryPage(.zero, []).encoded()]).first
    )
    func outside() throws -> [String: [UInt8]] {
      try contents(of: workshop.path).filter {
        !$0.key.hasPrefix("out/") && !$0.key.hasPrefix("repository") && !$0.key.contains("-a")
          && $0.key != "out"
      }
    }
    for tree in trees {
      let entries = tree.entries.map { entry in
        var entry = entry
        if entry.kind == .directory { entry.directory = empty }
        return entry
      }
      var nodes = [
        TreeNode.directoryPage(entries.reduce(.zero) { $0.adding($1.totals) }, entries).encoded()
      ]
      if !tree.linked.isEmpty {
        let members = tree.linked.map { LinkMember(root: 0, path: Array($0.utf8)) }.sorted()
        nodes.append(TreeNode.hardLinks([members]).encoded())
      }
      let ids = try store(nodes)
      var top = TreeEntry(name: TreeEntry.rootName, kind: .directory)
      top.mode = 0o755
      (top.directory, top.subtree) = (ids[0], entries.reduce(.zero) { $0.adding($1.totals) })
      var crafted = Snapshot()
      crafted.roots = [SnapshotRoot(path: Array("/source".utf8), entry: top)]
      crafted.hardLinks = Array(ids.dropFirst())
      _ = try workshop.folder("out")
      let before = try outside()
      var isTold = false
      do {
        let progress = try client.restore(repository, crafted, to: workshop.path + "/out")
        isTold = !progress.findings.kept.isEmpty
      } catch {
        isTold = true
      }
      #expect(isTold || !tree.isRefused, "\(tree.name)")
      if tree.isRefused {
        #expect(try contents(of: workshop.path + "/out").isEmpty, "\(tree.name)")
      }
      #expect(try outside() == before, "\(tree.name)")
      try workshop.remove("out")
    }
    Cases.tell(.trees, trees.count, "trees")
  }

  /// A thread that exchanges a folder of the target for a link, and back, as fast as it can.
  private final class Swapper: Sendable {
    private let isOver = Atomic<Bool>(false)
    private let count = Atomic<Int>(0)
    private let group = DispatchGroup()

    init(_ folder: String, for outside: String) {
      group.enter()
      Thread.detachNewThread { [self] in
        let files = FileManager.default
        while !isOver.load(ordering: .sequentiallyConsistent) {
          do {
            try files.moveItem(atPath: folder, toPath: folder + "-moved")
            try files.createSymbolicLink(atPath: folder, withDestinationPath: outside)
            count.add(1, ordering: .sequentiallyConsistent)
            try files.removeItem(atPath: folder)
            try files.moveItem(atPath: folder + "-moved", toPath: folder)
          } catch {
            // The restore was faster: it made or removed one of them. Nothing is lost but a round.
            let isLink = (try? files.destinationOfSymbolicLink(atPath: folder)) != nil
            if isLink { _ = try? files.removeItem(atPath: folder) }
            _ = try? files.removeItem(atPath: folder + "-moved")
          }
        }
        group.leave()
      }
    }

    /// Ends it; how often there was a link.
    func end() -> Int {
      isOver.store(true, ordering: .sequentiallyConsistent)
      group.wait()
      return count.load(ordering: .sequentiallyConsistent)
    }
  }

  @Test(arguments: [RestorePlan.Patching.copy, .inPlace], [RestorePlan.Extras.keep, .remove])
  func `a folder that becomes a link and back all the time leads nothing outside`(
    patching: RestorePlan.Patching,
    extras: RestorePlan.Extras
  ) throws {
    for number in 0..<40 {
      try workshop.write([UInt8](repeating: UInt8(number), count: 3000), to: "source/f/\(number)")
    }
    try workshop.write([1], to: "outside/0")
    try client.backup(repository, [workshop.path + "/source"])
    let outside = try contents(of: workshop.path + "/outside")
    let seconds = Double(Cases.planned(25)) / 10
    let swapper = Swapper(workshop.path + "/out/f", for: workshop.path + "/outside")
    let end = Date(timeIntervalSinceNow: seconds)
    var rounds = 0
    while Date() < end {
      do {
        try client.restore(repository, "latest", to: workshop.path + "/out") {
          $0.patching = patching
          $0.extras = extras
        }
      } catch {
        // It may give up; what matters is what is outside.
      }
      rounds += 1
      try #require(try contents(of: workshop.path + "/outside") == outside, "round \(rounds)")
    }
    let links = swapper.end()
    #expect(rounds > 1 && links > 10, "\(rounds) restores, \(links) links")
    try client.restore(repository, "latest", to: workshop.path + "/out") { $0.extras = .remove }
    #expect(
      try contents(of: workshop.path + "/out") == contents(of: workshop.path + "/source")
    )
    Cases.tell(.trees, 1, "\(rounds) restores against \(links) exchanges in \(seconds) s")
  }
}
