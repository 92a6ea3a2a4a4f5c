import Files
import Foundation
import Testing

@Suite("Patching files") struct PatchingTests {
  private func file(_ place: Place, _ name: String) throws -> OpenFile {
    try place.folder.createFile(Array(name.utf8), mode: 0o600)
  }

  @Test func `a copied range is equal, and its holes stay holes`() throws {
    let place = try Place()
    let from = try file(place, "from")
    try from.truncate(to: 8 << 20)
    let bytes = (0..<300_000).map { UInt8(truncatingIfNeeded: $0 &* 31) }
    try from.write(bytes.span, at: 4 << 20)
    let to = try file(place, "to")
    try to.copy(0..<(8 << 20), from: from)
    try to.truncate(to: 8 << 20)
    #expect(try to.read(at: 4 << 20, upTo: bytes.count) == bytes)
    #expect(try to.read(at: 0, upTo: 4096) == [UInt8](repeating: 0, count: 4096))
    if try from.status().mayHaveHoles { #expect(try to.status().mayHaveHoles) }
  }

  @Test func `a copy asks for no more than the other file has`() throws {
    let place = try Place()
    let from = try file(place, "from")
    try from.write([1, 2, 3].span)
    let to = try file(place, "to")
    try to.copy(0..<(1 << 40), from: from)
    #expect(try to.read(at: 0, upTo: 10) == [1, 2, 3])
  }

  @Test func `a clone is equal, or the file system refuses and nothing has changed`() throws {
    let place = try Place()
    let from = try file(place, "from")
    try from.write([9, 8, 7].span)
    let to = try file(place, "to")
    let isCloned = try to.clone(from: from)
    #expect(try to.read(at: 0, upTo: 10) == (isCloned ? [9, 8, 7] : []))
  }

  @Test func `a punched range reads as zeros, and the file keeps its length`() throws {
    let place = try Place()
    let file = try file(place, "file")
    try file.write([UInt8](repeating: 5, count: 20_000).span)
    guard try file.punchHole(5000..<20_000) else { return }
    #expect(try file.read(at: 4999, upTo: 2) == [5, 0])
    #expect(try file.read(at: 19_999, upTo: 2) == [0])
    #expect(try file.status().size == 20_000)
  }

  @Test func `a file that is locked cannot be locked through another opening`() throws {
    let place = try Place()
    let first = try file(place, "file")
    #expect(first.tryLock())
    let second = try place.folder.openForWriting(Array("file".utf8))
    #expect(!second.tryLock())
  }

  @Test func `a file is opened for writing only if it is there and no link`() throws {
    let place = try Place()
    try place.write([1], to: "file")
    try place.folder.makeSymbolicLink(target: Array("file".utf8), name: Array("link".utf8))
    #expect(throws: FilesError.self) {
      try place.folder.openForWriting(Array("link".utf8))
    }
    #expect(throws: FilesError.self) {
      try place.folder.openForWriting(Array("missing".utf8))
    }
    try place.folder.openForWriting(Array("file".utf8)).write([2].span, at: 0)
    #expect(try place.read("file") == [2])
  }

  @Test func `only an empty folder is removed`() throws {
    let place = try Place()
    let name = Array("folder".utf8)
    try place.folder.makeDirectory(name, mode: 0o700)
    _ = try place.folder.openSubdirectory(name).createFile([0x66], mode: 0o600)
    #expect { try place.folder.removeDirectory(name) } throws: { error in
      (error as? FilesError)?.errno == ENOTEMPTY
    }
    try place.folder.openSubdirectory(name).unlink([0x66])
    try place.folder.removeDirectory(name)
    #expect(try place.names.isEmpty)
  }
}
