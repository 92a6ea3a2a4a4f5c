import TestSupport
import CoreTypes
import Testing

@testable import Trees

@Suite("Tree difference")
struct DifferenceTests {
  static func lines(_ store: NodeStore, _ old: TreeEntry, _ new: TreeEntry) throws -> [String] {
    var lines: [String] = []
    store.resetCounts()
    try store.reader.differences(
      from: try #require(old.directory),
      to: try #require(new.directory)
    ) { path, difference in
      let sign =
        switch difference {
        case .added: "+"
        case .removed: "-"
        case .changed: "!"
        case .replaced: "T"
        }
      lines.append(sign + String(decoding: Array(path.joined(separator: [47])), as: UTF8.self))
    }
    return lines
  }

  @Test func `equal trees are not loaded`() throws {
    let store = NodeStore()
    let tree = try store.directory([file("a")])
    #expect(try DifferenceTests.lines(store, tree, tree) == [])
    #expect(store.loads.isEmpty)
  }

  @Test func `every kind of difference is told, in order of names`() throws {
    let store = NodeStore()
    func directory(_ name: String, _ entries: [TreeEntry], mode: UInt16 = 0o755) throws -> TreeEntry
    {
      var entry = try store.directory(entries)
      entry.name = bytes(name)
      entry.mode = mode
      return entry
    }
    let same = try directory("same", [file("s")])
    let old = try store.directory([
      file("a", "1"), file("gone"), try directory("in", [file("x", "1"), file("y")]), same,
      try directory("mode", [file("m")], mode: 0o700), file("turn"),
    ])
    let new = try store.directory([
      file("a", "2"), try directory("in", [file("x", "2"), file("z")]), same,
      try directory("mode", [file("m")]), try directory("new", [file("n")]),
      try directory("turn", []),
    ])
    #expect(
      try DifferenceTests.lines(store, old, new) == [
        "!a", "-gone", "!in/x", "-in/y", "+in/z", "!mode", "+new", "Tturn",
      ]
    )
    #expect(!store.loads.contains(try #require(same.directory)))
  }

  @Test func `of 20,000 entries with one difference only the pages on the way are loaded`() throws {
    let store = NodeStore()
    let names = (0..<20_000).map(padded)
    let old = try store.directory(names.map { file($0) })
    for place in [0, 9_999, 19_999] {
      let without = try store.directory(
        names.enumerated().filter { $0.offset != place }.map { file($0.element) }
      )
      #expect(try DifferenceTests.lines(store, old, without) == ["-" + names[place]])
      #expect(store.loads.count <= 8, "\(store.loads.count) loads")
      #expect(try DifferenceTests.lines(store, without, old) == ["+" + names[place]])
      #expect(store.loads.count <= 8, "\(store.loads.count) loads")
    }
  }

  @Test func `differences at random are exactly those of the two sets`() throws {
    let seed: UInt64 = 0xD1FF
    var random = SplitMix64(seed: seed)
    for round in 0..<10 {
      let store = NodeStore()
      let size = Int.random(in: 0...1_200, using: &random)
      let rate = [2, 50, 1_000].randomElement(using: &random) ?? 2
      var old: [TreeEntry] = []
      var new: [TreeEntry] = []
      var expected: [String] = []
      for number in 0..<size {
        let name = padded(number)
        switch Int.random(in: 0..<rate * 3, using: &random) {
        case 0:
          old.append(file(name))
          expected.append("-" + name)
        case 1:
          new.append(file(name))
          expected.append("+" + name)
        case 2:
          old.append(file(name, "old"))
          new.append(file(name, "new"))
          expected.append("!" + name)
        default:
          old.append(file(name))
          new.append(file(name))
        }
      }
      let found = try DifferenceTests.lines(store, store.directory(old), store.directory(new))
      #expect(found == expected, "seed \(seed), round \(round)")
      #expect(Set(store.loads).count == store.loads.count, "seed \(seed), round \(round)")
    }
  }
}
