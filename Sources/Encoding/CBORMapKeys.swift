/// Walks the keys of a map that a reader has begun.
///
///     var map = try reader.beginMap(limit: 32)
///     while let key = try map.nextKey(&reader) {
///       switch key {
///       case 1: name = try reader.readText(limit: 64)
///       default: throw map.unknownKey
///       }
///     }
///
/// The value must be read whole, or skipped with `CBORReader.skipValue`, before the next key is
/// asked for: an unknown key can never be passed over by mistake.
package struct CBORMapKeys: Sendable {
  /// Keys in the whole map.
  package let count: Int
  private var keysLeft: Int
  /// How many arrays and maps are open while this one is.
  private let depth: Int
  private var key: UInt64 = 0
  private var keyOffset: Int

  init(count: Int, reader: CBORReader) {
    self.count = count
    keysLeft = count
    depth = reader.depth
    keyOffset = reader.offset
  }

  /// The next key, or `nil` after the last.
  package mutating func nextKey(_ reader: inout CBORReader) throws(CBORError) -> UInt64? {
    guard keysLeft > 0 else {
      // A map is closed by its last value; one without keys was never open.
      guard count == 0 || reader.depth < depth else { throw .unreadValue(offset: reader.offset) }
      return nil
    }
    guard reader.depth == depth, reader.isAtKey else {
      throw .unreadValue(offset: reader.offset)
    }
    keyOffset = reader.offset
    key = try reader.readUnsigned()
    keysLeft -= 1
    return key
  }

  /// The error for the current key, when the caller does not know it.
  package var unknownKey: CBORError { .unknownKey(offset: keyOffset, key: key) }
}
