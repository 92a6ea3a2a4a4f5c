import Files
import Testing

@Suite("Folder handle") struct DirectoryHandleTests {
  @Test func `names with newline, escape and invalid UTF-8 are listed as they are`() throws {
    let place = try Place()
    let names: [[UInt8]] = [[0x0A], [0x1B, 0x5B], [0xFF, 0xFE, 0x41], Array("...".utf8)]
    for name in names { _ = try place.folder.createFile(name, mode: 0o600) }
    #expect(Set(try place.folder.entries().map(\.name)) == Set(names))
  }

  @Test func `listing twice gives the same names`() throws {
    let place = try Place()
    for number in 0..<3000 {
      _ = try place.folder.createFile(Array("file-\(number)".utf8), mode: 0o600)
    }
    #expect(try place.folder.entries().count == 3000)
    #expect(try place.folder.entries().count == 3000)
  }

  @Test func `no link is followed`() throws {
    let place = try Place()
    try place.write([1], to: "file")
    try place.folder.makeDirectory(Array("folder".utf8), mode: 0o700)
    try place.folder.makeSymbolicLink(target: Array("file".utf8), name: Array("a".utf8))
    try place.folder.makeSymbolicLink(target: Array("folder".utf8), name: Array("b".utf8))
    #expect(throws: FilesError.self) { try place.folder.openForReading(Array("a".utf8)) }
    #expect(throws: FilesError.self) { try place.folder.openSubdirectory(Array("b".utf8)) }
    #expect(try place.folder.status(of: Array("a".utf8)).kind == .symbolicLink)
    #expect(try place.folder.readLink(Array("a".utf8)) == Array("file".utf8))
  }

  @Test func `a rename that must not replace leaves both files as they are`() throws {
    let place = try Place()
    try place.write([1], to: "a")
    try place.write([2], to: "b")
    #expect {
      try place.folder.rename(
        Array("a".utf8),
        to: place.folder,
        Array("b".utf8),
        replacing: .refuse
      )
    } throws: { ($0 as? FilesError)?.isExists == true }
    #expect(try place.read("a") == [1])
    #expect(try place.read("b") == [2])
    try place.folder.rename(
      Array("a".utf8),
      to: place.folder,
      Array("b".utf8),
      replacing: .allow
    )
    #expect(try place.read("b") == [1])
    #expect(try place.names == ["b"])
  }

  @Test func `a long link target is read whole`() throws {
    let place = try Place()
    let target = [UInt8](repeating: 0x61, count: 3000)
    try place.folder.makeSymbolicLink(target: target, name: [0x6C])
    #expect(try place.folder.readLink([0x6C]) == target)
  }

  @Test func `what is missing is told apart from what is no folder`() throws {
    let place = try Place()
    try place.write([], to: "file")
    #expect {
      try DirectoryHandle.open(path: place.path + "/none")
    } throws: { ($0 as? FilesError)?.isNotFound == true }
    #expect {
      try DirectoryHandle.open(path: place.path + "/file")
    } throws: { ($0 as? FilesError)?.isNotADirectory == true }
  }

  @Test func `times before 1970 and after 2038 keep their nanoseconds`() throws {
    let place = try Place()
    try place.write([], to: "file")
    for seconds in [-1_000_000_000, 4_000_000_000] as [Int64] {
      let time = Timestamp(seconds: seconds, nanoseconds: 123_456_789)
      try place.folder.setTimes(of: Array("file".utf8), modification: time)
      #expect(try place.folder.status(of: Array("file".utf8)).modification == time)
    }
  }
}
