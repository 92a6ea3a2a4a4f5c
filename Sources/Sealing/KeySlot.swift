package import CoreTypes
import Encoding
import Sodium

/// A way into the repository: the capability bundle, wrapped under a passphrase or a recovery key.
///
/// Source: Formats/keys.md §3.
package struct KeySlot: Sendable {
  /// How the wrapping key is made.
  package enum Kind: Equatable, Sendable {
    case passphrase(KeyDerivationCost)
    case recoveryKey
  }

  /// What a person sees of a slot, readable for whoever can open any slot.
  package struct Note: Equatable, Sendable {
    package let label: String
    package let made: PointInTime

    package init(label: String, made: PointInTime) {
      self.label = label
      self.made = made
    }
  }

  package let kind: Kind
  package let id: ShortIdentity
  private let header: [UInt8]
  private let salt: [UInt8]
  private let nonce: [UInt8]
  private let wrapped: [UInt8]
  private let commitment: [UInt8]
  private let sealedNote: [UInt8]

  /// Wraps `bundle` under a secret; the note's label is cut to 128 bytes.
  package init(
    wrapping bundle: CapabilityBundle,
    secret: SlotSecret,
    repository: RepositoryID,
    note: Note
  ) throws(SealingError) {
    let salt = RandomBytes.make(count: 16)
    let id = RandomBytes.make(count: ShortIdentity.byteCount)
    guard let identity = ShortIdentity(id) else { throw .malformed(what: "slot id") }
    self.id = identity
    kind = secret.kind
    self.salt = salt
    let wrappingKey = try secret.wrappingKey(salt: salt, kind: secret.kind)
    let nonce = HedgedNonce.make(key: wrappingKey, content: id + salt + bundle.encoded())
    self.nonce = nonce
    header = KeySlot.encodeHeader(kind: secret.kind, id: id, salt: salt, nonce: nonce)
    let context = repository.digest.bytes + header
    commitment = KeySlot.commitment(wrappingKey, context)
    var wrapped: [UInt8] = []
    let noteNonce = HedgedNonce.make(
      key: bundle.keyringKey,
      content: id + KeySlot.encodeNote(note)
    )
    var sealedNote = noteNonce
    do {
      try AuthenticatedCipher.seal(
        bundle.encoded().span,
        key: KeySlot.wrapKey(wrappingKey, context),
        nonce: nonce,
        associatedData: context.span,
        appendingTo: &wrapped
      )
      try AuthenticatedCipher.seal(
        KeySlot.encodeNote(note).span,
        key: KeySlot.noteKey(bundle, repository: repository, id: id),
        nonce: noteNonce,
        associatedData: id.span,
        appendingTo: &sealedNote
      )
    } catch {
      throw .library("sodium: \(error)")
    }
    self.wrapped = wrapped
    self.sealedNote = sealedNote
  }

  /// The file.
  package var encoded: [UInt8] {
    var writer = CBORWriter()
    writer.arrayHeader(5)
    for part in [header, wrapped, commitment, sealedNote] { writer.bytes(part) }
    writer.bytes(KeySlot.checksum([header, wrapped, commitment, sealedNote]))
    return writer.bytes
  }

  /// Reads a slot's file: shape, checksum and the range of its parameters.
  package init(decoding file: [UInt8]) throws(SealingError) {
    do {
      var reader = CBORReader(file)
      try reader.expectArray(5)
      header = Array(try reader.readBytes(limit: 256))
      wrapped = Array(try reader.readBytes(limit: 512))
      commitment = Array(try reader.readBytes(limit: Digest.byteCount))
      sealedNote = Array(try reader.readBytes(limit: 512))
      let checksum = Array(try reader.readBytes(limit: 16))
      try reader.finish()
      guard checksum == KeySlot.checksum([header, wrapped, commitment, sealedNote]) else {
        throw SealingError.damagedSlot
      }
      var fields = CBORReader(header)
      let count = try fields.readMapHeader(limit: 7)
      try fields.expectKey(1)
      guard try fields.readUnsigned() == 1 else {
        throw SealingError.malformed(what: "version of a slot")
      }
      try fields.expectKey(2)
      let kindNumber = try fields.readUnsigned()
      try fields.expectKey(3)
      guard let id = ShortIdentity(try fields.readBytes(limit: ShortIdentity.byteCount)) else {
        throw SealingError.malformed(what: "slot id")
      }
      self.id = id
      switch (kindNumber, count) {
      case (1, 7):
        try fields.expectKey(4)
        let passes = try fields.readUnsigned()
        try fields.expectKey(5)
        kind = .passphrase(
          try KeyDerivationCost(passes: passes, kibibytes: try fields.readUnsigned())
        )
      case (2, 5): kind = .recoveryKey
      default: throw SealingError.malformed(what: "kind of a slot")
      }
      try fields.expectKey(6)
      salt = Array(try fields.readBytes(limit: 16))
      try fields.expectKey(7)
      nonce = Array(try fields.readBytes(limit: ObjectPreamble.nonceByteCount))
      try fields.finish()
      guard salt.count == 16, nonce.count == ObjectPreamble.nonceByteCount else {
        throw SealingError.malformed(what: "salt of a slot")
      }
    } catch let error as SealingError {
      throw error
    } catch {
      throw .damagedSlot
    }
  }

  /// Opens the slot; `wrongSecret` if this secret is not its own.
  package func open(
    with secret: SlotSecret,
    repository: RepositoryID
  ) throws(SealingError)
    -> CapabilityBundle
  {
    let context = repository.digest.bytes + header
    let wrappingKey = try secret.wrappingKey(salt: salt, kind: kind)
    guard constantTimeEqual(KeySlot.commitment(wrappingKey, context), commitment) else {
      throw .wrongSecret
    }
    var plaintext: [UInt8] = []
    do {
      try AuthenticatedCipher.open(
        wrapped.span,
        key: KeySlot.wrapKey(wrappingKey, context),
        nonce: nonce,
        associatedData: context.span,
        appendingTo: &plaintext
      )
    } catch {
      throw .notAuthentic(what: "content of a slot")
    }
    return try CapabilityBundle(decoding: plaintext)
  }

  /// The note, for a client that has opened some slot of the repository.
  package func note(
    with bundle: CapabilityBundle,
    repository: RepositoryID
  )
    throws(SealingError) -> Note
  {
    let nonceCount = ObjectPreamble.nonceByteCount
    guard sealedNote.count > nonceCount else { throw .malformed(what: "note of a slot") }
    var plaintext: [UInt8] = []
    do {
      try AuthenticatedCipher.open(
        Array(sealedNote[nonceCount...]).span,
        key: KeySlot.noteKey(bundle, repository: repository, id: id.bytes),
        nonce: Array(sealedNote[..<nonceCount]),
        associatedData: id.bytes.span,
        appendingTo: &plaintext
      )
      var reader = CBORReader(try LengthPrefixed.unpad(plaintext))
      try reader.expectMap(2)
      try reader.expectKey(1)
      let label = try reader.readText(limit: 128)
      try reader.expectKey(2)
      let made = try reader.readTime()
      try reader.finish()
      return Note(label: label, made: made)
    } catch {
      throw .notAuthentic(what: "note of a slot")
    }
  }

  private static func encodeHeader(
    kind: Kind,
    id: [UInt8],
    salt: [UInt8],
    nonce: [UInt8]
  )
    -> [UInt8]
  {
    var writer = CBORWriter()
    switch kind {
    case .passphrase(let cost):
      writer.mapHeader(7)
      writer.unsigned(1)
      writer.unsigned(1)
      writer.unsigned(2)
      writer.unsigned(1)
      writer.unsigned(3)
      writer.bytes(id)
      writer.unsigned(4)
      writer.unsigned(UInt64(cost.passes))
      writer.unsigned(5)
      writer.unsigned(UInt64(cost.kibibytes))
    case .recoveryKey:
      writer.mapHeader(5)
      writer.unsigned(1)
      writer.unsigned(1)
      writer.unsigned(2)
      writer.unsigned(2)
      writer.unsigned(3)
      writer.bytes(id)
    }
    writer.unsigned(6)
    writer.bytes(salt)
    writer.unsigned(7)
    writer.bytes(nonce)
    return writer.bytes
  }

  private static func encodeNote(_ note: Note) -> [UInt8] {
    var label = note.label
    while label.utf8.count > 128 { label.removeLast() }
    var writer = CBORWriter()
    writer.mapHeader(2)
    writer.unsigned(1)
    writer.text(label)
    writer.unsigned(2)
    writer.time(note.made)
    return LengthPrefixed.pad(writer.bytes, to: CapabilityBundle.paddedByteCount)
  }

  private static func commitment(_ key: SecretBytes, _ context: [UInt8]) -> [UInt8] {
    Digest(
      Blake2b.keyed256(key: key, personal: DerivationTag.slotCommitment, context.span)
    ).bytes
  }

  private static func wrapKey(_ key: SecretBytes, _ context: [UInt8]) -> SecretBytes {
    Blake2b.deriveSecret(
      key: key,
      personal: DerivationTag.slotWrap,
      byteCount: 32,
      context.span
    )
  }

  private static func noteKey(
    _ bundle: CapabilityBundle,
    repository: RepositoryID,
    id: [UInt8]
  )
    -> SecretBytes
  {
    Blake2b.deriveSecret(
      key: bundle.keyringKey,
      personal: DerivationTag.slotNote,
      byteCount: 32,
      (repository.digest.bytes + id).span
    )
  }

  private static func checksum(_ parts: [[UInt8]]) -> [UInt8] {
    Array(PlainHash.of(parts.flatMap(\.self)).bytes[..<16])
  }
}
