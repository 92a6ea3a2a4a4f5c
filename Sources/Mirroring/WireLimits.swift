import Sealing

/// Limits of the protocol.
///
/// Source: Formats/mirror-protocol.md §8.
package enum WireLimits {
  /// Bytes of a frame, its header among them: 1 MiB.
  package static let frameByteCount = 1 << 20
  /// Bytes of a frame's header.
  static let headerByteCount = 8
  /// Bytes of a frame's payload.
  static let payloadByteCount = frameByteCount - headerByteCount
  /// Bytes of something else that may come before the preamble: 64 KiB.
  package static let noiseByteCount = 64 << 10
  /// Bytes of a CBOR message: 64 KiB.
  static let messageByteCount = 64 << 10
  /// Bytes of items that may be on their way before the receiver grants more: 8 MiB.
  static let credit = 8 << 20
  /// Bytes of items after which the receiver grants them anew.
  static let creditStep = 1 << 20
  /// Bytes of an item that one frame carries.
  static let pieceByteCount = 256 << 10
  /// Names that may be asked for and not answered.
  package static let openNameCount = 1_048_576
  /// Names in one frame.
  static let namesPerFrame = 32_000
  /// Prefixes in one walk message.
  static let prefixesPerFrame = 512
  /// Names below which a node of a walk is sent as a list.
  static let leafNameCount = 32
  /// Depth of a walk at which a node is always a list.
  static let walkDepth = 12
  /// Bytes of the records of one run.
  package static let recordsByteCount = 256 << 20
  /// Bytes of the head of an object.
  static let headByteCount =
    ObjectPreamble.headPrefixByteCount + ObjectLimits.sealedDirectoryByteCount
  /// Seconds without a byte after which a peer says that it is still there.
  package static let keepAliveSeconds = 30
  /// Seconds in which the preamble must follow something that was none.
  static let noiseSeconds = 60
  /// Seconds in which the other end must begin to speak.
  package static let greetingSeconds = 120
  /// Seconds without a whole frame after which the other end counts as gone; a frame must be taken within them too.
  package static let stallSeconds = 600

  // Sessions that use a store: Formats/mirror-protocol.md §9.

  /// Bytes of an answer or of a file that one frame carries.
  static let storePieceByteCount = 256 << 10
  /// Questions that wait at the end that has the store.
  static let openQuestionCount = 64
  /// Files that are being sent at once.
  static let openBlobCount = 8
  /// Bytes of a file of records: what one run of a mirror brings.
  static let recordFileByteCount = recordsByteCount
  /// Bytes of the names of files that do not belong in a store: 16 MiB.
  static let strangersByteCount = 16 << 20
  /// Bytes of the file `selection`: 4 MiB.
  static let selectionByteCount = 4 << 20
  /// Seconds of silence after which the commit lock of the other end is let go.
  package static let lockLeaseSeconds = 60
  /// Seconds after which an end that holds the commit lock says that it is still there.
  static let lockedKeepAliveSeconds = 10
}
