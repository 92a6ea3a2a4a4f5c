import CoreTypes
import Foundation
import Indexing
import Patterns
import Repositories
import TestSupport
import Testing
import Trees

@testable import Browsing

@Suite("Finding entries")
struct SearchTests {
  private func question(
    _ patterns: String...,
    kinds: Set<EntryKind> = [],
    oldest: EntryTime? = nil,
    newest: EntryTime? = nil
  ) throws -> NameQuestion {
    NameQuestion(
      patterns: PatternList(try patterns.map { try PathPattern(Array($0.utf8)) }),
      kinds: kinds,
      oldest: oldest,
      newest: newest
    )
  }

  private func found(
    _ search: inout SnapshotSearch,
    _ snapshot: OpenedSnapshot,
    _ bench: Bench
  ) throws -> [String] {
    var names: [String] = []
    try search.search(snapshot.content) { path, _, _ in
      names.append(String(decoding: path.dropFirst(bench.source.utf8.count + 1), as: UTF8.self))
    }
    return names
  }

  @Test func `a search finds what a look at every entry finds, and shared folders are read once`()
    throws
  {
    let seed = TestSeed.make(for: "a search finds")
    var random = SplitMix64(seed: seed)
    let bench = try Bench()
    for number in 0..<60 {
      let folder = ["", "a/", "b/", "a/c/", "a/c/d/"][Int(random.next() % 5)]
      try bench.write(random.bytes(3), to: "\(folder)n\(number % 7).\(["txt", "odt"][number % 2])")
    }
    let first = try bench.backup(at: 1)
    try bench.write([1], to: "b/n1.txt")
    try bench.write([1], to: "a/new.txt")
    let second = try bench.backup(at: 2)
    for texts in [["*.txt"], ["n[12]*"], ["c"], ["/**/a/**/*.odt"], ["*.txt", "!n1*"], ["zz"]] {
      let patterns = PatternList(try texts.map { try PathPattern(Array($0.utf8)) })
      let source = try bench.nodes()
      var search = SnapshotSearch(names: NameQuestion(patterns: patterns), reader: source.reader)
      var loads: [Int] = []
      for snapshot in [first, second, second] {
        let before = source.loadCount
        let names = try found(&search, snapshot, bench)
        loads.append(source.loadCount - before)
        var expected: [String] = []
        let reader = try bench.nodes().reader
        for top in try reader.tops(of: snapshot.content, at: nil) {
          try TreeListing(reader: reader).forEachEntry(below: top) { path, _ in
            guard patterns.verdict(for: path).isMatch else { return }
            let name = path.dropFirst(bench.source.utf8.count + 1)
            expected.append(String(decoding: name, as: UTF8.self))
          }
        }
        #expect(names == expected, "\(texts), seed \(seed)")
      }
      #expect(loads[1] <= 3, "the root, and two folders that changed")
      #expect(loads[2] == 0)
    }
  }

  @Test func `kinds and times narrow what is found`() throws {
    let bench = try Bench()
    try bench.write([1], to: "x/x")
    try FileManager.default.createSymbolicLink(
      atPath: bench.source + "/x/link-x",
      withDestinationPath: "nowhere"
    )
    try FileManager.default.setAttributes(
      [.modificationDate: Date(timeIntervalSince1970: 1000)],
      ofItemAtPath: bench.source + "/x/x"
    )
    let snapshot = try bench.backup(at: 1)
    func names(_ question: NameQuestion) throws -> [String] {
      var search = SnapshotSearch(names: question, reader: try bench.nodes().reader)
      return try found(&search, snapshot, bench)
    }
    #expect(try names(question("x")) == ["x", "x/link-x", "x/x"])
    #expect(try names(question("x", kinds: [.file])) == ["x/x"])
    #expect(try names(question("*-x", kinds: [.symbolicLink])) == ["x/link-x"])
    let (at, after) = (
      EntryTime(seconds: 1000, nanoseconds: 0), EntryTime(seconds: 1000, nanoseconds: 1)
    )
    #expect(try names(question("x", newest: at)) == ["x/x"])
    #expect(try names(question("x", oldest: after)) == ["x", "x/link-x"])
    #expect(try names(question("x", oldest: at, newest: at)) == ["x/x"])
  }

  @Test func `a chunk, an object or a pack leads to the files that need it`() throws {
    let bench = try Bench()
    var random = SplitMix64(seed: 7)
    let content = random.bytes(2000)
    try bench.write(content, to: "a/one")
    try bench.write(content, to: "b/two")
    try bench.write(random.bytes(2000), to: "c/three")
    let snapshot = try bench.backup(at: 1)
    let reader = try bench.nodes().reader
    let entry = try #require(
      reader.tops(of: snapshot.content, at: Path.names(bench.path("a/one"))).first?.entry
    )
    guard case .list(let items) = entry.content else {
      Issue.record("no list of chunks")
      return
    }
    let id = try #require(items.first?.id)
    let beginning = try #require(IDBeginning(String("\(id)".prefix(10))))
    var search = SnapshotSearch(
      chunks: WantedChunks(beginnings: [beginning], scope: .both),
      source: try bench.nodes()
    )
    #expect(try found(&search, snapshot, bench) == ["a/one", "b/two"])
    #expect(try found(&search, snapshot, bench) == ["a/one", "b/two"], "from memory")

    let pack = try #require(bench.repository.index.allPacks().first?.pack)
    let objects = ObjectContent(repository: bench.repository)
    let packBeginning = try #require(IDBeginning("\(pack)"))
    let all = try #require(try objects.chunks(of: .packs(packBeginning)))
    var everything = SnapshotSearch(
      chunks: WantedChunks(ids: all, scope: .content),
      source: try bench.nodes()
    )
    #expect(try found(&everything, snapshot, bench) == ["a/one", "b/two", "c/three"])
    let unknown = try #require(IDBeginning(String(repeating: "0", count: 64)))
    let none = try objects.chunks(of: .objects(unknown))
    #expect(none == nil)
  }

  @Test func `the beginning of an id is told from other ids, digit by digit`() throws {
    let id = Digest(words: 0x0123_4567_89ab_cdef, 0xfedc_ba98_7654_3210, 3, 4)
    let text = "\(id)"
    for count in 1...64 {
      let beginning = try #require(IDBeginning(text.prefix(count).uppercased()))
      #expect(beginning.begins(id))
      var other = Array(text.utf8.prefix(count))
      other[count - 1] = other[count - 1] == 0x31 ? 0x32 : 0x31
      let wrong = try #require(IDBeginning(String(decoding: other, as: UTF8.self)))
      #expect(!wrong.begins(id), "\(count)")
    }
    for text in ["", "g", "0x12", "é", String(repeating: "0", count: 65), "１"] {
      #expect(IDBeginning(text) == nil, "\(text)")
    }
  }
}
