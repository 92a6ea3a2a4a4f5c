/// What a reader refuses.
///
/// Every case holds the offset of the byte at fault, counted from the first byte of the input.
/// Source: Formats/README.md §1.
package enum CBORError: Error, Equatable, Sendable {
  /// The input ends before the item does, or a count promises more than is left.
  case truncated(offset: Int, needed: UInt64, found: Int)
  /// A number has a shorter form.
  case notShortest(offset: Int)
  /// A string, array or map without a length.
  case indefiniteLength(offset: Int)
  /// A float, a tag, a simple value, or a reserved head.
  case unsupported(offset: Int, initialByte: UInt8)
  /// An item of another type than the one asked for.
  case unexpectedType(offset: Int, expected: CBORType, found: CBORType)
  /// A negative number where none may stand, or one beyond 64 signed bits.
  case outOfRange(offset: Int)
  /// A length or count beyond its limit.
  case tooLong(offset: Int, count: UInt64, limit: Int)
  /// A byte string of another length than its kind has.
  case wrongLength(offset: Int, count: Int, expected: Int)
  /// A text that is not UTF-8.
  case invalidText(offset: Int)
  /// A map key that is no unsigned integer.
  case keyNotUnsigned(offset: Int, found: CBORType)
  /// A map key that does not come after the one before it.
  case keyOrder(offset: Int, previous: UInt64, found: UInt64)
  /// A map key that the reader does not know.
  case unknownKey(offset: Int, key: UInt64)
  /// The value of a map key, or a part of it, was not read.
  case unreadValue(offset: Int)
  /// Arrays and maps within each other beyond the limit.
  case tooDeep(offset: Int, limit: Int)
  /// The input goes on after its last item.
  case trailingBytes(offset: Int, count: Int)
}

extension CBORError: CustomStringConvertible {
  package var description: String {
    switch self {
    case .truncated(let offset, let needed, let found):
      "truncated at \(offset): needs \(needed), found \(found)"
    case .notShortest(let offset): "number not in shortest form at \(offset)"
    case .indefiniteLength(let offset): "indefinite length at \(offset)"
    case .unsupported(let offset, let byte): "unsupported head \(byte) at \(offset)"
    case .unexpectedType(let offset, let expected, let found):
      "\(found) instead of \(expected) at \(offset)"
    case .outOfRange(let offset): "number out of range at \(offset)"
    case .tooLong(let offset, let count, let limit): "\(count) beyond limit \(limit) at \(offset)"
    case .wrongLength(let offset, let count, let expected):
      "\(count) bytes instead of \(expected) at \(offset)"
    case .invalidText(let offset): "text not UTF-8 at \(offset)"
    case .keyNotUnsigned(let offset, let found): "\(found) as map key at \(offset)"
    case .keyOrder(let offset, let previous, let found):
      "map key \(found) after \(previous) at \(offset)"
    case .unknownKey(let offset, let key): "unknown map key \(key) at \(offset)"
    case .unreadValue(let offset): "unread map value at \(offset)"
    case .tooDeep(let offset, let limit): "nesting deeper than \(limit) at \(offset)"
    case .trailingBytes(let offset, let count): "\(count) trailing bytes at \(offset)"
    }
  }
}
