/// Builds fixed little-endian binary in an array.
package struct ByteWriter: Sendable {
  /// What was written so far.
  package private(set) var bytes: [UInt8]

  @inlinable
  package init(capacity: Int = 0) {
    self.init(appendingTo: [], capacity: capacity)
  }

  package init(appendingTo bytes: [UInt8], capacity: Int = 0) {
    self.bytes = bytes
    self.bytes.reserveCapacity(bytes.count + capacity)
  }

  package mutating func write(_ value: UInt8) { bytes.append(value) }
  package mutating func write(_ value: UInt16) { writeLittleEndian(value) }
  package mutating func write(_ value: UInt32) { writeLittleEndian(value) }
  package mutating func write(_ value: UInt64) { writeLittleEndian(value) }
  package mutating func write(_ digest: Digest) { digest.append(to: &bytes) }
  package mutating func write(contentsOf more: some Collection<UInt8>) {
    bytes.append(contentsOf: more)
  }

  /// Appends `count` zero bytes.
  package mutating func writeZeros(_ count: Int) {
    bytes.append(contentsOf: repeatElement(0, count: count))
  }

  private mutating func writeLittleEndian<Value: FixedWidthInteger & UnsignedInteger>(
    _ value: Value
  ) {
    var rest = value
    for _ in 0..<(Value.bitWidth / 8) {
      bytes.append(UInt8(truncatingIfNeeded: rest))
      rest >>= 8
    }
  }
}
