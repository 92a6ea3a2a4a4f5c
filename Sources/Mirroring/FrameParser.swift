/// What precedes the first frame in each direction.
///
/// Source: Formats/mirror-protocol.md §2.
package enum WirePreamble {
  /// Sixteen bytes; the last ones show a stream that was changed on its way.
  package static let bytes = Array("KIST-MIRROR".utf8) + [0x01, 0x0D, 0x0A, 0x1A, 0x00]
}

/// One message as it travels.
package struct Frame: Equatable, Sendable {
  package let type: UInt8
  package let payload: [UInt8]

  package init(type: UInt8, payload: [UInt8]) {
    self.type = type
    self.payload = payload
  }

  /// Header and payload.
  package var bytes: [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(WireLimits.headerByteCount + payload.count)
    Frame.appendHeader(type: type, payloadByteCount: payload.count, to: &bytes)
    bytes += payload
    return bytes
  }

  /// Appends what precedes a payload.
  static func appendHeader(type: UInt8, payloadByteCount: Int, to bytes: inout [UInt8]) {
    let count = UInt32(truncatingIfNeeded: payloadByteCount)
    for shift in [UInt32(0), 8, 16, 24] { bytes.append(UInt8(truncatingIfNeeded: count >> shift)) }
    bytes += [type, 0, 0, 0]
  }
}

/// Cuts a stream into frames, after whatever came before the preamble.
///
/// Pure: bytes in, frames out. Holds at most one frame and what was appended last.
package struct FrameParser: Sendable {
  private var buffer: [UInt8] = []
  private var position = 0
  /// Places at which the preamble does not begin.
  private var searched = 0
  /// True once the preamble was seen.
  package private(set) var isOpen = false

  package init() {}

  /// Bytes that came before the preamble, as far as is known.
  package var noise: [UInt8] { isOpen ? [] : buffer }

  /// Takes bytes of the stream.
  package mutating func append(_ bytes: [UInt8]) {
    if position > 0 {
      buffer.removeSubrange(..<position)
      position = 0
    }
    if buffer.isEmpty { buffer = bytes } else { buffer += bytes }
  }

  /// The next whole frame; `nil` if more bytes are needed.
  package mutating func next() throws(MirrorError) -> Frame? {
    if !isOpen {
      guard try findPreamble() else { return nil }
    }
    let left = buffer.count - position
    guard left >= WireLimits.headerByteCount else { return nil }
    var count: UInt64 = 0
    for index in (0..<4).reversed() { count = count << 8 | UInt64(buffer[position + index]) }
    let type = buffer[position + 4]
    guard count <= UInt64(WireLimits.payloadByteCount) else {
      throw .frameTooLong(type: type, byteCount: count)
    }
    guard buffer[position + 5] == 0, buffer[position + 6] == 0, buffer[position + 7] == 0 else {
      throw .malformed("a frame's header")
    }
    let end = WireLimits.headerByteCount + Int(count)
    guard left >= end else { return nil }
    let payload = Array(buffer[position + WireLimits.headerByteCount..<position + end])
    position += end
    return Frame(type: type, payload: payload)
  }

  private mutating func findPreamble() throws(MirrorError) -> Bool {
    let wanted = WirePreamble.bytes
    while searched <= WireLimits.noiseByteCount {
      let end = searched + wanted.count
      guard end <= buffer.count else { return false }
      if buffer[searched] == wanted[0], buffer[searched..<end].elementsEqual(wanted) {
        position = end
        isOpen = true
        return true
      }
      searched += 1
    }
    throw .noise(buffer)
  }
}
