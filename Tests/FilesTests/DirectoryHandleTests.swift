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

  @Test(arguments: ["", ".", "..", "a/b", "/etc", "../x", "a\u{0}b"])
  func `what is no name in a folder is refused by every call`(_ text: String) throws {
    let place = try Place()
    try place.write([1], to: "sound")
    let (name, sound, folder) = (Array(text.utf8), Array("sound".utf8), place.folder)
    let time = Timestamp(seconds: 1, nanoseconds: 2)
    let calls: [() throws -> Void] = [
      { _ = try folder.openSubdirectory(name) }, { _ = try folder.openForReading(name) },
      { _ = try folder.createFile(name, mode: 0o600) }, { _ = try folder.status(of: name) },
      { try folder.makeDirectory(name, mode: 0o700) }, { try folder.makeFIFO(name, mode: 0o600) },
      { try folder.makeSymbolicLink(target: sound, name: name) },
      { try folder.makeHardLink(from: name, to: folder, sound) },
      { try folder.makeHardLink(from: sound, to: folder, name) },
      { try folder.makeDevice(name, kind: .characterDevice, major: 1, minor: 3, mode: 0o600) },
      { try folder.rename(name, to: folder, sound, replacing: .allow) },
      { try folder.rename(sound, to: folder, name, replacing: .allow) },
      { try folder.rename(sound, to: folder, name, replacing: .refuse) },
      { try folder.unlink(name) }, { try folder.removeDirectory(name) },
      { _ = try folder.readLink(name) }, { try folder.setOwner(of: name, uid: 0, gid: 0) },
      { try folder.setMode(of: name, 0o600) },
      { try folder.setTimes(of: name, modification: time) },
      { _ = try folder.extendedAttributes(of: name) },
      { try folder.setExtendedAttribute(Array("user.a".utf8), [1], of: name) },
    ]
    for (number, call) in calls.enumerated() {
      #expect("call \(number)") { try call() } throws: { ($0 as? FilesError)?.errno == 22 }
    }
    #expect(try place.names == ["sound"])
  }

  @Test func `a zero in a path, a target or an attribute is refused`() throws {
    let place = try Place()
    try place.write([1], to: "file")
    let cut: [UInt8] = Array("file".utf8) + [0, 0x78]
    let calls: [() throws -> Void] = [
      { _ = try DirectoryHandle.open(path: Array(place.path.utf8) + [0]) },
      { _ = try DirectoryHandle.makePath(Array((place.path + "/new").utf8) + [0], mode: 0o700) },
      { try place.folder.makeSymbolicLink(target: cut, name: [0x61]) },
      { try place.folder.setExtendedAttribute(cut, [1], of: Array("file".utf8)) },
      { _ = try OpenFile.open(path: place.path + "/file\u{0}") },
    ]
    for call in calls {
      #expect { try call() } throws: { ($0 as? FilesError)?.errno == 22 }
    }
    #expect(try place.names == ["file"])
  }

  // Some of these would mean `now` or `as it is` to the system.
  @Test(arguments: [UInt32(1_000_000_000), (1 << 30) - 1, (1 << 30) - 2, .max])
  func `nanoseconds that are none are refused`(_ nanoseconds: UInt32) throws {
    let place = try Place()
    let file = try place.folder.createFile([0x66], mode: 0o600)
    let sound = Timestamp(seconds: 1000, nanoseconds: 999_999_999)
    try file.setTimes(modification: sound)
    let time = Timestamp(seconds: 5, nanoseconds: nanoseconds)
    for call in [
      { try file.setTimes(modification: time) }, { try place.folder.setTimes(modification: time) },
      { try place.folder.setTimes(of: [0x66], modification: time) },
    ] {
      #expect { try call() } throws: { ($0 as? FilesError)?.errno == 22 }
    }
    #expect(try file.status().modification == sound)
  }

  @Test func `two who list one folder at once get all names`() async throws {
    let place = try Place()
    for number in 0..<2000 {
      _ = try place.folder.createFile(
        Array("a-name-that-takes-some-room-\(number)".utf8),
        mode: 0o600
      )
    }
    let counts = try await withThrowingTaskGroup(of: Int.self) { group in
      for _ in 0..<4 {
        group.addTask {
          var least = Int.max
          for _ in 0..<20 { least = min(least, Set(try place.folder.entries().map(\.name)).count) }
          return least
        }
      }
      return try await group.reduce(into: []) { $0.append($1) }
    }
    #expect(counts == [2000, 2000, 2000, 2000])
  }
}
