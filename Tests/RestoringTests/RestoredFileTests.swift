import CoreTypes
import Files
import Restoring
import Testing
import Trees

@Suite("Restored file") struct RestoredFileTests {
  private let place: Place
  private let folder: RestoredFolder
  private let tally = UnfinishedTally()
  private let writer = EntryWriter(
    owners: OwnerRule(
      wish: .restorer,
      userID: ProcessEnvironment.userID,
      groupID: ProcessEnvironment.groupID
    )
  ) { _ in }

  init() throws {
    place = try Place()
    folder = RestoredFolder(
      handle: place.folder,
      parent: nil,
      entry: TreeEntry(name: Array(".".utf8), kind: .directory),
      attributes: [],
      origin: .present,
      isTouched: true
    )
  }

  private func file(
    _ origin: RestoredFile.Origin,
    size: UInt64,
    nameCount: Int = 1
  ) -> RestoredFile {
    var entry = TreeEntry(name: Array("file".utf8), kind: .file)
    entry.size = size
    entry.mode = 0o640
    entry.uid = ProcessEnvironment.userID
    entry.gid = ProcessEnvironment.groupID
    entry.modified = EntryTime(seconds: 77)
    return RestoredFile(
      folder: folder,
      entry: entry,
      attributes: [],
      holes: [],
      origin: origin,
      ordinal: 0,
      nameCount: nameCount,
      tally: tally
    )
  }

  @Test func `a new file is marked until it is whole`() throws {
    let file = file(.new, size: 3)
    try file.open().write([1, 2, 3].span, at: 0)
    #expect(UnfinishedMark.isOn(try place.status("file")) && tally.count == 1)
    #expect(try file.finish(with: writer) == .created && tally.count == 0)
    let status = try place.status("file")
    #expect(status.mode == 0o640)
    #expect(status.modification == Timestamp(seconds: 77, nanoseconds: 0))
    #expect(try place.names == ["file"])
  }

  @Test func `a name that is taken is an error, and nothing is replaced`() throws {
    try place.write([9], to: "file")
    #expect { try file(.new, size: 1).open() } throws: { error in
      (error as? FilesError)?.isExists ?? false
    }
    #expect(try place.read("file") == [9])
  }

  @Test func `a patched copy takes the name when it is whole, and keeps what was right`() throws {
    let old = [UInt8](repeating: 7, count: 100_000)
    try place.write(old, to: "file")
    let status = try place.status("file")
    let file = file(.patchedCopy(status), size: 100_000)
    #expect(!file.keep(0..<50_000))
    #expect(!file.keep(50_003..<100_000))
    file.noteDifference(3)
    try file.open().write([1, 2, 3].span, at: 50_000)
    #expect(try place.read("file") == old, "the old file is whole until the new one is")
    #expect(try file.finish(with: writer) == .updated(byteCount: 3))
    var expected = old
    expected.replaceSubrange(50_000..<50_003, with: [1, 2, 3])
    #expect(try place.read("file") == expected)
    #expect(try place.status("file").inode != status.inode)
    #expect(try place.names == ["file"])
  }

  @Test func `what is found right after the copy was begun is in it too`() throws {
    try place.write([1, 1, 1, 2, 2, 2], to: "file")
    let file = file(.patchedCopy(try place.status("file")), size: 6)
    try file.open().write([5, 5, 5].span, at: 0)
    if file.keep(3..<6) { try file.open().write([2, 2, 2].span, at: 3) }
    _ = try file.finish(with: writer)
    #expect(try place.read("file") == [5, 5, 5, 2, 2, 2])
  }

  @Test func `a file patched in place stays the same file`() throws {
    try place.write([1, 2, 3, 4, 5], to: "file")
    let status = try place.status("file")
    let file = file(.patchedInPlace(status), size: 4)
    #expect(!file.keep(0..<1))
    try file.open().write([9].span, at: 1)
    #expect(file.hasOldContent)
    #expect(UnfinishedMark.isOn(try place.status("file")))
    #expect(try file.finish(with: writer) == .updated(byteCount: 0))
    #expect(try place.read("file") == [1, 9, 3, 4])
    #expect(try place.status("file").inode == status.inode)
  }

  @Test func `a file with another name elsewhere is never patched in place`() throws {
    try place.write([1, 2, 3], to: "file")
    try place.folder.makeHardLink(from: Array("file".utf8), to: place.folder, Array("other".utf8))
    let file = file(.patchedInPlace(try place.status("file")), size: 3)
    #expect(!file.keep(0..<2))
    try file.open().write([9].span, at: 2)
    _ = try file.finish(with: writer)
    #expect(try place.read("file") == [1, 2, 9])
    #expect(try place.read("other") == [1, 2, 3])
    #expect(try place.status("other").mode == 0o644)
  }

  @Test(arguments: [1, 2])
  func `a file that is right is only left linked to names of the snapshot`(names: Int) throws {
    try place.write([1, 2, 3], to: "file", mode: 0o640)
    try place.folder.openForReading(Array("file".utf8))
      .setTimes(modification: Timestamp(seconds: 77, nanoseconds: 0))
    try place.folder.makeHardLink(from: Array("file".utf8), to: place.folder, Array("other".utf8))
    let file = file(.patchedCopy(try place.status("file")), size: 3, nameCount: names)
    #expect(!file.keep(0..<3))
    _ = try file.finish(with: writer)
    #expect(try place.read("file") == [1, 2, 3])
    let isLinked = try place.status("file").inode == place.status("other").inode
    #expect(isLinked == (names == 2))
  }

  @Test func `a file that became another one is refused`() throws {
    try place.write([1, 2, 3], to: "file")
    let status = try place.status("file")
    try place.write([4, 5, 6], to: "new")
    try place.folder.rename(
      Array("new".utf8),
      to: place.folder,
      Array("file".utf8),
      replacing: .allow
    )
    let file = file(.patchedInPlace(status), size: 3)
    #expect { try file.openExisting() } throws: { ($0 as? FilesError)?.isStale ?? false }
    #expect { try file.open() } throws: { ($0 as? FilesError)?.isStale ?? false }
    #expect(try place.read("file") == [4, 5, 6])
  }

  @Test func `what is dropped unfinished leaves the old file and nothing else`() throws {
    try place.write([1, 2, 3], to: "file")
    do {
      let file = file(.patchedCopy(try place.status("file")), size: 3)
      try file.open().write([9].span, at: 0)
      #expect(try place.names.count == 2)
    }
    #expect(try place.names == ["file"])
    #expect(try place.read("file") == [1, 2, 3])
  }

  @Test func `a leftover of a killed restore is removed, one of a living is not`() throws {
    let dead = TemporaryName.make()
    _ = try place.folder.createFile(dead, mode: UnfinishedMark.mode)
    #expect(try TemporaryName.removeLeftover(dead, from: place.folder) == .removed)
    let file = file(.replacing, size: 1)
    _ = try file.open()
    let living = try #require(try place.folder.entries().map(\.name).first)
    #expect(TemporaryName.isOne(living))
    #expect(try TemporaryName.removeLeftover(living, from: place.folder) == .held)
    // Somebody's own file of such a name is not ours to remove.
    let foreign = TemporaryName.make()
    _ = try place.folder.createFile(foreign, mode: 0o644)
    #expect(try TemporaryName.removeLeftover(foreign, from: place.folder) == .foreign)
    #expect(try place.names.count == 2)
  }
}
