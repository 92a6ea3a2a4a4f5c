import Encoding

/// What the key of a keyring entry is for, as its header says in the clear.
///
/// Source: Formats/keys.md §4.
package enum KeyringEntryPurpose: UInt64, CaseIterable, Sendable {
  /// It seals objects.
  case data = 1
  /// It names chunks, and cuts files.
  case identity = 2

  /// Reads it from the file of an entry, without opening what is sealed there.
  package init(ofEntry file: [UInt8]) throws(SealingError) {
    do {
      var reader = CBORReader(file)
      try reader.expectArray(2)
      let header = Array(try reader.readBytes(limit: 256))
      _ = try reader.readBytes(limit: 256)
      try reader.finish()
      var fields = CBORReader(header)
      try fields.expectMap(5)
      try fields.expectKey(1)
      guard try fields.readUnsigned() == 1 else {
        throw SealingError.malformed(what: "version of a keyring entry")
      }
      try fields.expectKey(2)
      guard let purpose = KeyringEntryPurpose(rawValue: try fields.readUnsigned()) else {
        throw SealingError.malformed(what: "kind of a keyring entry")
      }
      self = purpose
    } catch let error as SealingError {
      throw error
    } catch {
      throw .malformed(what: "keyring entry")
    }
  }
}
