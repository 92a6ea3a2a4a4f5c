import CoreTypes
import Sodium
import TestSupport
import Testing

@testable import Sealing

/// Each thing under a seal exchanged with that of another seal of the same key.
@Suite("Seals with one thing exchanged")
struct SealMatrixTests {
  let keyring: Keyring
  let opener: ObjectOpener

  init() throws {
    keyring = try makeKeyring()
    opener = try ObjectOpener(keyring: keyring)
  }

  @Test func `each field of a preamble is bound to directory and body`() throws {
    let first = try makeObject([[1], [2, 2]], keyring)
    let second = try makeObject([[3], [4, 4], [5]], keyring)
    let (one, other) = (first.preamble, second.preamble)
    var count = 0
    func expectRefused(_ preamble: ObjectPreamble, _ what: String) throws {
      #expect(preamble != one, "\(what)")
      #expect(throws: SealingError.self, "\(what): body") {
        try opener.openBody(first.body, preamble: preamble)
      }
      let sealed = first.head.dropFirst(ObjectPreamble.headPrefixByteCount)
      let head =
        ObjectPreamble.headMagic + preamble.bytes + PlainHash.of(first.body).bytes + sealed
      #expect(throws: SealingError.self, "\(what): directory") {
        try opener.directory(of: try ObjectHead(decoding: head))
      }
      count += 2
    }
    let stranger = try makeKeyring().currentDataKey.id
    for field in 0..<5 {
      try expectRefused(
        ObjectPreamble(
          keyID: field == 0 ? stranger : one.keyID,
          nonce: field == 1 ? other.nonce : one.nonce,
          commitment: field == 2 ? other.commitment : one.commitment,
          directoryByteCount: one.directoryByteCount + (field == 3 ? 64 : 0),
          bodyByteCount: one.bodyByteCount + (field == 4 ? 1024 : 0)
        ),
        "field \(field)"
      )
    }
    // Nonce and commitment agree: the other object's preamble as a whole.
    try expectRefused(other, "preamble")
    Cases.tell(.seals, count, "fields of a preamble exchanged")
  }

  @Test func `a directory, a body and their objects do not go together with others`() throws {
    let objects = try (1...6).map { try makeObject([[UInt8($0)], [UInt8($0), 9]], keyring) }
    var count = 0
    for (index, one) in objects.enumerated() {
      for (place, other) in objects.enumerated() where place != index {
        #expect(throws: SealingError.self) {
          try opener.openBody(other.body, preamble: one.preamble)
        }
        let prefix = one.head[..<ObjectPreamble.headPrefixByteCount]
        let mixed = prefix + other.head[ObjectPreamble.headPrefixByteCount...]
        #expect(throws: SealingError.self) {
          try opener.directory(of: try ObjectHead(decoding: Array(mixed)))
        }
        let opened = try opener.openBody(one.body, preamble: one.preamble)
        let naming = keyring.currentIdentityKey
        #expect(throws: SealingError.self) { try opened.prove(other.chunkIDs, naming: naming) }
        count += 3
      }
    }
    Cases.tell(.seals, count, "parts of objects exchanged")
  }

  @Test func `nothing that is sealed for one purpose opens for another`() throws {
    let tags = [
      DerivationTag.slotKEK, DerivationTag.slotCommitment, DerivationTag.slotWrap,
      DerivationTag.slotNote, DerivationTag.keyring, DerivationTag.objectDirectory,
      DerivationTag.objectBody, DerivationTag.objectCommitment, DerivationTag.nonce,
      DerivationTag.record, DerivationTag.dataChunk, DerivationTag.treeChunk,
      DerivationTag.nameSplit, DerivationTag.gear,
    ]
    let key = keyring.currentDataKey
    let nonce = HedgedNonce.make(key: key.secret, content: [1])
    var count = 0
    for (place, tag) in tags.enumerated() {
      var sealed: [UInt8] = []
      try AuthenticatedCipher.seal(
        [1, 2, 3].span,
        key: key.subkey(tag, nonce: nonce),
        nonce: nonce,
        associatedData: [9].span,
        appendingTo: &sealed
      )
      for (index, other) in tags.enumerated() {
        var opened: [UInt8] = []
        var isOpen = true
        do {
          try AuthenticatedCipher.open(
            sealed.span,
            key: key.subkey(other, nonce: nonce),
            nonce: nonce,
            associatedData: [9].span,
            appendingTo: &opened
          )
        } catch {
          isOpen = false
        }
        #expect(isOpen == (index == place), "\(place) as \(index)")
        count += 1
      }
    }
    // The same bytes have another name as another kind of chunk.
    for length in 0..<200 {
      let bytes = [UInt8](repeating: 7, count: length)
      let naming = keyring.currentIdentityKey
      let names = [ChunkKind.data, .tree].map { naming.chunkID(of: bytes.span, kind: $0) }
      #expect(names[0] != names[1], "\(length) bytes")
      count += 1
    }
    Cases.tell(.seals, count, "purposes exchanged, kinds of chunks exchanged")
  }

  @Test func `no nonce comes twice, for the same content neither`() {
    let key = keyring.currentDataKey
    let count = Cases.planned(Cases.build == .release ? 1_000_000 : 100_000)
    var seen: [UInt64] = []
    seen.reserveCapacity(count)
    for _ in 0..<count {
      let nonce = HedgedNonce.make(key: key.secret, content: [1, 2, 3])
      var word: UInt64 = 0
      for byte in nonce.prefix(8) { word = word << 8 | UInt64(byte) }
      seen.append(word)
    }
    // Eight bytes of 24: two of a million would be alike in one run of 30 million.
    #expect(Set(seen).count == count)
    Cases.tell(.seals, count, "nonces")
  }
}
