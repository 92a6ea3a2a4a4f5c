import CoreTypes
import Testing

@testable import Sealing

@Suite("Frames")
struct FrameTests {
  /// A frame with its padding.
  static func frame(
    kind: UInt8 = 1,
    codec: UInt8 = 0,
    reserved: UInt16 = 0,
    count: UInt32,
    plaintext: UInt32,
    stored: UInt32,
    lengths: [UInt32],
    content: [UInt8],
    fill: UInt8 = 0
  ) -> [UInt8] {
    var writer = ByteWriter()
    writer.write(kind)
    writer.write(codec)
    writer.write(reserved)
    writer.write(count)
    writer.write(plaintext)
    writer.write(stored)
    writer.write(contentsOf: Array(repeating: 7, count: KeyID.byteCount))
    for length in lengths { writer.write(length) }
    writer.write(contentsOf: content)
    let size = Padding.padmé(writer.bytes.count, floor: 4096)
    return writer.bytes + Array(repeating: fill, count: size - writer.bytes.count)
  }

  @Test func `a sound frame is read`() throws {
    let bytes = FrameTests.frame(
      count: 2,
      plaintext: 5,
      stored: 5,
      lengths: [2, 3],
      content: [1, 2, 3, 4, 5]
    )
    let frame = try ObjectFrame(decoding: bytes)
    #expect(frame.lengths == [2, 3])
    #expect(frame.byteCount == 45)
    #expect(Array(frame.bytes[frame.contentRange]) == [1, 2, 3, 4, 5])
  }

  @Test func `frames whose parts disagree are refused`() {
    let five: [UInt8] = [1, 2, 3, 4, 5]
    let wrong: [(String, [UInt8])] = [
      (
        "kind",
        FrameTests.frame(
          kind: 3,
          count: 1,
          plaintext: 5,
          stored: 5,
          lengths: [5],
          content: five
        )
      ),
      (
        "reserved",
        FrameTests.frame(
          reserved: 1,
          count: 1,
          plaintext: 5,
          stored: 5,
          lengths: [5],
          content: five
        )
      ),
      ("none", FrameTests.frame(count: 0, plaintext: 0, stored: 0, lengths: [], content: [])),
      (
        "empty chunk",
        FrameTests.frame(
          count: 2,
          plaintext: 5,
          stored: 5,
          lengths: [5, 0],
          content: five
        )
      ),
      ("sum", FrameTests.frame(count: 1, plaintext: 5, stored: 5, lengths: [4], content: five)),
      (
        "stored",
        FrameTests.frame(
          count: 1,
          plaintext: 5,
          stored: .max,
          lengths: [5],
          content: five
        )
      ),
      (
        "count",
        FrameTests.frame(
          count: .max,
          plaintext: 5,
          stored: 5,
          lengths: [5],
          content: five
        )
      ),
      (
        "many",
        FrameTests.frame(
          count: 65_536,
          plaintext: 5,
          stored: 5,
          lengths: [5],
          content: five
        )
      ),
      (
        "plaintext",
        FrameTests.frame(
          count: 1,
          plaintext: .max,
          stored: 5,
          lengths: [.max],
          content: five
        )
      ),
      (
        "padding",
        FrameTests.frame(
          count: 1,
          plaintext: 5,
          stored: 5,
          lengths: [5],
          content: five,
          fill: 1
        )
      ),
      (
        "size",
        FrameTests.frame(count: 1, plaintext: 5, stored: 5, lengths: [5], content: five)
          + [0]
      ),
    ]
    for (name, bytes) in wrong {
      #expect(throws: SealingError.self, "\(name)") { try ObjectFrame(decoding: bytes) }
    }
  }

  @Test func `a frame cut at any length is refused`() {
    let bytes = FrameTests.frame(
      count: 2,
      plaintext: 5,
      stored: 5,
      lengths: [2, 3],
      content: [1, 2, 3, 4, 5]
    )
    for count in 0..<bytes.count {
      #expect(throws: SealingError.self, "\(count)") {
        try ObjectFrame(decoding: Array(bytes[..<count]))
      }
    }
  }

  @Test func `content that does not decompress to what is stated is refused`() throws {
    let keyring = try makeKeyring()
    let sealer = try ObjectSealer(
      key: keyring.currentDataKey,
      identityKey: keyring.currentIdentityKey.id,
      compression: .off
    )
    let id = keyring.currentIdentityKey.chunkID(of: [1].span, kind: .data)
    let compressed = try makeObject([Array(repeating: 3, count: 500)], keyring)
    let opener = try ObjectOpener(keyring: keyring)
    let sound = try opener.openFrame(compressed.body, preamble: compressed.preamble)
    for (codec, length) in [(UInt8(1), 499), (1, 501), (0, 500), (2, 500)] {
      var frame = Array(sound.bytes[..<sound.byteCount])
      frame[1] = codec
      for start in [8, 32] {
        frame[start] = UInt8(truncatingIfNeeded: length)
        frame[start + 1] = UInt8(length >> 8)
      }
      let object = try sealer.sealFrame(
        &frame,
        kind: .data,
        codec: codec,
        identityKey: sound.identityKey,
        chunkIDs: [id]
      ).named()
      #expect(throws: SealingError.self, "codec \(codec), \(length)") {
        try opener.openBody(object.body, preamble: object.preamble)
      }
    }
  }
}
