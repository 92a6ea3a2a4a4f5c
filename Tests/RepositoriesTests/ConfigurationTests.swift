import Chunking
import CoreTypes
import TestSupport
import Testing

@testable import Repositories

@Suite("Configuration")
struct ConfigurationTests {
  let root = Root()

  @Test func `a configuration reads back`() throws {
    let read = try Configuration(decoding: root.configuration.encoded(rootKey: root.key))
    #expect(read == root.configuration)
    #expect(read.repositoryID == root.configuration.repositoryID)
  }

  @Test func `every changed bit is refused`() {
    let file = root.configuration.encoded(rootKey: root.key)
    for bit in 0..<file.count * 8 {
      var damaged = file
      damaged[bit / 8] ^= 1 << UInt8(bit % 8)
      #expect(throws: RepositoryError.self, "bit \(bit)") { try Configuration(decoding: damaged) }
    }
    Cases.tell(.flips, file.count * 8, "bits of a configuration")
  }

  @Test func `every cut, and more bytes, are refused`() {
    let file = root.configuration.encoded(rootKey: root.key)
    for count in 0..<file.count {
      #expect(throws: RepositoryError.self, "\(count)") {
        try Configuration(decoding: Array(file[..<count]))
      }
    }
    #expect(throws: RepositoryError.self) { try Configuration(decoding: file + [0]) }
  }

  @Test func `a configuration signed by another key is refused`() {
    let file = root.configuration.encoded(rootKey: Root().key)
    #expect(throws: RepositoryError.self) { try Configuration(decoding: file) }
  }

  @Test func `two root keys make two repositories`() {
    #expect(Root().configuration.repositoryID != root.configuration.repositoryID)
  }
}

@Suite("Manifests")
struct ManifestTests {
  @Test func `ids read back`() throws {
    for count in [0, 1, 2, 1000] {
      let ids = (0..<UInt64(count)).map { ObjectID(digest($0)) }.sorted()
      let bytes = Manifest.encode(ids[...])
      #expect(bytes.count == 12 + 32 * count)
      #expect(Array(try Manifest.decode(bytes)) == ids)
    }
  }

  @Test func `unsorted, doubled and cut manifests are refused`() {
    let (low, high) = (ObjectID(digest(1)), ObjectID(digest(2)))
    for ids in [[high, low], [low, low]] {
      #expect(throws: RecordError.malformed("manifest not sorted")) {
        try Manifest.decode(Manifest.encode(ids[...]))
      }
    }
    let bytes = Manifest.encode([low, high])
    for count in 0..<bytes.count {
      #expect(throws: RecordError.self, "\(count)") {
        try Manifest.decode(Array(bytes[..<count]))
      }
    }
    #expect(throws: RecordError.self) { try Manifest.decode(bytes + [0]) }
    for bit in 0..<12 * 8 {
      var damaged = bytes
      damaged[bit / 8] ^= 1 << UInt8(bit % 8)
      #expect(throws: RecordError.self, "bit \(bit)") { try Manifest.decode(damaged) }
    }
  }
}
