import CoreTypes
import Encoding
package import Sodium

/// What a slot wraps: the means to do everything that its rights say.
///
/// Source: Formats/keys.md §3.
package struct CapabilityBundle: Sendable {
  /// Read, write and administer.
  static let allRights: UInt64 = 7
  static let paddedByteCount = 256

  /// Seed of the Ed25519 root key, 32 bytes.
  package let rootSeed: SecretBytes
  /// Key of the keyring, 32 bytes.
  package let keyringKey: SecretBytes

  /// A new repository's secrets.
  package init() {
    rootSeed = SecretBytes(random: 32)
    keyringKey = SecretBytes(random: 32)
  }

  /// The 256 bytes that are wrapped.
  func encoded() -> [UInt8] {
    var writer = CBORWriter()
    writer.mapHeader(3)
    writer.unsigned(1)
    writer.unsigned(CapabilityBundle.allRights)
    writer.unsigned(2)
    writer.bytes(rootSeed.copy())
    writer.unsigned(3)
    writer.bytes(keyringKey.copy())
    return LengthPrefixed.pad(writer.bytes, to: CapabilityBundle.paddedByteCount)
  }

  init(decoding bytes: [UInt8]) throws(SealingError) {
    do {
      var reader = CBORReader(try LengthPrefixed.unpad(bytes))
      try reader.expectMap(3)
      try reader.expectKey(1)
      guard try reader.readUnsigned() == CapabilityBundle.allRights else {
        throw SealingError.malformed(what: "rights of a slot: made by a newer program")
      }
      try reader.expectKey(2)
      let seed = Array(try reader.readBytes(limit: 32))
      try reader.expectKey(3)
      let key = Array(try reader.readBytes(limit: 32))
      try reader.finish()
      guard seed.count == 32, key.count == 32 else {
        throw SealingError.malformed(what: "secrets of a slot")
      }
      rootSeed = SecretBytes(copying: seed)
      keyringKey = SecretBytes(copying: key)
    } catch let error as SealingError {
      throw error
    } catch {
      throw .malformed(what: "content of a slot")
    }
  }
}

/// u16 length ‖ content ‖ zeros: plaintexts that always have one size.
///
/// Source: Formats/keys.md §3.
enum LengthPrefixed {
  static func pad(_ content: [UInt8], to byteCount: Int) -> [UInt8] {
    precondition(content.count + 2 <= byteCount)
    var writer = ByteWriter(capacity: byteCount)
    writer.write(UInt16(content.count))
    writer.write(contentsOf: content)
    writer.writeZeros(byteCount - writer.bytes.count)
    return writer.bytes
  }

  static func unpad(_ bytes: [UInt8]) throws(SealingError) -> [UInt8] {
    var reader = ByteReader(bytes)
    do {
      let count = Int(try reader.readUInt16())
      let content = Array(try reader.read(count))
      guard try reader.read(reader.remaining).allSatisfy({ $0 == 0 }) else {
        throw SealingError.malformed(what: "padding of a slot")
      }
      return content
    } catch let error as SealingError {
      throw error
    } catch {
      throw .malformed(what: "length inside a slot")
    }
  }
}
