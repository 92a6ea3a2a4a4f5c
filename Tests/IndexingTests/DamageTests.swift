import TestSupport
import CoreTypes
import LMDB
import Packing
import Testing

@testable import Indexing

@Suite("Damaged index files")
struct DamageTests {
  let folder: TemporaryFolder

  init() throws {
    folder = try TemporaryFolder()
    let index = try ObjectIndex(path: folder.path, store: try storeID(1))
    try index.insert(pack(1), places: (0..<3000).map { place($0) })
  }

  /// What opening and then reading everything gives.
  private func error() throws -> IndexingError? {
    let store = try storeID(1)
    do throws(IndexingError) {
      let index = try ObjectIndex(path: folder.path, store: store)
      for number in UInt64(0)..<3000 { _ = try index.location(of: object(number)) }
      return nil
    } catch {
      return error
    }
  }

  @Test func `a sound file has no damage`() throws {
    #expect(try error() == nil)
  }

  @Test func `a file that was cut short is damage`() throws {
    let sound = try folder.read("data.mdb")
    for count in [1, 100, 4096, 8191, 8192, 12_288, sound.count / 2, sound.count - 4096] {
      try folder.write(Array(sound[..<count]), to: "data.mdb")
      #expect(try error()?.isDamage == true, "\(count)")
    }
  }

  @Test func `garbage is damage`() throws {
    let count = try folder.read("data.mdb").count
    for byte: UInt8 in [0, 0x41, 0xFF] {
      try folder.write([UInt8](repeating: byte, count: count), to: "data.mdb")
      #expect(try error()?.isDamage == true, "\(byte)")
    }
  }

  @Test func `an empty file is a new index`() throws {
    try folder.write([], to: "data.mdb")
    #expect(try error() == nil)
  }

  @Test func `only damage asks for a new file`() {
    let path = "somewhere"
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
