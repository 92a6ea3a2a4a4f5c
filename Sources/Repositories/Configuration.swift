package import CoreTypes
package import Chunking
import Encoding
import Sealing
package import Sodium

/// A repository's identity and fixed parameters.
///
/// Source: Formats/configuration.md.
package struct Configuration: Equatable, Sendable {
  static let formatName = "kist"
  static let version: UInt64 = 1
  private static let signaturePrefix = Array("kist configuration 1\n".utf8)
  private static let identityPrefix = Array("kist repository 1\n".utf8)

  /// Ed25519, 32 bytes.
  package let rootPublicKey: [UInt8]
  package let chunking: ChunkingParameters
  package let made: PointInTime
  /// Features that a program must know to write.
  package let readOnlyCompatible: [String]

  package init(rootPublicKey: [UInt8], chunking: ChunkingParameters, made: PointInTime) {
    self.rootPublicKey = rootPublicKey
    self.chunking = chunking
    self.made = made
    readOnlyCompatible = []
  }

  /// Hash of the format's name and the root key.
  package var repositoryID: RepositoryID {
    RepositoryID(PlainHash.of(Configuration.identityPrefix + rootPublicKey))
  }

  /// The file, signed by the root key.
  package func encoded(rootKey: SigningKey) -> [UInt8] {
    var payload = CBORWriter()
    payload.mapHeader(8)
    payload.unsigned(1)
    payload.text(Configuration.formatName)
    payload.unsigned(2)
    payload.unsigned(Configuration.version)
    payload.unsigned(3)
    payload.bytes(rootPublicKey)
    for key in UInt64(4)...6 {
      payload.unsigned(key)
      payload.arrayHeader(0)
    }
    payload.unsigned(7)
    payload.arrayHeader(3)
    for size in [chunking.minimum, chunking.average, chunking.maximum] {
      payload.unsigned(UInt64(size))
    }
    payload.unsigned(8)
    payload.time(made)
    var file = CBORWriter()
    file.arrayHeader(2)
    file.bytes(payload.bytes)
    file.bytes(rootKey.sign(Configuration.signaturePrefix + payload.bytes))
    return file.bytes
  }

  /// Reads and proves a file.
  package init(decoding file: [UInt8]) throws(RepositoryError) {
    do {
      var reader = CBORReader(file)
      try reader.expectArray(2)
      let payload = Array(try reader.readBytes(limit: 65_536))
      let signature = Array(try reader.readBytes(limit: 64))
      try reader.finish()
      var fields = CBORReader(payload)
      let count = try fields.readMapHeader(limit: 32)
      try fields.expectKey(1)
      guard try fields.readText(limit: 64) == Configuration.formatName else {
        throw RepositoryError.damagedConfiguration(reason: "not a Kist configuration")
      }
      try fields.expectKey(2)
      let version = try fields.readUnsigned()
      guard version == Configuration.version, count == 8 else {
        throw RepositoryError.unsupported(version: version, features: [])
      }
      try fields.expectKey(3)
      rootPublicKey = Array(try fields.readBytes(limit: 32))
      // Unknown compatible features are what their name says.
      _ = try Configuration.features(4, &fields)
      readOnlyCompatible = try Configuration.features(5, &fields)
      let incompatible = try Configuration.features(6, &fields)
      guard incompatible.isEmpty else {
        throw RepositoryError.unsupported(version: version, features: incompatible)
      }
      try fields.expectKey(7)
      try fields.expectArray(3)
      let sizes = [
        try fields.readUnsigned(), try fields.readUnsigned(), try fields.readUnsigned(),
      ]
      try fields.expectKey(8)
      made = try fields.readTime()
      try fields.finish()
      guard
        SigningKey.verify(
          signature: signature,
          message: Configuration.signaturePrefix + payload,
          publicKey: rootPublicKey
        )
      else { throw RepositoryError.damagedConfiguration(reason: "wrong signature") }
      guard sizes.allSatisfy({ $0 <= UInt64(ObjectLimits.plaintextByteCount) }) else {
        throw RepositoryError.damagedConfiguration(reason: "chunk sizes")
      }
      chunking = try ChunkingParameters(
        minimum: Int(sizes[0]),
        average: Int(sizes[1]),
        maximum: Int(sizes[2])
      )
    } catch let error as RepositoryError {
      throw error
    } catch {
      throw .damagedConfiguration(reason: "\(error)")
    }
  }

  private static func features(_ key: UInt64, _ fields: inout CBORReader) throws -> [String] {
    try fields.expectKey(key)
    let count = try fields.readArrayHeader(limit: 64)
    var names: [String] = []
    for _ in 0..<count { names.append(try fields.readText(limit: 64)) }
    return names
  }
}

extension Configuration {
  /// Throws if the repository has features that this program may only read around.
  package func requireWritable() throws(RepositoryError) {
    guard readOnlyCompatible.isEmpty else {
      throw .unsupported(version: Configuration.version, features: readOnlyCompatible)
    }
  }
}
