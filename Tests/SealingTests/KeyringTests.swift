import CoreTypes
import Sodium
import TestSupport
import Testing

@testable import Sealing

@Suite("Keyring")
struct KeyringTests {
  let sealer = KeyringSealer(
    repository: someRepository,
    keyringKey: SecretBytes(random: 32)
  )

  @Test func `entries open to keys of their kind`() throws {
    let data = try sealer.open(try sealer.newDataKey(made: someTime))
    let identity = try sealer.open(try sealer.newIdentityKey(made: someTime))
    #expect(data.made == someTime)
    guard case .data(let secret) = data.key, case .identity(let naming, let cutting) = identity.key
    else {
      Issue.record("wrong kinds")
      return
    }
    #expect([secret.count, naming.count, cutting.count] == [32, 32, 32])
    #expect(naming.copy() != cutting.copy())
    #expect(data.id != identity.id)
  }

  @Test func `every changed bit and every cut of an entry is refused`() throws {
    for file in [
      try sealer.newDataKey(made: someTime), try sealer.newIdentityKey(made: someTime),
    ] {
      for bit in 0..<file.count * 8 {
        #expect(throws: SealingError.self, "bit \(bit)") {
          try sealer.open(file.flipping(bit: bit))
        }
      }
      Cases.tell(.flips, file.count * 8, "bits of an entry of the keyring")
      for count in 0..<file.count {
        #expect(throws: SealingError.self, "\(count)") { try sealer.open(Array(file[..<count])) }
      }
      #expect(throws: SealingError.self) { try sealer.open(file + [0]) }
    }
  }

  @Test func `another keyring key and another repository open nothing`() throws {
    let file = try sealer.newDataKey(made: someTime)
    let key = SecretBytes(random: 32)
    let sound = KeyringSealer(repository: someRepository, keyringKey: key)
    let mine = try sound.newDataKey(made: someTime)
    let elsewhere = KeyringSealer(repository: RepositoryID(PlainHash.of([1])), keyringKey: key)
    for (sealer, file) in [(sound, file), (elsewhere, mine)] {
      #expect(throws: SealingError.notAuthentic(what: "keyring entry")) { try sealer.open(file) }
    }
  }

  @Test func `writers take the newest keys, readers all of them`() throws {
    let old = try sealer.open(try sealer.newDataKey(made: PointInTime(seconds: 1)))
    let new = try sealer.open(try sealer.newDataKey(made: PointInTime(seconds: 2)))
    let names = try sealer.open(try sealer.newIdentityKey(made: PointInTime(seconds: 0)))
    for entries in [[old, new, names], [names, new, old]] {
      let keyring = try #require(Keyring(repository: someRepository, entries: entries))
      #expect(keyring.currentDataKey.id == new.id)
      #expect(keyring.dataKey(old.id)?.id == old.id)
      #expect(keyring.identityKey(names.id)?.id == names.id)
      #expect(keyring.dataKey(names.id) == nil)
    }
  }

  @Test func `a keyring without a data key or an id key is none`() throws {
    let data = try sealer.open(try sealer.newDataKey(made: someTime))
    let names = try sealer.open(try sealer.newIdentityKey(made: someTime))
    for entries in [[], [data], [names]] {
      #expect(Keyring(repository: someRepository, entries: entries) == nil)
    }
  }
}

@Suite("Sealed parts of records")
struct RecordSealingTests {
  @Test func `content of any length comes back`() throws {
    let key = try makeKeyring().currentDataKey
    for count in [0, 1, 1019, 1020, 1021, 5000] {
      let content = randomBytes(count, seed: UInt64(count))
      let nonce = RecordSealing.newNonce(key: key, clear: [1, 2], content: content)
      let sealed = try RecordSealing.seal(content, key: key, nonce: nonce, clear: [1, 2])
      #expect(sealed.count == Padding.padmé(4 + count, floor: 1024) + 16)
      #expect(try RecordSealing.open(sealed, key: key, nonce: nonce, clear: [1, 2]) == content)
    }
  }

  @Test func `another clear part, key or nonce, and any changed bit, are refused`() throws {
    let key = try makeKeyring().currentDataKey
    let nonce = RecordSealing.newNonce(key: key, clear: [1], content: [7])
    let again = RecordSealing.newNonce(key: key, clear: [1], content: [7])
    #expect(nonce != again)
    let sealed = try RecordSealing.seal([7], key: key, nonce: nonce, clear: [1])
    let refusal = SealingError.notAuthentic(what: "sealed part of a record")
    #expect(throws: refusal) {
      try RecordSealing.open(sealed, key: key, nonce: nonce, clear: [2])
    }
    let other = try makeKeyring().currentDataKey
    #expect(throws: refusal) {
      try RecordSealing.open(sealed, key: other, nonce: nonce, clear: [1])
    }
    #expect(throws: refusal) {
      try RecordSealing.open(sealed, key: key, nonce: again, clear: [1])
    }
    #expect(throws: SealingError.malformed(what: "nonce of a record")) {
      try RecordSealing.open(sealed, key: key, nonce: [1, 2, 3], clear: [1])
    }
    for bit in 0..<sealed.count * 8 {
      #expect(throws: refusal, "bit \(bit)") {
        try RecordSealing.open(sealed.flipping(bit: bit), key: key, nonce: nonce, clear: [1])
      }
    }
    Cases.tell(.flips, sealed.count * 8, "bits of the sealed part of a record")
    for count in 0..<sealed.count {
      #expect(throws: SealingError.self, "\(count)") {
        try RecordSealing.open(Array(sealed[..<count]), key: key, nonce: nonce, clear: [1])
      }
    }
  }
}
