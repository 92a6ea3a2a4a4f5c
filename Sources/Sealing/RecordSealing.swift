import CoreTypes
import Sodium

/// Seals and opens the secret part of records.
///
/// Source: Formats/record-log.md §2.
package enum RecordSealing {
  /// A fresh nonce for one record.
  ///
  /// - Parameter clear: the clear part, encoded without nonce.
  package static func newNonce(key: DataKey, clear: [UInt8], content: [UInt8]) -> [UInt8] {
    HedgedNonce.make(key: key.secret, content: clear + content)
  }

  /// Seals `content` under `key`, bound to the record's clear part.
  package static func seal(
    _ content: [UInt8],
    key: DataKey,
    nonce: [UInt8],
    clear: [UInt8]
  ) throws(SealingError) -> [UInt8] {
    var plaintext = ByteWriter(capacity: content.count + 1024)
    plaintext.write(UInt32(content.count))
    plaintext.write(contentsOf: content)
    plaintext.writeZeros(
      Padding.padmé(plaintext.bytes.count, floor: 1024) - plaintext.bytes.count
    )
    var sealed: [UInt8] = []
    do {
      try AuthenticatedCipher.seal(
        plaintext.bytes.span,
        key: key.subkey(DerivationTag.record, nonce: nonce),
        nonce: nonce,
        associatedData: clear.span,
        appendingTo: &sealed
      )
    } catch {
      throw .library("sodium: \(error)")
    }
    return sealed
  }

  /// Opens what `seal` made.
  package static func open(
    _ sealed: [UInt8],
    key: DataKey,
    nonce: [UInt8],
    clear: [UInt8]
  ) throws(SealingError) -> [UInt8] {
    guard nonce.count == ObjectPreamble.nonceByteCount else {
      throw .malformed(what: "nonce of a record")
    }
    var plaintext: [UInt8] = []
    do {
      try AuthenticatedCipher.open(
        sealed.span,
        key: key.subkey(DerivationTag.record, nonce: nonce),
        nonce: nonce,
        associatedData: clear.span,
        appendingTo: &plaintext
      )
    } catch {
      throw .notAuthentic(what: "sealed part of a record")
    }
    do {
      var reader = ByteReader(plaintext)
      let count = Int(try reader.readUInt32())
      let content = Array(try reader.read(count))
      guard plaintext.count == Padding.padmé(4 + count, floor: 1024),
        try reader.read(reader.remaining).allSatisfy({ $0 == 0 })
      else { throw SealingError.malformed(what: "padding of a record") }
      return content
    } catch let error as SealingError {
      throw error
    } catch {
      throw .malformed(what: "sealed part of a record")
    }
  }
}
