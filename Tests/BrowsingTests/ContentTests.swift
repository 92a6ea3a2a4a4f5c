import CoreTypes
import Foundation
import Repositories
import Storage
import TestSupport
import Testing
import Trees

@testable import Browsing

@Suite("Reading content")
struct ContentTests {
  private func entry(
    _ name: String,
    _ bench: Bench,
    _ snapshot: OpenedSnapshot
  ) throws -> TreeEntry {
    let reader = try bench.nodes().reader
    return try #require(
      reader.tops(of: snapshot.content, at: Path.names(bench.path(name))).first?.entry
    )
  }

  @Test func `files of all forms come back, whole and in parts`() throws {
    let seed = TestSeed.make(for: "files of all forms come back")
    var random = SplitMix64(seed: seed)
    let bench = try Bench()
    let zeros = [UInt8](repeating: 0, count: 9 << 20)
    let files: [String: [UInt8]] = [
      "empty": [], "inline": random.bytes(100), "one-chunk": random.bytes(5000),
      "many-chunks": random.words(3 << 20), "zeros": zeros,
      "mixed": random.words(1 << 20) + zeros + random.words(1 << 16),
    ]
    for (name, bytes) in files { try bench.write(bytes, to: name) }
    let snapshot = try bench.backup(at: 1)
    let content = ContentReader(source: try bench.nodes()) { false }
    for (name, bytes) in files {
      let entry = try entry(name, bench, snapshot)
      var read: [UInt8] = []
      try content.read(entry, at: []) { read += $0 }
      #expect(read == bytes, "\(name)")
      guard bytes.count > 10 else { continue }
      for _ in 0..<8 {
        let ends = (0..<4).map { _ in random.next() % UInt64(bytes.count) }.sorted()
        guard ends[0] < ends[1], ends[1] < ends[2], ends[2] < ends[3] else { continue }
        let parts = [ends[0]..<ends[1], ends[2]..<ends[3]]
        var some: [UInt8] = []
        try content.read(entry, parts: parts, at: []) { some += $0 }
        let expected = parts.flatMap { bytes[Int($0.lowerBound)..<Int($0.upperBound)] }
        #expect(some == expected, "\(name) \(parts), seed \(seed)")
      }
    }
  }

  @Test func `holes are left out, and what is beside them is everything else`() throws {
    let bench = try Bench()
    let path = bench.source + "/sparse"
    #expect(FileManager.default.createFile(atPath: path, contents: nil))
    let file = try #require(FileHandle(forWritingAtPath: path))
    try file.write(contentsOf: Data([1, 2, 3]))
    try file.seek(toOffset: 8 << 20)
    try file.write(contentsOf: Data([4]))
    try file.truncate(atOffset: 20 << 20)
    try file.close()
    let snapshot = try bench.backup(at: 1)
    let entry = try entry("sparse", bench, snapshot)
    let content = ContentReader(source: try bench.nodes()) { false }
    let parts = try #require(try content.partsBesideHoles(of: entry, at: []))
    #expect(parts.reduce(0) { $0 + $1.count } < 1 << 20)
    var whole = [UInt8](repeating: 0, count: Int(entry.size))
    for part in parts {
      var bytes: [UInt8] = []
      try content.read(entry, parts: [part], at: []) { bytes += $0 }
      whole.replaceSubrange(Int(part.lowerBound)..<Int(part.upperBound), with: bytes)
    }
    #expect(whole == Array(try Data(contentsOf: URL(fileURLWithPath: path))))
  }

  @Test func `a stop is heard, and damage names the file`() throws {
    let bench = try Bench()
    var random = SplitMix64(seed: 9)
    try bench.write(random.words(3 << 20), to: "file")
    let snapshot = try bench.backup(at: 1)
    let entry = try entry("file", bench, snapshot)
    let stopped = ContentReader(source: try bench.nodes()) { true }
    #expect { try stopped.read(entry, at: []) { _ in } } throws: {
      if case BrowsingError.interrupted = $0 { true } else { false }
    }
    for pack in try bench.store.names(of: .pack) {
      let path = try #require(
        FileManager.default.subpaths(atPath: bench.folder.path + "/store")?
          .first { $0.hasSuffix("\(pack)") }
      )
      var bytes = try bench.folder.read("store/" + path)
      for place in stride(from: 5000, to: bytes.count, by: 5000) { bytes[place] ^= 1 }
      // In place: the store may hold the file open.
      let url = URL(fileURLWithPath: bench.folder.path + "/store/" + path)
      let attributes: [FileAttributeKey: Any] = [.posixPermissions: 0o600]
      try FileManager.default.setAttributes(attributes, ofItemAtPath: url.path)
      let file = try FileHandle(forWritingTo: url)
      try file.write(contentsOf: Data(bytes))
      try file.close()
    }
    let reader = ContentReader(source: try bench.nodes()) { false }
    var written = 0
    #expect { try reader.read(entry, at: [65]) { written += $0.count } } throws: {
      if case BrowsingError.damagedContent(path: [65], _) = $0 { true } else { false }
    }
    #expect(written < Int(entry.size))
  }
}
