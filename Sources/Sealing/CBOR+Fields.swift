package import CoreTypes
package import Encoding

extension CBORWriter {
  /// Writes a moment as [seconds, nanoseconds].
  package mutating func time(_ time: PointInTime) {
    arrayHeader(2)
    signed(time.seconds)
    unsigned(UInt64(time.nanoseconds))
  }
}

extension CBORReader {
  /// Reads a moment and checks its nanoseconds.
  package mutating func readTime() throws -> PointInTime {
    try expectArray(2)
    let seconds = try readSigned()
    let nanoseconds = try readUnsigned()
    guard nanoseconds < 1_000_000_000 else { throw SealingError.malformed(what: "nanoseconds") }
    return PointInTime(seconds: seconds, nanoseconds: UInt32(nanoseconds))
  }

  /// Reads an array header of exactly `count`.
  package mutating func expectArray(_ count: Int) throws {
    guard try readArrayHeader(limit: count) == count else {
      throw SealingError.malformed(what: "length of an array")
    }
  }

  /// Reads a map header of exactly `count`.
  package mutating func expectMap(_ count: Int) throws {
    guard try readMapHeader(limit: count) == count else {
      throw SealingError.malformed(what: "size of a map")
    }
  }

  /// Reads one key of a map, which must be `key`.
  package mutating func expectKey(_ key: UInt64) throws {
    guard try readUnsigned() == key else { throw SealingError.malformed(what: "key of a map") }
  }
}
