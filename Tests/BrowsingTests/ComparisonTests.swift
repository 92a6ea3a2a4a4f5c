import CoreTypes
import Foundation
import Indexing
import Packing
import Repositories
import Sealing
import TestSupport
import Testing
import Trees

@testable import Browsing

/// Changes as text, such as `M folder/file`.
private func changes(
  _ bench: Bench,
  _ old: OpenedSnapshot,
  _ new: OpenedSnapshot,
  reader: TreeReader<BrowsingError>? = nil
) throws -> (lines: [String], totals: ComparisonTotals) {
  let reader = try reader ?? bench.nodes().reader
  var lines: [String] = []
  var comparison = SnapshotComparison(reader: reader) { change in
    let letter =
      switch change.mark {
      case .added: "+"
      case .removed: "-"
      case .content: "M"
      case .metadata: "U"
      case .kind: "T"
      }
    let path = String(decoding: change.path.dropFirst(bench.source.utf8.count + 1), as: UTF8.self)
    lines.append("\(letter) \(path)")
  }
  let totals = try comparison.compare(
    reader.tops(of: old.content, at: nil),
    with: reader.tops(of: new.content, at: nil)
  )
  return (lines, totals)
}

@Suite("Comparing snapshots")
struct ComparisonTests {
  /// Folders of random files; their nodes fill several objects.
  private func wide(_ bench: Bench) throws {
    var random = SplitMix64(seed: 5)
    for folder in 0..<40 {
      for file in 0..<60 { try bench.write(random.bytes(200), to: "f\(folder)/file-\(file)") }
    }
  }

  @Test func `equal subtrees are never read`() throws {
    let bench = try Bench()
    try wide(bench)
    let old = try bench.backup(at: 1)
    try bench.write([1, 2, 3], to: "f7/file-3")
    let new = try bench.backup(at: 2)
    let (oldNodes, newNodes) = (try bench.nodeIDs(of: old), try bench.nodeIDs(of: new))
    let shared = oldNodes.intersection(newNodes)
    #expect(oldNodes.count >= 41)
    #expect(shared.count == oldNodes.count - 2, "all but the root and one folder")

    // A reader to which shared nodes do not exist.
    let source = try bench.nodes()
    var loaded: [ChunkID] = []
    let reader = TreeReader<BrowsingError> { id throws(BrowsingError) in
      guard !shared.contains(id) else { throw .repository(.missingChunk(id)) }
      loaded.append(id)
      do throws(RepositoryError) {
        return try source.chunks.bytes(of: id, kind: .tree)
      } catch {
        throw .repository(error)
      }
    }
    bench.store.forgetReads()
    let (lines, totals) = try changes(bench, old, new, reader: reader)
    #expect(lines.filter { !$0.hasPrefix("U") } == ["M f7/file-3"])
    #expect(totals.changed.files == 1)
    #expect(loaded.count == 4, "two roots and two folders")
    // Reads of packs: at most one object for each of the four.
    let reads = bench.store.packReads
    #expect((1...8).contains(reads.count), "\(reads)")
    var stored = 0
    try bench.repository.index.forEachObject { stored += $0.place.storedByteCount }
    #expect(reads.bytes < stored / 2, "\(reads) of \(stored)")
  }

  @Test func `equal snapshots are compared without reading a pack`() throws {
    let bench = try Bench()
    try bench.write([1], to: "a/b")
    let old = try bench.backup(at: 1)
    let new = try bench.backup(at: 2)
    bench.store.forgetReads()
    let (lines, totals) = try changes(bench, old, new)
    #expect(lines.isEmpty)
    #expect(totals == ComparisonTotals())
    #expect(bench.store.packReads.count == 0)
  }

  @Test func `each kind of change has its mark, and folders stand for all below them`() throws {
    let bench = try Bench()
    try bench.write([1], to: "kept")
    try bench.write([1], to: "content")
    try bench.write([1], to: "mode")
    try bench.write([1], to: "gone/deep/leaf")
    try bench.write([1], to: "file-to-folder")
    try bench.write([1], to: "folder-to-link/inner")
    let old = try bench.backup(at: 1)
    try bench.write([2], to: "content")
    let manager = FileManager.default
    try manager.setAttributes([.posixPermissions: 0o600], ofItemAtPath: bench.source + "/mode")
    try bench.remove("gone")
    try bench.remove("file-to-folder")
    try bench.write([1, 2], to: "file-to-folder/new")
    try bench.remove("folder-to-link")
    try manager.createSymbolicLink(
      atPath: bench.source + "/folder-to-link",
      withDestinationPath: "kept"
    )
    try bench.write([1, 2, 3], to: "added/deep/leaf")
    let new = try bench.backup(at: 2)
    let (lines, totals) = try changes(bench, old, new)
    #expect(
      lines.filter { $0 != "U " } == [
        "+ added", "+ added/deep", "+ added/deep/leaf", "M content", "T file-to-folder",
        "+ file-to-folder/new", "T folder-to-link", "- folder-to-link/inner", "- gone",
        "- gone/deep", "- gone/deep/leaf", "U mode",
      ]
    )
    #expect(totals.kinds == 2)
    #expect(totals.added.files == 2)
    #expect(totals.removed.files == 3)
    #expect(totals.metadata.files == 1)
    let back = try changes(bench, new, old)
    #expect(back.totals.added == totals.removed)
    #expect(back.totals.bytesAdded == totals.bytesRemoved)
  }

  @Test func `content that moved is neither added nor removed`() throws {
    let bench = try Bench()
    var random = SplitMix64(seed: 6)
    let content = random.bytes(300_000)
    try bench.write(content, to: "here")
    let old = try bench.backup(at: 1)
    try bench.remove("here")
    try bench.write(content, to: "there/it")
    try bench.write(random.bytes(5000), to: "new")
    let new = try bench.backup(at: 2)
    let (_, totals) = try changes(bench, old, new)
    #expect(totals.bytesRemoved == 0)
    #expect(totals.bytesAdded == 5000)
    #expect(totals.bytesAreExact)
  }

  @Test func `random changes are found, and nothing else`() throws {
    let seed = TestSeed.make(for: "random changes are found")
    var random = SplitMix64(seed: seed)
    let bench = try Bench()
    var files: [String: [UInt8]] = [:]
    func step() throws {
      for _ in 0..<12 {
        let folder = ["", "a/", "b/", "a/c/"][Int(random.next() % 4)]
        let name = folder + "n\(random.next() % 15)"
        if random.next() % 3 == 0, files[name] != nil {
          try bench.remove(name)
          files[name] = nil
        } else {
          let bytes = random.bytes(Int(random.next() % 400))
          try bench.write(bytes, to: name)
          files[name] = bytes
        }
      }
    }
    try step()
    var old = try bench.backup(at: 1)
    for round in 2..<8 as Range<Int64> {
      let before = files
      try step()
      let new = try bench.backup(at: round)
      let found = try changes(bench, old, new).lines.filter {
        !$0.hasPrefix("U") && $0.contains("n")
      }
      var expected: [String] = []
      for name in Set(before.keys).union(files.keys) where before[name] != files[name] {
        let letter = before[name] == nil ? "+" : files[name] == nil ? "-" : "M"
        expected.append("\(letter) \(name)")
      }
      #expect(Set(found) == Set(expected), "seed \(seed), round \(round)")
      #expect(found.count == expected.count)
      old = new
    }
  }

  @Test func `two folders are compared wherever they stand`() throws {
    let bench = try Bench()
    for folder in ["left", "right"] {
      try bench.write([1], to: "\(folder)/same")
      try bench.write(Array(folder.utf8), to: "\(folder)/other")
    }
    try bench.write([1], to: "right/more")
    let snapshot = try bench.backup(at: 1)
    let reader = try bench.nodes().reader
    var marks: [String] = []
    var comparison = SnapshotComparison(reader: reader) { change in
      guard change.mark != .metadata else { return }
      marks.append(String(decoding: change.path, as: UTF8.self))
    }
    func top(_ name: String) throws -> TreeTop {
      try #require(
        reader.tops(of: snapshot.content, at: Path.names(bench.path(name))).first
      )
    }
    _ = try comparison.compare(anywhere: top("left"), with: top("right"))
    #expect(marks == ["/more", "/other"])
  }
}
