/// The input ended before a field did.
package struct TruncatedInput: Error, Equatable, Sendable {
  /// Bytes that the field needed, and that were left.
  package let needed: Int
  package let found: Int

  package init(needed: Int, found: Int) {
    self.needed = needed
    self.found = found
  }
}

/// Reads fixed little-endian binary from an array, and never past its end.
package struct ByteReader: Sendable {
  private let bytes: ArraySlice<UInt8>
  private var position: Int

  package init(_ bytes: [UInt8]) { self.init(bytes[...]) }

  package init(_ bytes: ArraySlice<UInt8>) {
    self.bytes = bytes
    position = bytes.startIndex
  }

  /// Bytes not read yet.
  package var remaining: Int { bytes.endIndex - position }

  package mutating func readUInt8() throws(TruncatedInput) -> UInt8 { try readLittleEndian() }
  package mutating func readUInt16() throws(TruncatedInput) -> UInt16 { try readLittleEndian() }
  package mutating func readUInt32() throws(TruncatedInput) -> UInt32 { try readLittleEndian() }
  package mutating func readUInt64() throws(TruncatedInput) -> UInt64 { try readLittleEndian() }

  /// The next 32 bytes.
  package mutating func readDigest() throws(TruncatedInput) -> Digest {
    let slice = try read(Digest.byteCount)
    guard let digest = Digest(slice) else {
      throw TruncatedInput(needed: Digest.byteCount, found: slice.count)
    }
    return digest
  }

  /// The next `count` bytes; shares the array's storage.
  package mutating func read(_ count: Int) throws(TruncatedInput) -> ArraySlice<UInt8> {
    guard count >= 0, count <= remaining else {
      throw TruncatedInput(needed: count, found: remaining)
    }
    defer { position += count }
    return bytes[position..<position + count]
  }

  private mutating func readLittleEndian<Value: FixedWidthInteger & UnsignedInteger>()
    throws(TruncatedInput) -> Value
  {
    let width = Value.bitWidth / 8
    guard width <= remaining else { throw TruncatedInput(needed: width, found: remaining) }
    var value: Value = 0
    for index in 0..<width {
      value |= Value(truncatingIfNeeded: bytes[position + index]) &<< Value(8 * index)
    }
    position += width
    return value
  }
}
