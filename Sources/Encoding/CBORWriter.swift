package import CoreTypes

/// Appends deterministic CBOR to an array that it owns.
///
/// Source: RFC 8949 §4.2.1, Formats/README.md §1.
///
/// Map keys are unsigned integers and the caller writes them in ascending order: nothing is sorted
/// here. Debug builds trap on a key out of order, on a key of another type, and on nesting deeper
/// than 16; `isComplete` tells whether every array and map got all of its items.
package struct CBORWriter: Sendable {
  /// What was written so far.
  package private(set) var bytes: [UInt8]
  #if DEBUG
  private var nesting = CBORNesting()
  #endif

  /// An empty writer with room for `capacity` bytes.
  package init(capacity: Int = 0) {
    bytes = []
    bytes.reserveCapacity(capacity)
  }

  /// Forgets everything written and keeps the memory, for the next structure.
  package mutating func removeAll() {
    bytes.removeAll(keepingCapacity: true)
    #if DEBUG
    nesting = CBORNesting()
    #endif
  }

  // MARK: Items

  /// Writes a number, or a map key.
  package mutating func unsigned(_ value: UInt64) {
    noteUnsigned(value)
    head(CBORHead.unsigned, value)
  }

  /// Writes a number that may be below zero.
  package mutating func signed(_ value: Int64) {
    if value >= 0 { return unsigned(UInt64(value)) }
    noteItem()
    // RFC 8949 §3.1: -1 - n is written as n, which is the complement of the bits.
    head(CBORHead.negative, UInt64(~value))
  }

  /// Writes a byte string.
  package mutating func bytes(_ content: [UInt8]) {
    noteItem()
    head(CBORHead.bytes, UInt64(content.count))
    bytes.append(contentsOf: content)
  }

  /// Writes a byte string.
  package mutating func bytes(_ content: ArraySlice<UInt8>) {
    noteItem()
    head(CBORHead.bytes, UInt64(content.count))
    bytes.append(contentsOf: content)
  }

  /// Writes a byte string.
  package mutating func bytes(_ content: borrowing Span<UInt8>) {
    noteItem()
    head(CBORHead.bytes, UInt64(content.count))
    for index in content.indices { bytes.append(content[index]) }
  }

  /// Writes a byte string; for collections that have no form of their own above.
  // Inlinable: the copy is then made by code that knows the collection.
  @inlinable
  package mutating func bytes(_ content: some Collection<UInt8>) { bytes([UInt8](content)) }

  /// Writes a byte string of 32 bytes.
  package mutating func bytes(_ digest: Digest) {
    noteItem()
    head(CBORHead.bytes, UInt64(Digest.byteCount))
    digest.append(to: &bytes)
  }

  /// Writes a byte string of 16 bytes.
  package mutating func bytes(_ identity: ShortIdentity) { bytes(identity.bytes) }

  /// Writes a text as UTF-8.
  package mutating func text(_ content: String) {
    noteItem()
    let content = content.utf8
    head(CBORHead.text, UInt64(content.count))
    bytes.append(contentsOf: content)
  }

  /// Writes a truth value.
  package mutating func bool(_ value: Bool) {
    noteItem()
    bytes.append(value ? CBORHead.isTrue : CBORHead.isFalse)
  }

  /// Writes the value that stands for none.
  package mutating func null() {
    noteItem()
    bytes.append(CBORHead.null)
  }

  /// Begins an array: `count` items must follow.
  package mutating func arrayHeader(_ count: Int) {
    precondition(count >= 0)
    noteOpening(itemCount: UInt64(count), isMap: false)
    head(CBORHead.array, UInt64(count))
  }

  /// Begins a map: `count` keys in ascending order, each with its value, must follow.
  package mutating func mapHeader(_ count: Int) {
    precondition(count >= 0)
    noteOpening(itemCount: 2 * UInt64(count), isMap: true)
    head(CBORHead.map, UInt64(count))
  }

  // MARK: Heads

  /// Writes a head in its shortest form.
  @inline(__always)
  private mutating func head(_ type: UInt8, _ value: UInt64) {
    if value < UInt64(CBORHead.oneByte) {
      bytes.append(type | UInt8(truncatingIfNeeded: value))
    } else {
      longHead(type, value)
    }
  }

  private mutating func longHead(_ type: UInt8, _ value: UInt64) {
    var shift: UInt64
    switch value {
    case 0...0xFF:
      bytes.append(type | CBORHead.oneByte)
      shift = 8
    case 0...0xFFFF:
      bytes.append(type | CBORHead.twoBytes)
      shift = 16
    case 0...0xFFFF_FFFF:
      bytes.append(type | CBORHead.fourBytes)
      shift = 32
    default:
      bytes.append(type | CBORHead.eightBytes)
      shift = 64
    }
    while shift > 0 {
      shift -= 8
      bytes.append(UInt8(truncatingIfNeeded: value &>> shift))
    }
  }
}

// What debug builds check; nothing in others.
extension CBORWriter {
  /// Whether every array and map has all of its items; always true in release builds.
  package var isComplete: Bool {
    #if DEBUG
    nesting.depth == 0
    #else
    true
    #endif
  }

  @inline(__always)
  private mutating func noteUnsigned(_ value: UInt64) {
    #if DEBUG
    guard nesting.isAtKey else { return nesting.didPassItem() }
    if let last = nesting.lastKey { assert(last < value, "map keys out of order") }
    nesting.didPassKey(value)
    #endif
  }

  @inline(__always)
  private mutating func noteItem() {
    #if DEBUG
    assert(!nesting.isAtKey, "map key that is no unsigned integer")
    nesting.didPassItem()
    #endif
  }

  @inline(__always)
  private mutating func noteOpening(itemCount: UInt64, isMap: Bool) {
    #if DEBUG
    assert(!nesting.isAtKey, "map key that is no unsigned integer")
    assert(!nesting.isFull, "nesting too deep")
    nesting.didOpen(itemCount: itemCount, isMap: isMap)
    #endif
  }
}
