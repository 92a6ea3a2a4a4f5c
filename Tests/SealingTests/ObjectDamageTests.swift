import CoreTypes
import Sodium
import TestSupport
import Testing

@testable import Sealing

@Suite("Damaged and exchanged objects")
struct ObjectDamageTests {
  let keyring: Keyring
  let object: SealedObject
  let opener: ObjectOpener

  init() throws {
    keyring = try makeKeyring()
    object = try makeObject(
      [Array("first chunk".utf8), Array(repeating: 9, count: 3000)],
      keyring
    )
    opener = try ObjectOpener(keyring: keyring)
  }

  @Test func `every changed bit of a head changes its id, and no keyed reader accepts it`() throws {
    let hashRange = (4 + ObjectPreamble.byteCount)..<ObjectPreamble.headPrefixByteCount
    for bit in 0..<object.head.count * 8 {
      let damaged = object.head.flipping(bit: bit)
      do {
        let head = try ObjectHead(decoding: damaged)
        #expect(head.id != object.id, "bit \(bit)")
        _ = try opener.directory(of: head)
        // The hash of the body is for machines without keys; nothing but the id covers it.
        #expect(hashRange.contains(bit / 8), "bit \(bit)")
        #expect(head.bodyHash != PlainHash.of(object.body))
      } catch {
        #expect(!hashRange.contains(bit / 8), "bit \(bit)")
      }
    }
    Cases.tell(.flips, object.head.count * 8, "bits of a head")
  }

  @Test func `every changed bit of a body is refused`() throws {
    for bit in 0..<object.body.count * 8 {
      let damaged = object.body.flipping(bit: bit)
      #expect(throws: SealingError.notAuthentic(what: "body of an object"), "bit \(bit)") {
        try opener.openBody(damaged, preamble: object.preamble)
      }
    }
    Cases.tell(.flips, object.body.count * 8, "bits of a body")
  }

  @Test func `every changed bit of a preamble keeps its body from opening`() throws {
    let bytes = object.preamble.bytes
    for bit in 0..<bytes.count * 8 {
      #expect(throws: SealingError.self, "bit \(bit)") {
        let preamble = try ObjectPreamble(decoding: bytes.flipping(bit: bit)[...])
        _ = try opener.openBody(object.body, preamble: preamble)
      }
    }
  }

  @Test func `another keyring does not know the key`() throws {
    let other = try ObjectOpener(keyring: try makeKeyring())
    let id = keyring.currentDataKey.id
    #expect(throws: SealingError.unknownKey(id)) {
      try other.openBody(object.body, preamble: object.preamble)
    }
    #expect(throws: SealingError.unknownKey(id)) {
      try other.directory(of: try ObjectHead(decoding: object.head))
    }
  }

  @Test func `another key of the same id does not match the commitment`() throws {
    let stranger = try makeKeyring()
    let entries = [
      OpenedKeyringEntry(
        id: keyring.currentDataKey.id,
        made: someTime,
        key: .data(stranger.currentDataKey.secret)
      ),
      try identityEntry(),
    ]
    let mixed = try #require(Keyring(repository: someRepository, entries: entries))
    let opener = try ObjectOpener(keyring: mixed)
    #expect(throws: SealingError.commitmentMismatch) {
      try opener.openBody(object.body, preamble: object.preamble)
    }
  }

  @Test func `the same key in another repository opens nothing`() throws {
    let entries = [
      OpenedKeyringEntry(
        id: keyring.currentDataKey.id,
        made: someTime,
        key: .data(keyring.currentDataKey.secret)
      ),
      try identityEntry(),
    ]
    let other = RepositoryID(PlainHash.of(Array("another repository".utf8)))
    let moved = try #require(Keyring(repository: other, entries: entries))
    let opener = try ObjectOpener(keyring: moved)
    #expect(throws: SealingError.commitmentMismatch) {
      try opener.openBody(object.body, preamble: object.preamble)
    }
  }

  @Test func `exchanged bodies are refused`() throws {
    let other = try makeObject([Array(repeating: 8, count: 3000)], keyring)
    #expect(other.body.count == object.body.count)
    #expect(throws: SealingError.notAuthentic(what: "body of an object")) {
      try opener.openBody(other.body, preamble: object.preamble)
    }
    #expect(throws: SealingError.notAuthentic(what: "body of an object")) {
      try opener.openBody(object.body, preamble: other.preamble)
    }
  }

  @Test func `every shorter head and body is refused`() throws {
    for count in 0..<object.head.count {
      #expect(throws: SealingError.self, "\(count)") {
        try ObjectHead(decoding: Array(object.head[..<count]))
      }
    }
    for count in 0..<object.body.count {
      #expect(throws: SealingError.malformed(what: "length of a body"), "\(count)") {
        try opener.openBody(Array(object.body[..<count]), preamble: object.preamble)
      }
    }
    for count in 0..<ObjectPreamble.byteCount {
      #expect(throws: SealingError.malformed(what: "preamble, cut short"), "\(count)") {
        // The two first bytes decide whether the rest is looked at.
        try ObjectPreamble(decoding: object.preamble.bytes[..<count])
      }
    }
  }

  @Test func `longer heads and bodies are refused`() throws {
    #expect(throws: SealingError.malformed(what: "length of a head")) {
      try ObjectHead(decoding: object.head + [0])
    }
    #expect(throws: SealingError.malformed(what: "length of a body")) {
      try opener.openBody(object.body + [0], preamble: object.preamble)
    }
  }

  @Test func `sizes beyond the limits are refused`() throws {
    for (directory, body) in [
      (ObjectLimits.sealedDirectoryByteCount + 1, 4112), (80, ObjectLimits.bodyByteCount + 1),
      (80, Int(UInt32.max)), (16, 4112), (80, 16), (0, 0),
    ] {
      let preamble = ObjectPreamble(
        keyID: keyring.currentDataKey.id,
        nonce: object.preamble.nonce,
        commitment: object.preamble.commitment,
        directoryByteCount: directory,
        bodyByteCount: body
      )
      #expect(throws: SealingError.self, "\(directory) \(body)") {
        try ObjectPreamble(decoding: preamble.bytes[...])
      }
    }
  }

  private func identityEntry() throws -> OpenedKeyringEntry {
    let sealer = KeyringSealer(repository: someRepository, keyringKey: .init(random: 32))
    return try sealer.open(try sealer.newIdentityKey(made: someTime))
  }
}
