import Foundation
import Kist
import Synchronization
import TestSupport
import Testing

@Suite("The library Kist")
struct RepositoryTests {
  /// A temporary folder, with a client that keeps what it knows in it.
  private final class Place {
    let root = FileManager.default.temporaryDirectory.path + "/kist-library-" + UUID().uuidString
    var client = Client()

    init() throws {
      try FileManager.default.createDirectory(atPath: root, withIntermediateDirectories: true)
      client.cacheFolder = root + "/cache"
      client.stateFolder = root + "/state"
      client.host = "ada"
    }

    deinit {
      do {
        try FileManager.default.removeItem(atPath: root)
      } catch {
        Issue.record(error, "the temporary folder stays")
      }
    }

    func path(_ name: String) -> String { root + "/" + name }

    func write(_ text: String, _ name: String) throws {
      let url = URL(fileURLWithPath: path(name))
      try FileManager.default.createDirectory(
        at: url.deletingLastPathComponent(),
        withIntermediateDirectories: true
      )
      try Data(text.utf8).write(to: url)
    }

    func text(_ name: String) throws -> String {
      String(decoding: try Data(contentsOf: URL(fileURLWithPath: path(name))), as: UTF8.self)
    }
  }

  private func kind(_ body: () throws -> Void) -> KistError.Kind? {
    do {
      try body()
      return nil
    } catch {
      return (error as? KistError)?.kind
    }
  }

  @Test func `a program makes, fills, lists, restores and proves a repository`() throws {
    let place = try Place()
    try place.write("one", "source/a/one.txt")
    try place.write("junk", "source/a/two.tmp")
    let made = try Repository.create(
      at: place.path("repository"),
      password: "correct horse",
      client: place.client
    )
    var options = BackupOptions()
    options.excludes = ["*.tmp"]
    options.tags = ["t"]
    let first = try made.backUp([place.path("source")], options: options)
    #expect(first.newFileCount == 1)
    #expect(first.problems.isEmpty)

    try place.write("three", "source/three.txt")
    let opened = try Repository(
      at: place.path("repository"),
      opening: .password("correct horse"),
      client: place.client
    )
    #expect(opened.id == made.id)
    let second = try opened.backUp([place.path("source")], options: options)
    #expect(second.newFileCount == 1)
    #expect(second.unmodifiedFileCount == 1)
    let snapshots = try made.snapshots()
    #expect(snapshots.map(\.id) == [first.snapshotID, second.snapshotID])
    let newest = try #require(snapshots.last)
    #expect(newest.host == "ada")
    #expect(newest.tags == ["t"])
    #expect(newest.paths == [place.path("source")])
    #expect(newest.fileCount == 2)
    #expect(newest.byteCount == 8)
    #expect(try made.snapshot("latest~1") == snapshots.first)

    let all = try opened.restore("latest", to: place.path("all"))
    #expect(all.fileCount == 2)
    #expect(try place.text("all/a/one.txt") == "one")
    #expect(!FileManager.default.fileExists(atPath: place.path("all/a/two.tmp")))
    try place.write("extra", "all/extra")
    var exact = RestoreOptions()
    exact.extras = .remove
    let again = try opened.restore("latest", to: place.path("all"), options: exact)
    #expect(again.unchangedFileCount == 2)
    #expect(!FileManager.default.fileExists(atPath: place.path("all/extra")))
    var part = RestoreOptions()
    part.path = "a"
    _ = try opened.restore(first.snapshotID, to: place.path("part"), options: part)
    #expect(try place.text("part/one.txt") == "one")

    for depth in [CheckDepth.structure, .everything] {
      let check = try opened.check(depth)
      #expect(check.isWhole, "\(check.problems)")
      #expect(check.snapshotCount == 2)
    }
  }

  @Test func `a backup that cannot be remembered is saved, and says both`() throws {
    let place = try Place()
    try place.write("one", "source/one.txt")
    let made = try Repository.create(
      at: place.path("repository"),
      password: "correct horse",
      client: place.client
    )
    #expect(try made.backUp([place.path("source")]).warning == nil)
    // Long enough to be asked whether to stop, twenty times a second.
    let noise = try #require(FileHandle(forReadingAtPath: "/dev/urandom"))
    let bytes = try #require(try noise.read(upToCount: 16 << 20))
    try bytes.write(to: URL(fileURLWithPath: place.path("source/two")))
    let state = place.path("state/" + made.id)
    let seen = try #require(
      try FileManager.default.contentsOfDirectory(atPath: state).first { $0.hasPrefix("seen-") }
    )
    // Between what is read of it first and what is written to it last, something else takes its name.
    let calls = Atomic<Int>(0)
    let (file, inTheWay) = (state + "/" + seen, state + "/" + seen + "/x")
    var options = BackupOptions()
    options.isStopped = {
      guard calls.add(1, ordering: .relaxed).oldValue == 1 else { return false }
      do {
        try FileManager.default.removeItem(atPath: file)
        try FileManager.default.createDirectory(atPath: inTheWay, withIntermediateDirectories: true)
      } catch {
        Issue.record(error)
      }
      return false
    }
    let saved = try made.backUp([place.path("source")], options: options)
    #expect(calls.load(ordering: .relaxed) > 1)
    #expect(saved.warning?.hasPrefix("cannot remember the repository's state in ") == true)
    #expect(saved.problems.isEmpty)
    #expect(try made.snapshots().last?.id == saved.snapshotID)
  }

  @Test func `errors say what a program can tell apart`() throws {
    let place = try Place()
    let (path, client) = (place.path("repository"), place.client)
    #expect(
      kind { _ = try Repository(at: path, opening: .password("x"), client: client) }
        == .noRepository
    )
    #expect(kind { _ = try Repository.create(at: path, password: "", client: client) } == .usage)
    let made = try Repository.create(at: path, password: "right", client: client)
    #expect(kind { _ = try Repository.create(at: path, password: "x", client: client) } == .failed)
    #expect(
      kind { _ = try Repository(at: path, opening: .password("x"), client: client) }
        == .wrongPassword
    )
    #expect(
      kind { _ = try Repository(at: path, opening: .recoveryKey("x"), client: client) } != nil
    )
    #expect(kind { _ = try made.backUp([]) } == .usage)
    #expect(kind { _ = try made.backUp([place.path("none")]) } == .failed)
    #expect(kind { _ = try made.restore("latest", to: place.path("out")) } == .failed)
    #expect(kind { _ = try made.snapshot("zz") } == .failed)
    try place.write("x", "source/x")
    var stopped = BackupOptions()
    stopped.isStopped = { true }
    #expect(kind { _ = try made.backUp([place.path("source")], options: stopped) } == .interrupted)
    var wrong = BackupOptions()
    wrong.excludes = ["["]
    #expect(kind { _ = try made.backUp([place.path("source")], options: wrong) } != nil)
    #expect(try made.snapshots().isEmpty)
  }

  @Test func `damage is found, and named`() throws {
    let place = try Place()
    try place.write(String(repeating: "text ", count: 20_000), "source/x")
    let made = try Repository.create(
      at: place.path("repository"),
      password: "right",
      client: place.client
    )
    _ = try made.backUp([place.path("source")])
    let packs = place.path("repository/packs")
    let names = try FileManager.default.subpathsOfDirectory(atPath: packs)
    let pack = packs + "/" + (try #require(names.max { $0.count < $1.count }))
    var bytes = try Data(contentsOf: URL(fileURLWithPath: pack))
    bytes[bytes.count / 3] ^= 1
    try FileManager.default.removeItem(atPath: pack)
    try bytes.write(to: URL(fileURLWithPath: pack))
    let check = try made.check(.everything)
    #expect(!check.isWhole)
    #expect(!check.problems.isEmpty)
  }

  @Test func `the example of Docs does what it says`() throws {
    let place = try Place()
    try place.write("one", "source/one.txt")
    let bundle = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
      .deletingLastPathComponent().path
    let programs = [bundle, CommandLine.arguments[0] + "/..", "\(#filePath)/../../../.build/debug"]
      .map { URL(fileURLWithPath: $0 + "/Example").standardizedFileURL }
    let program = try #require(
      programs.first { FileManager.default.isExecutableFile(atPath: $0.path) }
    )
    for round in 0..<2 {
      let output = Pipe()
      let example = Process()
      example.executableURL = program
      example.arguments = ["repository", "source", "restored"].map { place.path($0) }
      example.environment = ["HOME": place.root, "KIST_PASSWORD": "right"]
      example.standardOutput = output
      try example.run()
      let text = String(
        decoding: output.fileHandleForReading.readDataToEndOfFile(),
        as: UTF8.self
      )
      example.waitUntilExit()
      #expect(example.terminationStatus == 0, "\(text)")
      #expect(text.contains("every byte was proven"))
      #expect(text.contains("saved \(1 - round) new files"), "\(text)")
      #expect(try place.text("restored/one.txt") == "one")
    }
  }
}
