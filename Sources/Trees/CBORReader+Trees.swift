import CoreTypes
import Encoding

// The reads of this target: each says what went wrong as a `TreeError`.
extension CBORReader {
  mutating func number() throws(TreeError) -> UInt64 {
    do { return try readUnsigned() } catch { throw .malformed(error) }
  }

  mutating func signedNumber() throws(TreeError) -> Int64 {
    do { return try readSigned() } catch { throw .malformed(error) }
  }

  mutating func byteString(limit: Int) throws(TreeError) -> [UInt8] {
    do { return Array(try readBytes(limit: limit)) } catch { throw .malformed(error) }
  }

  mutating func string(limit: Int) throws(TreeError) -> String {
    do { return try readText(limit: limit) } catch { throw .malformed(error) }
  }

  mutating func chunkID() throws(TreeError) -> ChunkID {
    do { return ChunkID(try readDigest()) } catch { throw .malformed(error) }
  }

  mutating func array(limit: Int) throws(TreeError) -> Int {
    do { return try readArrayHeader(limit: limit) } catch { throw .malformed(error) }
  }

  mutating func array(exactly count: Int) throws(TreeError) {
    let found = try array(limit: count)
    guard found == count else { throw .elementCount(found) }
  }

  mutating func map(limit: Int) throws(TreeError) -> CBORMapKeys {
    do { return try beginMap(limit: limit) } catch { throw .malformed(error) }
  }

  mutating func nextKey(in map: inout CBORMapKeys) throws(TreeError) -> UInt64? {
    do { return try map.nextKey(&self) } catch { throw .malformed(error) }
  }

  /// Reads the next key, which must be `key`.
  mutating func expect(key: UInt64, in map: inout CBORMapKeys) throws(TreeError) {
    guard let found = try nextKey(in: &map) else { throw .missingKey(key) }
    guard found == key else {
      throw found > key ? TreeError.missingKey(key) : TreeError.unknownKey(found)
    }
  }

  /// Refuses any key that is left.
  mutating func expectEnd(of map: inout CBORMapKeys) throws(TreeError) {
    if let found = try nextKey(in: &map) { throw .unknownKey(found) }
  }

  func ended() throws(TreeError) {
    do { try finish() } catch { throw .malformed(error) }
  }

  mutating func totals() throws(TreeError) -> TreeTotals {
    try array(exactly: 3)
    return TreeTotals(files: try number(), bytes: try number(), entries: try number())
  }

  mutating func time() throws(TreeError) -> EntryTime {
    try array(exactly: 2)
    let seconds = try signedNumber()
    let nanoseconds = try number()
    guard nanoseconds < 1_000_000_000 else { throw .illegalTime(nanoseconds: nanoseconds) }
    return EntryTime(seconds: seconds, nanoseconds: UInt32(nanoseconds))
  }

  /// An array of [name, value], of at most `limit` of them.
  mutating func attributes(limit: Int) throws(TreeError) -> [EntryAttribute] {
    var attributes: [EntryAttribute] = []
    for _ in 0..<(try array(limit: limit)) {
      try array(exactly: 2)
      attributes.append(
        EntryAttribute(
          name: try byteString(limit: TreeLimits.nameByteCount),
          value: try byteString(limit: TreeLimits.attributeValueByteCount)
        )
      )
    }
    return attributes
  }

  /// An array of list items, of at most `limit` of them.
  mutating func items(limit: Int) throws(TreeError) -> [ChunkReference] {
    let count = try array(limit: limit)
    var items: [ChunkReference] = []
    items.reserveCapacity(count)
    for _ in 0..<count { items.append(try item()) }
    return items
  }

  private mutating func item() throws(TreeError) -> ChunkReference {
    let fields = try array(limit: 3)
    guard fields >= 2 else { throw .elementCount(fields) }
    let id = try chunkID()
    let length = try number()
    let repeats = fields == 3 ? try number() : 1
    // A repeat of one is said by leaving it away, and a repeat of zero is nothing.
    guard fields == 2 || repeats >= 2, let length = UInt32(exactly: length) else {
      throw .illegalItem(id, length: length, repeats: repeats)
    }
    return ChunkReference(id: id, length: length, repeats: repeats)
  }
}
