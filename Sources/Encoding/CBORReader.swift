package import CoreTypes

/// Reads deterministic CBOR item by item, and builds no tree.
///
/// Source: RFC 8949 §4.2.1, Formats/README.md §1.
///
/// Whatever the caller asks for, the reader refuses numbers not in their shortest form, indefinite
/// lengths, floats, tags, map keys that are not ascending unsigned integers, nesting beyond 16, and
/// counts that the rest of the input cannot hold. Nothing is allocated before these checks.
/// After an error the position is undefined. A file of several items, one after another, is read by
/// asking until `isAtEnd`.
package struct CBORReader: Sendable {
  private let input: ArraySlice<UInt8>
  private var position: Int
  private var nesting = CBORNesting()

  package init(_ bytes: [UInt8]) { self.init(bytes[...]) }

  /// Reads a part of an array; offsets count from the start of that part.
  package init(_ bytes: ArraySlice<UInt8>) {
    input = bytes
    position = bytes.startIndex
  }

  /// Bytes read so far.
  package var offset: Int { position - input.startIndex }

  /// Bytes not read yet.
  package var remaining: Int { input.endIndex - position }

  package var isAtEnd: Bool { position == input.endIndex }

  /// Number of arrays and maps that still lack items.
  package var depth: Int { nesting.depth }

  /// Whether the next item is a map's key.
  var isAtKey: Bool { nesting.isAtKey }

  /// Ends the reading: open arrays or maps, and bytes that were not read, are refused.
  package func finish() throws(CBORError) {
    guard nesting.depth == 0 else { throw .truncated(offset: offset, needed: 1, found: remaining) }
    guard isAtEnd else { throw .trailingBytes(offset: offset, count: remaining) }
  }

  /// The type of the next item, which stays unread.
  package func peekType() throws(CBORError) -> CBORType {
    guard position < input.endIndex else { throw .truncated(offset: offset, needed: 1, found: 0) }
    return try CBORReader.type(of: input[position], at: offset)
  }

  // MARK: Numbers

  /// The next item, a number or a map key.
  package mutating func readUnsigned() throws(CBORError) -> UInt64 {
    let start = offset
    let isKey = nesting.isAtKey
    let value = try readHead(CBORHead.unsigned, .unsigned)
    guard isKey else {
      nesting.didPassItem()
      return value
    }
    if let last = nesting.lastKey, last >= value {
      throw .keyOrder(offset: start, previous: last, found: value)
    }
    nesting.didPassKey(value)
    return value
  }

  /// The next item, a number within 64 signed bits.
  package mutating func readSigned() throws(CBORError) -> Int64 {
    let start = offset
    guard try peekType() == .negative else {
      guard let value = Int64(exactly: try readUnsigned()) else { throw .outOfRange(offset: start) }
      return value
    }
    let complement = try readHead(CBORHead.negative, .negative)
    guard let value = Int64(exactly: complement) else { throw .outOfRange(offset: start) }
    nesting.didPassItem()
    return ~value
  }

  // MARK: Strings

  /// The next item, a byte string of at most `limit` bytes; shares the input's memory.
  package mutating func readBytes(limit: Int) throws(CBORError) -> ArraySlice<UInt8> {
    let count = try readCount(CBORHead.bytes, .bytes, limit: limit, bytesEach: 1)
    let content = input[position..<position + count]
    position += count
    nesting.didPassItem()
    return content
  }

  /// The next item, a byte string of exactly 32 bytes.
  package mutating func readDigest() throws(CBORError) -> Digest {
    let start = offset
    let content = try readBytes(limit: Digest.byteCount)
    guard content.count == Digest.byteCount else {
      throw .wrongLength(offset: start, count: content.count, expected: Digest.byteCount)
    }
    let first = content.startIndex
    return Digest(
      words: CBORReader.word(content, first),
      CBORReader.word(content, first + 8),
      CBORReader.word(content, first + 16),
      CBORReader.word(content, first + 24)
    )
  }

  /// The next item, a text of at most `limit` bytes, which must be UTF-8.
  package mutating func readText(limit: Int) throws(CBORError) -> String {
    let start = offset
    let count = try readCount(CBORHead.text, .text, limit: limit, bytesEach: 1)
    guard let text = String(validating: input[position..<position + count], as: UTF8.self) else {
      throw .invalidText(offset: start)
    }
    position += count
    nesting.didPassItem()
    return text
  }

  // MARK: Simple values

  /// The next item, a truth value.
  package mutating func readBool() throws(CBORError) -> Bool {
    try expectSimple(.bool)
    defer { position += 1 }
    nesting.didPassItem()
    return input[position] == CBORHead.isTrue
  }

  /// The next item, the value that stands for none.
  package mutating func readNull() throws(CBORError) {
    try expectSimple(.null)
    position += 1
    nesting.didPassItem()
  }

  // MARK: Arrays and maps

  /// The head of an array of at most `limit` items; its items come next.
  package mutating func readArrayHeader(limit: Int) throws(CBORError) -> Int {
    try readOpening(CBORHead.array, .array, limit: limit)
  }

  /// The head of a map of at most `limit` keys; its keys and values come next.
  package mutating func readMapHeader(limit: Int) throws(CBORError) -> Int {
    try readOpening(CBORHead.map, .map, limit: limit)
  }

  /// The head of a map of at most `limit` keys, and what walks its keys.
  package mutating func beginMap(limit: Int) throws(CBORError) -> CBORMapKeys {
    let count = try readMapHeader(limit: limit)
    return CBORMapKeys(count: count, reader: self)
  }

  // MARK: Skipping

  /// Reads one item of any type and forgets it; its form is checked like any other's.
  ///
  /// - Parameter depthLimit: deepest nesting within that item, at most 16 together with what is
  ///   open around it.
  package mutating func skipValue(depthLimit: Int = CBORLimits.depth) throws(CBORError) {
    let outside = nesting.depth
    repeat {
      let start = offset
      switch try peekType() {
      case .unsigned: _ = try readUnsigned()
      case .negative: try skipNegative()
      case .bytes: _ = try readBytes(limit: .max)
      case .text: _ = try readText(limit: .max)
      case .array: _ = try readArrayHeader(limit: .max)
      case .map: _ = try readMapHeader(limit: .max)
      case .bool: _ = try readBool()
      case .null: try readNull()
      }
      guard nesting.depth - outside <= depthLimit else {
        throw .tooDeep(offset: start, limit: depthLimit)
      }
    } while nesting.depth > outside
  }
}

extension CBORReader {
  /// A whole negative number is legal where it is skipped, whether or not it fits 64 signed bits.
  private mutating func skipNegative() throws(CBORError) {
    _ = try readHead(CBORHead.negative, .negative)
    nesting.didPassItem()
  }

  private mutating func readOpening(
    _ head: UInt8,
    _ type: CBORType,
    limit: Int
  )
    throws(CBORError) -> Int
  {
    let start = offset
    let isMap = type == .map
    let count = try readCount(head, type, limit: limit, bytesEach: isMap ? 2 : 1)
    guard count == 0 || !nesting.isFull else {
      throw .tooDeep(offset: start, limit: CBORLimits.depth)
    }
    // Cannot overflow: a map's count is at most half of the bytes left.
    nesting.didOpen(itemCount: UInt64(isMap ? 2 * count : count), isMap: isMap)
    return count
  }

  /// Reads a head that counts things, of which each takes at least `bytesEach` bytes.
  private mutating func readCount(
    _ head: UInt8,
    _ type: CBORType,
    limit: Int,
    bytesEach: UInt64
  ) throws(CBORError) -> Int {
    let start = offset
    let count = try readHead(head, type)
    guard let result = Int(exactly: count), result <= limit else {
      throw .tooLong(offset: start, count: count, limit: limit)
    }
    let (needed, overflows) = count.multipliedReportingOverflow(by: bytesEach)
    guard !overflows, needed <= UInt64(remaining) else {
      throw .truncated(offset: start, needed: overflows ? .max : needed, found: remaining)
    }
    return result
  }

  private func expectSimple(_ type: CBORType) throws(CBORError) {
    let found = try peekType()
    guard !nesting.isAtKey else { throw .keyNotUnsigned(offset: offset, found: found) }
    guard found == type else {
      throw .unexpectedType(offset: offset, expected: type, found: found)
    }
  }

  /// Reads a head of the given major type and returns its argument; only a number may be a map key.
  @inline(__always)
  private mutating func readHead(
    _ head: UInt8,
    _ type: CBORType
  )
    throws(CBORError) -> UInt64
  {
    guard position < input.endIndex else { throw .truncated(offset: offset, needed: 1, found: 0) }
    let initial = input[position]
    guard initial & ~CBORHead.argumentMask == head, type == .unsigned || !nesting.isAtKey else {
      throw try unexpected(initial, expected: type)
    }
    let argument = initial & CBORHead.argumentMask
    guard argument >= CBORHead.oneByte else {
      position += 1
      return UInt64(argument)
    }
    return try readArgument(initial)
  }

  private mutating func readArgument(_ initial: UInt8) throws(CBORError) -> UInt64 {
    let start = offset
    let width: Int
    let least: UInt64
    switch initial & CBORHead.argumentMask {
    case CBORHead.oneByte: (width, least) = (1, UInt64(CBORHead.oneByte))
    case CBORHead.twoBytes: (width, least) = (2, 0x100)
    case CBORHead.fourBytes: (width, least) = (4, 0x1_0000)
    case CBORHead.eightBytes: (width, least) = (8, 0x1_0000_0000)
    case CBORHead.indefinite where initial & 0xE0 >= CBORHead.bytes:
      throw .indefiniteLength(offset: start)
    default: throw .unsupported(offset: start, initialByte: initial)
    }
    guard remaining > width else {
      throw .truncated(offset: start, needed: UInt64(width + 1), found: remaining)
    }
    var value: UInt64 = 0
    for index in position + 1...position + width { value = value << 8 | UInt64(input[index]) }
    guard value >= least else { throw .notShortest(offset: start) }
    position += width + 1
    return value
  }

  /// Why an item is not of the type that was asked for.
  private func unexpected(_ initial: UInt8, expected: CBORType) throws(CBORError) -> CBORError {
    let found = try CBORReader.type(of: initial, at: offset)
    if nesting.isAtKey, found != .unsigned { return .keyNotUnsigned(offset: offset, found: found) }
    return .unexpectedType(offset: offset, expected: expected, found: found)
  }

  /// The type that a first byte stands for.
  ///
  /// Source: RFC 8949 Appendix B.
  private static func type(of initial: UInt8, at offset: Int) throws(CBORError) -> CBORType {
    switch initial {
    case 0x00...0x1B: return .unsigned
    case 0x20...0x3B: return .negative
    case 0x40...0x5B: return .bytes
    case 0x60...0x7B: return .text
    case 0x80...0x9B: return .array
    case 0xA0...0xBB: return .map
    case CBORHead.isFalse, CBORHead.isTrue: return .bool
    case CBORHead.null: return .null
    case 0x5F, 0x7F, 0x9F, 0xBF: throw .indefiniteLength(offset: offset)
    default: throw .unsupported(offset: offset, initialByte: initial)
    }
  }

  /// Eight bytes as a big-endian number.
  private static func word(_ bytes: ArraySlice<UInt8>, _ start: Int) -> UInt64 {
    var word: UInt64 = 0
    for index in start..<start + 8 { word = word << 8 | UInt64(bytes[index]) }
    return word
  }
}
