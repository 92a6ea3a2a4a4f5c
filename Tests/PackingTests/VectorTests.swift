import CoreTypes
import Sealing
import Sodium
import Storage
import TestSupport
import Testing

@testable import Packing

/// Formats/pack.md, and the objects of Formats/object.md inside packs.
@Suite("Vectors of packs")
struct VectorTests {
  private let keyring: Keyring
  private let example: [UInt8]

  init() throws {
    let repository = RepositoryID(try #require(Digest(try Vectors.secret("repository-id"))))
    let sealer = KeyringSealer(
      repository: repository,
      keyringKey: SecretBytes(copying: try Vectors.secret("keyring-key"))
    )
    let entries = try Vectors.files(in: "repository/keyring").map { try sealer.open($0.bytes) }
    keyring = try #require(Keyring(repository: repository, entries: entries))
    example = try Vectors.file("pack/example.bin")
  }

  /// The name that a pack's trailer gives it.
  private func name(of pack: [UInt8]) -> PackID {
    let count = pack.suffix(16).prefix(4).reversed().reduce(0) { $0 << 8 | Int($1) }
    return PackID(PlainHash.of(Array(pack.suffix(count))))
  }

  private func report(
    _ pack: [UInt8],
    named name: PackID,
    _ keyring: Keyring?
  )
    throws -> PackReport
  {
    let store = try makeMemoryStore()
    try store.put(pack, as: BlobName(.pack, name.digest))
    return try PackVerifier(store: store, keyring: keyring).verify(name)
  }

  /// A pack of one object, whatever is wrong with it.
  private func pack(_ object: [UInt8], headByteCount: Int) -> (bytes: [UInt8], id: ObjectID) {
    let (head, body) = (Array(object[..<headByteCount]), Array(object[headByteCount...]))
    let id = ObjectID(PlainHash.of(head))
    let trailer = PackTrailer.encode([(id: id, head: head.count, body: body.count)])
    let stub = ObjectPreamble.stubMagic + head[4..<ObjectPreamble.stubByteCount]
    return (PackTrailer.header + stub + body + head + trailer, id)
  }

  @Test func `the packs of the vectors are sound, with and without keys`() throws {
    let id = name(of: example)
    #expect(try Vectors.text("pack.md").contains("name: \(id)\n"))
    for keyring in [nil, keyring] {
      let report = try report(example, named: id, keyring)
      #expect(report.findings == [] && report.objectCount == 1)
      #expect(report.byteCount == example.count)
    }
    for shard in try Vectors.names(in: "repository/packs") {
      for (file, bytes) in try Vectors.files(in: "repository/packs/" + shard) {
        #expect(name(of: bytes).description == file && file.hasPrefix(shard))
        #expect(try report(bytes, named: name(of: bytes), keyring).findings == [])
      }
    }
  }

  @Test func `packs that must be refused are refused for their reason`() throws {
    let id = name(of: example)
    let object = ObjectID(PlainHash.of(Array(example[4216..<4416])))
    let reasons: [String: (finding: PackingError, isLost: Bool)] = [
      "shorter-than-48-bytes": (.damagedTrailer(id, reason: "47 bytes long"), false),
      "start-magic": (.damagedTrailer(id, reason: "its first 16 bytes are damaged"), false),
      "start-version": (.damagedTrailer(id, reason: "its first 16 bytes are damaged"), false),
      "stub-damaged": (
        .damagedStub(object, pack: id), false
      ),
      "body-damaged": (
        .damagedObject(
          object,
          pack: id,
          reason: "its body does not have the hash that its head names"
        ),
        true
      ),
      "head-damaged": (
        .damagedObject(object, pack: id, reason: "its head does not hash to its id"), true
      ),
      "trailer-damaged": (
        .damagedTrailer(id, reason: "its hash is not the pack's name"), false
      ),
      "end-zero": (.damagedTrailer(id, reason: "no trailer at the end"), false),
      "end-magic": (.damagedTrailer(id, reason: "no trailer at the end"), false),
      "truncated": (.wrongLength(id, expected: 4488, found: 4487), false),
      "grown": (.wrongLength(id, expected: 4488, found: 4489), false),
      "trailer-alone": (.wrongLength(id, expected: 4488, found: 72), false),
    ]
    let vectors = try Vectors.bytes("pack/refused.txt")
    #expect(Set(vectors.map(\.name)) == Set(reasons.keys))
    for (name, pack) in vectors {
      let reason = try #require(reasons[name])
      for keyring in [nil, keyring] {
        let report = try report(pack, named: id, keyring)
        #expect(report.findings == [reason.finding], "\(name)")
        #expect(report.lost == (reason.isLost ? [object] : []), "\(name)")
      }
    }
  }

  @Test func `packs whose trailer has the right hash, and is wrong, are refused`() throws {
    let reasons = [
      "trailer-magic": "wrong start or version", "trailer-version": "wrong start or version",
      "trailer-count": "wrong number of objects", "no-object": "no trailer at the end",
      "same-object-twice": "impossible object", "body-beyond-its-limit": "impossible object",
      "length-of-head": nil, "length-of-body": nil, "one-line-too-many": nil,
    ]
    let vectors = try Vectors.bytes("pack/refused-under-their-own-name.txt")
    #expect(Set(vectors.map(\.name)) == Set(reasons.keys))
    for (what, pack) in vectors {
      let id = name(of: pack)
      let found = try #require(try report(pack, named: id, nil).findings.first, "\(what)")
      if let reason = try #require(reasons[what]) {
        #expect(found == .damagedTrailer(id, reason: reason), "\(what)")
      } else {
        guard case .wrongLength = found else {
          Issue.record("\(what): \(found)")
          continue
        }
      }
    }
  }

  @Test func `an object that must be refused is lost to whoever has the keys`() throws {
    for (name, object) in try Vectors.bytes("object/refused.txt") {
      // The head is as long as its preamble says, so that the pack itself is in order.
      let stated =
        object.count < 88 ? 0 : object[80..<84].reversed().reduce(0) { $0 << 8 | Int($1) }
      let headByteCount = 120 + stated
      guard object.count > headByteCount else { continue }
      let (bytes, id) = pack(object, headByteCount: headByteCount)
      let report = try report(bytes, named: self.name(of: bytes), keyring)
      #expect(report.lost == [id], "\(name)")
      #expect(report.findings.count == 1, "\(name)")
      if name == "kinds-disagree" {
        let error = SealingError.malformed(what: "directory unlike its body")
        #expect(report.findings == [.sealed(id, pack: self.name(of: bytes), error)])
      }
    }
  }
}
