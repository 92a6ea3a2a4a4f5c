import Files
import Testing

@Suite("Open file") struct OpenFileTests {
  @Test func `what was written is read, from any place`() throws {
    let place = try Place()
    let file = try place.folder.createFile([0x66], mode: 0o600)
    let bytes = (0..<100_000).map { UInt8(truncatingIfNeeded: $0 &* 7) }
    try file.write(bytes.span, at: 0)
    #expect(try file.read(at: 0, upTo: bytes.count) == bytes)
    #expect(try file.read(at: 99_990, upTo: 50) == Array(bytes[99_990...]))
    #expect(try file.read(at: 200_000, upTo: 5).isEmpty)
    #expect(throws: FilesError.self) { try file.readAll(limit: 99_999) }
  }

  @Test func `holes are found where nothing was written`() throws {
    let place = try Place()
    let file = try place.folder.createFile([0x66], mode: 0o600)
    try file.truncate(to: 8 << 20)
    try file.write([1].span, at: 4 << 20)
    // A file system without holes says that everything is data.
    let data = try #require(try file.nextData(from: 0))
    #expect(data == 0 || data == 4 << 20)
    #expect(try file.nextHole(from: 4 << 20) ?? 0 > 4 << 20)
    #expect(try file.status().size == 8 << 20)
  }

  @Test func `extended attributes come back sorted, or the file system has none`() throws {
    let place = try Place()
    let file = try place.folder.createFile([0x66], mode: 0o600)
    guard AttributeProbe.canSet(on: file) else { return }
    let long = [UInt8](repeating: 7, count: 1000)
    try file.setExtendedAttribute(Array("user.a".utf8), long)
    let expected = [
      ExtendedAttribute(name: Array("user.a".utf8), value: long),
      ExtendedAttribute(name: Array("user.b".utf8), value: [2]),
    ]
    let found = try file.extendedAttributes().filter { $0.name.starts(with: Array("user.".utf8)) }
    #expect(found == expected)
    let named = try place.folder.extendedAttributes(of: [0x66])
    #expect(named.filter { $0.name.starts(with: Array("user.".utf8)) } == expected)
  }
}

@Suite("Temporary file and lock") struct TemporaryFileTests {
  @Test func `a file appears whole under its name, or not at all`() throws {
    let place = try Place()
    let file = try TemporaryFile(in: place.folder)
    try file.append([1, 2])
    try file.append([3])
    #expect(file.byteCount == 3)
    try file.publish(as: Array("name".utf8), in: place.folder, replacing: .refuse)
    #expect(try place.names == ["name"])
    #expect(try place.read("name") == [1, 2, 3])
    do {
      let other = try TemporaryFile(in: place.folder)
      try other.append([9])
    }
    #expect(try place.names == ["name"])
  }

  @Test func `a name that is taken is left as it is`() throws {
    let place = try Place()
    try place.write([1], to: "name")
    let file = try TemporaryFile(in: place.folder)
    #expect {
      try file.publish(as: Array("name".utf8), in: place.folder, replacing: .refuse)
    } throws: { ($0 as? FilesError)?.isExists == true }
    file.discard()
    #expect(try place.names == ["name"])
    #expect(try place.read("name") == [1])
  }

  @Test func `a lock is had by one handle at a time`() throws {
    let place = try Place()
    try place.write([], to: "lock")
    let name = Array("lock".utf8)
    let first = try #require(
      try AdvisoryLock.acquire(in: place.folder, name: name, waitMilliseconds: 0)
    )
    #expect(try AdvisoryLock.acquire(in: place.folder, name: name, waitMilliseconds: 0) == nil)
    first.release()
    #expect(try AdvisoryLock.acquire(in: place.folder, name: name, waitMilliseconds: 0) != nil)
  }

  @Test func `the lock of an unfinished file shows that its writer lives`() throws {
    let place = try Place()
    let file = try TemporaryFile(in: place.folder)
    let name = try #require(try place.folder.entries().first?.name)
    #expect(try AdvisoryLock.acquire(in: place.folder, name: name, waitMilliseconds: 0) == nil)
    file.discard()
    #expect(try place.names.isEmpty)
  }
}

/// Whether a file takes extended attributes.
private enum AttributeProbe {
  static func canSet(on file: OpenFile) -> Bool {
    do {
      try file.setExtendedAttribute(Array("user.b".utf8), [2])
      return true
    } catch {
      return !error.isUnsupported
    }
  }
}
