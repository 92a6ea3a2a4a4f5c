package import CoreTypes
import Encoding
package import Sodium

/// One key of the keyring, opened.
package struct OpenedKeyringEntry: Sendable {
  /// What the key is for.
  package enum Key: Sendable {
    case data(SecretBytes)
    case identity(naming: SecretBytes, cutting: SecretBytes)
  }

  package let id: KeyID
  package let made: PointInTime
  package let key: Key
}

/// Seals and opens the files of `keyring/`.
///
/// Source: Formats/keys.md §4.
package struct KeyringSealer: Sendable {
  private let repository: RepositoryID
  private let keyringKey: SecretBytes

  package init(repository: RepositoryID, keyringKey: SecretBytes) {
    self.repository = repository
    self.keyringKey = keyringKey
  }

  /// The file of a new random data key.
  package func newDataKey(made: PointInTime) throws(SealingError) -> [UInt8] {
    try seal(kind: 1, secret: RandomBytes.make(count: 32), made: made)
  }

  /// The file of a new random id key.
  package func newIdentityKey(made: PointInTime) throws(SealingError) -> [UInt8] {
    try seal(kind: 2, secret: RandomBytes.make(count: 64), made: made)
  }

  private func seal(
    kind: UInt64,
    secret: [UInt8],
    made: PointInTime
  ) throws(SealingError)
    -> [UInt8]
  {
    var header = CBORWriter()
    header.mapHeader(5)
    header.unsigned(1)
    header.unsigned(1)
    header.unsigned(2)
    header.unsigned(kind)
    header.unsigned(3)
    let id = RandomBytes.make(count: KeyID.byteCount)
    header.bytes(id)
    header.unsigned(4)
    let nonce = HedgedNonce.make(key: keyringKey, content: id + secret)
    header.bytes(nonce)
    header.unsigned(5)
    header.time(made)
    let context = repository.digest.bytes + header.bytes
    var sealed: [UInt8] = []
    do {
      try AuthenticatedCipher.seal(
        secret.span,
        key: entryKey(context),
        nonce: nonce,
        associatedData: context.span,
        appendingTo: &sealed
      )
    } catch {
      throw .library("sodium: \(error)")
    }
    var file = CBORWriter()
    file.arrayHeader(2)
    file.bytes(header.bytes)
    file.bytes(sealed)
    return file.bytes
  }

  /// Opens the file of one entry.
  package func open(_ file: [UInt8]) throws(SealingError) -> OpenedKeyringEntry {
    do {
      var reader = CBORReader(file)
      try reader.expectArray(2)
      let header = Array(try reader.readBytes(limit: 256))
      let sealed = Array(try reader.readBytes(limit: 256))
      try reader.finish()

      var fields = CBORReader(header)
      try fields.expectMap(5)
      try fields.expectKey(1)
      guard try fields.readUnsigned() == 1 else {
        throw SealingError.malformed(what: "version of a keyring entry")
      }
      try fields.expectKey(2)
      let kind = try fields.readUnsigned()
      try fields.expectKey(3)
      guard let id = KeyID(try fields.readBytes(limit: KeyID.byteCount)) else {
        throw SealingError.malformed(what: "key id")
      }
      try fields.expectKey(4)
      let nonce = Array(try fields.readBytes(limit: ObjectPreamble.nonceByteCount))
      try fields.expectKey(5)
      let made = try fields.readTime()
      try fields.finish()

      let context = repository.digest.bytes + header
      let secret = try openSecret(sealed, nonce: nonce, context: context)
      switch (kind, secret.count) {
      case (1, 32):
        return OpenedKeyringEntry(id: id, made: made, key: .data(SecretBytes(copying: secret)))
      case (2, 64):
        return OpenedKeyringEntry(
          id: id,
          made: made,
          key: .identity(
            naming: SecretBytes(copying: Array(secret[..<32])),
            cutting: SecretBytes(copying: Array(secret[32...]))
          )
        )
      default: throw SealingError.malformed(what: "kind of a keyring entry")
      }
    } catch let error as SealingError {
      throw error
    } catch {
      throw .malformed(what: "keyring entry")
    }
  }

  private func openSecret(
    _ sealed: [UInt8],
    nonce: [UInt8],
    context: [UInt8]
  )
    throws(SealingError) -> [UInt8]
  {
    guard nonce.count == ObjectPreamble.nonceByteCount else {
      throw .malformed(what: "nonce of a keyring entry")
    }
    var secret: [UInt8] = []
    do {
      try AuthenticatedCipher.open(
        sealed.span,
        key: entryKey(context),
        nonce: nonce,
        associatedData: context.span,
        appendingTo: &secret
      )
    } catch {
      throw .notAuthentic(what: "keyring entry")
    }
    return secret
  }

  private func entryKey(_ context: [UInt8]) -> SecretBytes {
    Blake2b.deriveSecret(
      key: keyringKey,
      personal: DerivationTag.keyring,
      byteCount: 32,
      context.span
    )
  }
}
