/// The kinds of item that our subset of CBOR has.
package enum CBORType: Equatable, Sendable {
  case unsigned
  /// A number below zero.
  case negative
  case bytes
  case text
  case array
  case map
  case bool
  case null
}

/// Names from RFC 8949 §3 and Appendix B.
enum CBORHead {
  /// Major types, in the place where a head has them.
  static let unsigned: UInt8 = 0x00
  static let negative: UInt8 = 0x20
  static let bytes: UInt8 = 0x40
  static let text: UInt8 = 0x60
  static let array: UInt8 = 0x80
  static let map: UInt8 = 0xA0

  static let isFalse: UInt8 = 0xF4
  static let isTrue: UInt8 = 0xF5
  static let null: UInt8 = 0xF6

  /// The low five bits of a head: a value below 24, or how many bytes hold the value.
  static let argumentMask: UInt8 = 0x1F
  static let oneByte: UInt8 = 24
  static let twoBytes: UInt8 = 25
  static let fourBytes: UInt8 = 26
  static let eightBytes: UInt8 = 27
  static let indefinite: UInt8 = 31
}

/// Limits that hold for every structure.
///
/// Source: Formats/README.md §1.
package enum CBORLimits {
  /// Deepest nesting of arrays and maps.
  package static let depth = 16
}
