import CoreTypes
import Encoding
import Sodium
import TestSupport
import Testing

@testable import Sealing

@Suite("Key slots")
struct SlotTests {
  let bundle = CapabilityBundle()
  let recovery = RecoveryKey()
  let note = KeySlot.Note(label: "Küche", made: someTime)

  private func recoverySlot() throws -> KeySlot {
    try KeySlot(
      wrapping: bundle,
      secret: .recoveryKey(recovery.secret),
      repository: someRepository,
      note: note
    )
  }

  @Test func `a recovery key opens its slot and its note`() throws {
    let file = try recoverySlot().encoded
    let slot = try KeySlot(decoding: file)
    #expect(slot.encoded == file)
    #expect(slot.kind == .recoveryKey)
    let opened = try slot.open(with: .recoveryKey(recovery.secret), repository: someRepository)
    #expect(opened.rootSeed.copy() == bundle.rootSeed.copy())
    #expect(opened.keyringKey.copy() == bundle.keyringKey.copy())
    #expect(try slot.note(with: opened, repository: someRepository) == note)
  }

  @Test func `another recovery key, another repository and another kind are refused`() throws {
    let slot = try recoverySlot()
    let other = RepositoryID(PlainHash.of([1]))
    #expect(throws: SealingError.wrongSecret) {
      try slot.open(with: .recoveryKey(RecoveryKey().secret), repository: someRepository)
    }
    #expect(throws: SealingError.wrongSecret) {
      try slot.open(with: .recoveryKey(recovery.secret), repository: other)
    }
    #expect(throws: SealingError.wrongSecret) {
      try slot.open(with: .passphrase(recovery.secret, .least), repository: someRepository)
    }
    #expect(throws: SealingError.notAuthentic(what: "note of a slot")) {
      try slot.note(with: CapabilityBundle(), repository: someRepository)
    }
  }

  @Test func `a passphrase opens its slot, and another does not`() throws {
    let secret = SecretBytes(copying: Array("correct horse".utf8))
    let file = try KeySlot(
      wrapping: bundle,
      secret: .passphrase(secret, .least),
      repository: someRepository,
      note: note
    ).encoded
    let slot = try KeySlot(decoding: file)
    #expect(slot.kind == .passphrase(.least))
    let opened = try slot.open(with: .passphrase(secret, .least), repository: someRepository)
    #expect(opened.rootSeed.copy() == bundle.rootSeed.copy())
    let wrong = SecretBytes(copying: Array("correct horsf".utf8))
    #expect(throws: SealingError.wrongSecret) {
      try slot.open(with: .passphrase(wrong, .least), repository: someRepository)
    }
  }

  @Test func `every changed bit of a slot is refused before anything is derived`() throws {
    let file = try recoverySlot().encoded
    for bit in 0..<file.count * 8 {
      #expect(throws: SealingError.self, "bit \(bit)") {
        try KeySlot(decoding: file.flipping(bit: bit))
      }
    }
    Cases.tell(.flips, file.count * 8, "bits of a slot")
    // Past the outer headers, only the checksum can tell.
    #expect(throws: SealingError.damagedSlot) {
      try KeySlot(decoding: file.flipping(bit: (file.count - 1) * 8))
    }
  }

  @Test func `every shorter slot, and a longer one, is refused`() throws {
    let file = try recoverySlot().encoded
    for count in 0..<file.count {
      #expect(throws: SealingError.self, "\(count)") {
        try KeySlot(decoding: Array(file[..<count]))
      }
    }
    #expect(throws: SealingError.self) { try KeySlot(decoding: file + [0]) }
  }

  @Test func `unreasonable costs are refused before anything is derived`() throws {
    for (passes, kibibytes): (UInt64, UInt64) in [
      (0, 65_536), (2, 65_536), (21, 65_536), (.max, 65_536), (3, 0), (3, 65_535),
      (3, 4_194_305), (3, .max),
    ] {
      #expect(
        throws: SealingError.unreasonableDerivation(passes: passes, kibibytes: kibibytes)
      ) {
        try KeySlot(decoding: SlotTests.craft(passes: passes, kibibytes: kibibytes))
      }
    }
    for (passes, kibibytes): (UInt64, UInt64) in [(3, 65_536), (20, 4_194_304)] {
      let slot = try KeySlot(decoding: SlotTests.craft(passes: passes, kibibytes: kibibytes))
      let cost = try KeyDerivationCost(passes: passes, kibibytes: kibibytes)
      #expect(slot.kind == .passphrase(cost))
    }
  }

  @Test func `a label that is too long is cut, not refused`() throws {
    let long = String(repeating: "ä", count: 200)
    let slot = try KeySlot(
      wrapping: bundle,
      secret: .recoveryKey(recovery.secret),
      repository: someRepository,
      note: KeySlot.Note(label: long, made: someTime)
    )
    let label = try slot.note(with: bundle, repository: someRepository).label
    #expect(label == String(repeating: "ä", count: 64))
  }

  @Test func `slots of all labels have one size`() throws {
    let sizes = try ["", "a", String(repeating: "x", count: 128)].map { label in
      try KeySlot(
        wrapping: bundle,
        secret: .recoveryKey(recovery.secret),
        repository: someRepository,
        note: KeySlot.Note(label: label, made: someTime)
      ).encoded.count
    }
    #expect(Set(sizes).count == 1)
  }

  /// A slot file with the right checksum and this cost.
  private static func craft(passes: UInt64, kibibytes: UInt64) -> [UInt8] {
    var header = CBORWriter()
    header.mapHeader(7)
    for (key, value): (UInt64, UInt64) in [(1, 1), (2, 1)] {
      header.unsigned(key)
      header.unsigned(value)
    }
    header.unsigned(3)
    header.bytes([UInt8](repeating: 1, count: 16))
    header.unsigned(4)
    header.unsigned(passes)
    header.unsigned(5)
    header.unsigned(kibibytes)
    header.unsigned(6)
    header.bytes([UInt8](repeating: 2, count: 16))
    header.unsigned(7)
    header.bytes([UInt8](repeating: 3, count: 24))
    let parts = [header.bytes, [4], [5], [6]]
    var file = CBORWriter()
    file.arrayHeader(5)
    for part in parts { file.bytes(part) }
    file.bytes(Array(PlainHash.of(parts.flatMap(\.self)).bytes[..<16]))
    return file.bytes
  }
}

@Suite("A key that cannot be derived") struct DerivationFailureTests {
  @Test func `is told apart from a lack of memory`() {
    let cost = KeyDerivationCost.least
    #expect(
      SealingError(derivation: .outOfMemory, cost) == .derivationMemory(kibibytes: 64 << 10)
    )
    for reason in [
      SodiumError.wrongLength(what: "salt", count: 3), .outOfRange(what: "memory", value: 1),
      .start,
    ] {
      #expect(SealingError(derivation: reason, cost) == .library("Argon2id: \(reason)"))
    }
  }

  @Test func `says so when the salt is not one`() {
    let secret = SlotSecret.passphrase(SecretBytes(copying: [1, 2, 3]), .least)
    #expect(throws: SealingError.library("Argon2id: wrongLength(what: \"salt\", count: 3)")) {
      try secret.wrappingKey(salt: [1, 2, 3], kind: secret.kind)
    }
  }
}
