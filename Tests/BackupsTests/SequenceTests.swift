import Chunking
import Backups
import CoreTypes
import Foundation
import Repositories
import Sealing
import Storage
import TestSupport
import Testing

/// What a repository should hold, and the one that does.
private final class Sequence {
  private let workshop: Workshop
  private let key = RecoveryKey()
  private var random: SplitMix64
  private var opened: [String: OpenRepository] = [:]
  /// What each snapshot holds.
  private var expected: [(id: RecordID, files: [String: [UInt8]])] = []
  private var source: [String: [UInt8]] = [:]
  private var restores = 0
  /// What was done, for whoever looks for a fault.
  private(set) var story: [String] = []

  init(seed: UInt64) throws {
    workshop = try Workshop()
    random = SplitMix64(seed: seed)
    _ = try RepositoryCreation.create(
      at: workshop.path + "/repository",
      secret: .recoveryKey(key.secret),
      note: KeySlot.Note(label: "test", made: PointInTime(seconds: 0)),
      chunking: .standard,
      time: PointInTime(seconds: 0)
    )
    _ = try workshop.folder("source/folder")
    for _ in 0..<4 { try change() }
  }

  private func below(_ limit: Int) -> Int { Int(random.next() % UInt64(limit)) }

  private var someone: Client { Client(workshop: workshop, name: ["a", "b"][below(2)]) }

  private func repository(of client: Client) throws -> OpenRepository {
    if let known = opened[client.name] {
      try known.refresh()
      return known
    }
    let store = try DirectoryStore(path: workshop.path + "/repository")
    let made = try UnlockedRepository(store: store, secret: .recoveryKey(key.secret))
      .open(folders: client.folders)
    opened[client.name] = made
    return made
  }

  /// Does one thing, and compares what can be compared at once.
  func step() throws {
    switch below(16) {
    case 0...5: try change()
    case 6...9: try backUp()
    case 10, 11: try restoreOne()
    case 12: try tag()
    case 13: try damageAndMend()
    case 14: try check()
    default:
      let client = someone
      opened[client.name] = nil
      if below(2) == 0 {
        story.append("\(client.name) loses its caches")
        try? FileManager.default.removeItem(atPath: client.folders.cache)
      } else {
        story.append("\(client.name) comes anew")
      }
    }
  }

  private func change() throws {
    let name = ["a", "b", "c", "folder/d", "folder/e", "f"][below(6)]
    let path = workshop.path + "/source/" + name
    if below(4) == 0 {
      story.append("remove \(name)")
      if source.removeValue(forKey: name) != nil {
        try FileManager.default.removeItem(atPath: path)
      }
      return
    }
    var bytes = source[name] ?? []
    switch below(4) {
    case 0: bytes = random.bytes([0, 1, 128, 129, 3000, 20_000][below(6)])
    case 1: bytes += random.bytes(1 + below(300))
    case 2: bytes = Array(bytes.prefix(below(bytes.count + 1)))
    default: bytes = source.values.randomElement(using: &random) ?? []
    }
    story.append("write \(name), \(bytes.count) bytes")
    source[name] = bytes
    try workshop.write(bytes, to: "source/" + name)
  }

  private func backUp() throws {
    let client = someone
    story.append("\(client.name) backs up")
    let repository = try repository(of: client)
    let summary = try client.backup(repository, [workshop.path + "/source"])
    expected.append((summary.snapshot, source))
    // Nothing has changed: a second one stores nothing that is new.
    guard below(3) == 0 else { return }
    let before = try repository.store.names(of: .pack).count
    let again = try client.backup(repository, [workshop.path + "/source"])
    expected.append((again.snapshot, source))
    let after = try repository.store.names(of: .pack).count
    if after != before { Issue.record("an unchanged folder brought \(after - before) packs") }
  }

  private func restoreOne() throws {
    guard let one = expected.randomElement(using: &random) else { return }
    let client = someone
    story.append("\(client.name) restores \(one.id)")
    try expectWhole(one, client)
  }

  private func expectWhole(_ one: (id: RecordID, files: [String: [UInt8]]), _ client: Client) throws
  {
    restores += 1
    let target = try workshop.folder("out-\(restores)")
    try client.restore(try repository(of: client), "\(one.id)", to: target)
    let restored = try contents(of: target).filter { $0.key != "folder" }
    if restored != one.files { Issue.record("\(one.id) is not as it was") }
    try workshop.remove("out-\(restores)")
  }

  private func tag() throws {
    guard let one = expected.randomElement(using: &random) else { return }
    let client = someone
    story.append("\(client.name) tags \(one.id)")
    let repository = try repository(of: client)
    let memory = try ClientMemory(
      stateFolder: client.folders.state,
      repository: repository.configuration.repositoryID
    )
    let time = PointInTime(seconds: Int64(restores))
    let signer = try WriterEnrolment(repository: repository, memory: memory)
      .signer(label: client.name, host: client.name, time: time)
    _ = try SnapshotTagging(repository: repository, signer: signer)
      .apply(.set(["tag-\(below(3))"]), to: [one.id], time: time)
  }

  /// A bit flips, is noticed, and flips back.
  private func damageAndMend() throws {
    let folder = workshop.path + "/repository/packs"
    let packs = try FileManager.default.subpathsOfDirectory(atPath: folder).sorted().filter {
      $0.split(separator: "/").last.map { $0.count == 64 } ?? false
    }
    guard let pack = packs.randomElement(using: &random) else { return }
    let place = below(try Data(contentsOf: URL(fileURLWithPath: folder + "/" + pack)).count)
    let mask: UInt8 = 1 << UInt8(below(8))
    story.append("a bit of byte \(place) of \(pack) flips and is mended")
    let client = someone
    try flip(mask, at: place, of: folder + "/" + pack)
    if try client.check(try repository(of: client)).findings.isEmpty {
      Issue.record("damage of \(pack) is not noticed")
    }
    try flip(mask, at: place, of: folder + "/" + pack)
    try check()
  }

  /// In the file itself: others have it open.
  private func flip(_ mask: UInt8, at place: Int, of path: String) throws {
    try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: path)
    let file = try FileHandle(forUpdating: URL(fileURLWithPath: path))
    try file.seek(toOffset: UInt64(place))
    let byte = try #require(try file.read(upToCount: 1)?.first)
    try file.seek(toOffset: UInt64(place))
    try file.write(contentsOf: Data([byte ^ mask]))
    try file.close()
  }

  private func check() throws {
    let client = someone
    story.append("\(client.name) checks")
    let findings = try client.check(try repository(of: client)).findings
    if !findings.isEmpty { Issue.record("findings: \(findings)") }
  }

  /// Looks at everything in the end.
  func finish() throws {
    let client = someone
    try check()
    for one in expected { try expectWhole(one, client) }
  }
}

@Suite("Sequences of random operations") struct SequenceTests {
  /// Sequences of fifty operations; KIST_TEST_SEQUENCES=n makes it n.
  private static let count = Cases.planned(8, variable: "KIST_TEST_SEQUENCES")

  @Test(arguments: 0..<2) func `a repository holds what a plain table says`(half: Int) throws {
    let seed = TestSeed.make(for: "sequences, half \(half)")
    for round in 0..<max(1, Self.count / 2) {
      let sequence = try Sequence(seed: seed &+ UInt64(1000 * half + round))
      do {
        for _ in 0..<50 { try sequence.step() }
        try sequence.finish()
      } catch {
        let story = sequence.story.joined(separator: "\n")
        Issue.record("seed \(seed), half \(half), round \(round): \(error), after\n\(story)")
      }
    }
    Cases.tell(.sequences, max(1, Self.count / 2), "of 50 operations each")
  }
}
