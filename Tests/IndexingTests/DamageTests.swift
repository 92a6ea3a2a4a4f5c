import TestSupport
import CoreTypes
import LMDB
import Packing
import Testing

@testable import Indexing

@Suite("Damaged caches")
struct DamageTests {
  let folder: TemporaryFolder
  let path: String

  init() throws {
    folder = try TemporaryFolder()
    path = folder.path + "/stores/one"
    try open().insert(pack(1), places: (0..<3000).map { place($0) })
  }

  private func open() throws -> ObjectIndex {
    try ObjectIndex(path: path, store: try storeID(1))
  }

  private func requireAnew(_ comment: Comment) throws {
    #expect(try open().objectCount() == 0, comment)
    #expect(try folder.names("stores/one") == ["data.mdb", "lock.mdb"], comment)
    #expect(try folder.names("stores") == ["one"], comment)
  }

  @Test func `a sound file keeps its rows`() throws {
    #expect(try open().objectCount() == 3000)
    try open().file.prove()
  }

  @Test func `a file that was cut short is made anew`() throws {
    let sound = try folder.read("stores/one/data.mdb")
    for count in [1, 100, 4096, 8191, 8192, 12_288, sound.count / 2, sound.count - 4096] {
      try folder.write(Array(sound[..<count]), to: "stores/one/data.mdb")
      try requireAnew("\(count)")
    }
  }

  @Test func `garbage is made anew`() throws {
    let count = try folder.read("stores/one/data.mdb").count
    for byte: UInt8 in [0, 0x41, 0xFF] {
      try folder.write([UInt8](repeating: byte, count: count), to: "stores/one/data.mdb")
      try requireAnew("\(byte)")
    }
  }

  @Test func `an empty file is a new index`() throws {
    try folder.write([], to: "stores/one/data.mdb")
    #expect(try open().objectCount() == 0)
  }

  @Test func `a file that is marked is made anew, once`() throws {
    try folder.write([], to: "stores/one/\(CacheFaults.mark)")
    // What a process left there that was stopped while it did the same.
    try folder.makeFolder("stores/one.damaged")
    try folder.write([1], to: "stores/one.damaged/data.mdb")
    try requireAnew("marked")
    try open().insert(pack(1), places: [place(1)])
    #expect(try open().objectCount() == 1)
  }

  @Test func `whoever has a file open keeps it when it is made anew`() throws {
    let first = try open()
    try folder.write([], to: "stores/one/\(CacheFaults.mark)")
    let second = try open()
    #expect(try first.objectCount() == 3000)
    #expect(try second.objectCount() == 0)
    try first.insert(pack(2), places: [place(5000)])
    try second.insert(pack(3), places: [place(6000)])
    #expect(try first.objectCount() == 3001)
    #expect(try second.objectCount() == 1)
    #expect(try second.location(of: object(5000)) == nil)
  }

  @Test func `damage that is found is marked, and the next opening makes the file anew`() throws {
    do {
      let index = try open()
      let key = object(1).digest.bytes
      try index.file.write { try $0.put([1, 2, 3], for: key, in: index.file.tables[0]) }
      #expect(throws: IndexingError.malformedRow(path: path)) {
        try index.location(of: object(1))
      }
      #expect(try index.location(of: object(2)) != nil)
    }
    #expect(try folder.names("stores/one").contains(CacheFaults.mark))
    try requireAnew("malformed row")
  }

  @Test func `a key with a flipped bit is found by the proof, and by no reader before it`() throws {
    var bytes = try folder.read("stores/one/data.mdb")
    let key = object(1234).digest.bytes
    let start = try #require(bytes.indices.first { bytes[$0...].starts(with: key) })
    bytes[start + 31] ^= 0x40
    try folder.write(bytes, to: "stores/one/data.mdb")
    do {
      let index = try open()
      #expect(try index.location(of: object(1234)) == nil)
      #expect(throws: IndexingError.self) { try index.file.prove() }
    }
    try requireAnew("flipped bit")
  }

  @Test func `only damage asks for a new file`() {
    #expect(IndexingError.malformedRow(path: path).isDamage)
    #expect(IndexingError.database(path: path, .damaged("meta page")).isDamage)
    for error in [
      IndexingError.database(path: path, .full), .database(path: path, .noSpace),
      .networkFileSystem(path: path), .packing(.wrongLength(pack(1), expected: 1, found: 2)),
    ] {
      #expect(!error.isDamage)
    }
  }
}
