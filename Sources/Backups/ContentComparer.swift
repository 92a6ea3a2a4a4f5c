import CoreTypes
import Files
import Sealing
import Trees

/// Compares stretches of files with the chunks that should be there, by the chunks' ids.
///
/// One a thread: it owns a buffer, which grows to the longest chunk.
final class ContentComparer {
  /// What a stretch turned out to be.
  enum Verdict {
    case equal
    /// Right, and nothing is stored there: the file has a hole.
    case equalHole
    case different
  }

  private let identity: IdentityKey
  private var buffer: [UInt8] = []
  private var zeroIDs: [UInt32: ChunkID] = [:]

  init(identity: IdentityKey) {
    self.identity = identity
  }

  /// Compares the repeats of one chunk from `offset` on.
  ///
  /// Calls `body` with where each stretch begins, how many repeats it is long, and its bytes where they are right and stored.
  /// `holes` says whether to ask for holes first; runs always do.
  func compare(
    _ reference: ChunkReference,
    at offset: UInt64,
    in file: OpenFile,
    holes: Holes,
    _ body: (UInt64, UInt64, Verdict, borrowing Span<UInt8>) throws -> Void
  ) throws {
    let nothing: [UInt8] = []
    let length = UInt64(reference.length)
    var place = offset
    var left = reference.repeats
    while left > 0 {
      if holes == .possible || reference.repeats > 1 {
        let data = try file.nextData(from: Int64(clamping: place)).map { UInt64($0) } ?? UInt64.max
        let inside = min(data > place ? (data - place) / length : 0, left)
        if inside > 0 {
          let isRight = reference.id == zeroID(reference.length)
          try body(place, inside, isRight ? .equalHole : .different, nothing.span)
          place += inside * length
          left -= inside
          continue
        }
      }
      let isRight = try read(Int(reference.length), at: place, from: file) && id == reference.id
      if isRight {
        // A reference, not a copy: gone before the buffer is filled again.
        let bytes = buffer
        try body(place, 1, .equal, bytes.span)
      } else {
        try body(place, 1, .different, nothing.span)
      }
      place += length
      left -= 1
    }
  }

  /// Whether a file may have holes.
  enum Holes {
    case none
    case possible
  }

  /// Whether the file begins with these bytes.
  func isEqual(_ bytes: [UInt8], _ file: OpenFile) throws(FilesError) -> Bool {
    try file.read(at: 0, upTo: bytes.count) == bytes
  }

  private var id: ChunkID {
    let bytes = buffer
    return identity.chunkID(of: bytes.span, kind: .data)
  }

  /// Fills the buffer; false if the file ends before.
  private func read(_ count: Int, at offset: UInt64, from file: OpenFile) throws(FilesError) -> Bool
  {
    if buffer.count != count { buffer = [UInt8](repeating: 0, count: count) }
    var result: Result<Int, FilesError> = .success(0)
    unsafe buffer.withUnsafeMutableBytes { bytes in
      result = Result { () throws(FilesError) in
        unsafe try file.read(at: Int64(clamping: offset), into: bytes)
      }
    }
    return try result.get() == count
  }

  private func zeroID(_ length: UInt32) -> ChunkID {
    if let id = zeroIDs[length] { return id }
    let id = identity.chunkID(of: [UInt8](repeating: 0, count: Int(length)).span, kind: .data)
    // A few lengths occur; a hostile tree may claim many.
    if zeroIDs.count < 64 { zeroIDs[length] = id }
    return id
  }
}
