package import CoreTypes

// A key and its value in one call.
extension CBORWriter {
  /// Writes a key and a number.
  package mutating func field(_ key: UInt64, _ value: UInt64) {
    unsigned(key)
    unsigned(value)
  }

  /// Writes a key and a number that may be below zero.
  package mutating func field(_ key: UInt64, signed value: Int64) {
    unsigned(key)
    signed(value)
  }

  /// Writes a key and a byte string.
  package mutating func field(_ key: UInt64, _ content: [UInt8]) {
    unsigned(key)
    bytes(content)
  }

  /// Writes a key and a byte string.
  package mutating func field(_ key: UInt64, _ content: ArraySlice<UInt8>) {
    unsigned(key)
    bytes(content)
  }

  /// Writes a key and a byte string of 32 bytes.
  package mutating func field(_ key: UInt64, _ digest: Digest) {
    unsigned(key)
    bytes(digest)
  }

  /// Writes a key and a byte string of 16 bytes.
  package mutating func field(_ key: UInt64, _ identity: ShortIdentity) {
    unsigned(key)
    bytes(identity)
  }

  /// Writes a key and a text.
  package mutating func field(_ key: UInt64, _ content: String) {
    unsigned(key)
    text(content)
  }

  /// Writes a key and a truth value.
  package mutating func field(_ key: UInt64, _ value: Bool) {
    unsigned(key)
    bool(value)
  }

  /// Writes a key and the head of an array of `count` items, which must follow.
  package mutating func field(_ key: UInt64, arrayOf count: Int) {
    unsigned(key)
    arrayHeader(count)
  }

  /// Writes a key and the head of a map of `count` keys, which must follow.
  package mutating func field(_ key: UInt64, mapOf count: Int) {
    unsigned(key)
    mapHeader(count)
  }
}
