import Chunking
import CoreTypes
import Files
import Restoring
import Trees

/// Writes chunks to their place, and leaves out what lies in the file's holes.
///
/// One a thread. Source: Formats/tree.md §6.
struct PieceWriter {
  private let progress: RestoreProgress
  private let buffer = BlockBuffer()

  init(progress: RestoreProgress) {
    self.progress = progress
  }

  /// Writes content that was proven.
  func write(_ bytes: borrowing Span<UInt8>, _ run: PieceRun) throws(FilesError) {
    guard !run.file.hasFailed else { return }
    if run.repeats > 1 || !run.file.holes.isEmpty {
      try PieceWriter.writeRepeats(bytes, run)
    } else if let uncached = try run.file.openUncached() {
      try uncached.write(bytes, at: Int64(clamping: run.offset), through: buffer)
    } else {
      try run.file.open().write(bytes, at: Int64(clamping: run.offset))
    }
    progress.add(
      UInt64(bytes.count).multipliedReportingOverflow(by: run.repeats).partialValue,
      to: \.bytes
    )
  }

  private static func writeRepeats(
    _ bytes: borrowing Span<UInt8>,
    _ run: PieceRun
  ) throws(FilesError) {
    let file = try run.file.open()
    let length = UInt64(bytes.count)
    let holes = run.file.holes
    let isZero =
      !holes.isEmpty && (unsafe bytes.withUnsafeBufferPointer { unsafe ZeroTest.isAllZero($0) })
    // In a copy or in the file itself, what should be a hole may hold old bytes.
    let clears = !holes.isEmpty && run.file.hasOldContent
    var offset = run.offset
    var repeats = run.repeats
    while repeats > 0 {
      if let hole = holes.isEmpty ? nil : firstHole(endingAfter: offset, in: holes) {
        // Whole repeats of zeros inside one hole need no look each: a hole of a tebibyte is one step.
        if isZero, hole.offset <= offset {
          let inside = min((hole.offset + hole.length - offset) / length, repeats)
          if inside > 0 {
            if clears { try clear(offset..<(offset + inside * length), of: file) }
            offset += inside * length
            repeats -= inside
            continue
          }
        }
        try writeAroundHoles(bytes, at: offset, file: file, holes: holes, clears: clears)
      } else {
        try file.write(bytes, at: Int64(clamping: offset))
      }
      offset += length
      repeats -= 1
    }
  }

  /// Writes what is outside of holes, and what is in a hole of the map but is not zero: a wrong map loses nothing.
  private static func writeAroundHoles(
    _ bytes: borrowing Span<UInt8>,
    at offset: UInt64,
    file: OpenFile,
    holes: [HoleExtent],
    clears: Bool
  ) throws(FilesError) {
    let end = offset + UInt64(bytes.count)
    var position = offset
    while position < end, let hole = firstHole(endingAfter: position, in: holes), hole.offset < end
    {
      let start = max(hole.offset, position)
      let stop = min(hole.offset + hole.length, end)
      try write(bytes, position..<start, base: offset, file: file)
      let inHole = Int(start - offset)..<Int(stop - offset)
      let isZero = unsafe bytes.extracting(inHole).withUnsafeBufferPointer {
        unsafe ZeroTest.isAllZero($0)
      }
      if !isZero {
        try write(bytes, start..<stop, base: offset, file: file)
      } else if clears {
        try clear(start..<stop, of: file)
      }
      position = stop
    }
    try write(bytes, position..<max(position, end), base: offset, file: file)
  }

  /// Bytes of zeros that are written at once where a hole cannot be made: 256 KiB.
  private static let zeroByteCount: UInt64 = 256 << 10

  /// Makes a range zero, as a hole where the file system can.
  private static func clear(_ range: Range<UInt64>, of file: OpenFile) throws(FilesError) {
    guard !range.isEmpty, try !file.punchHole(range) else { return }
    let zeros = [UInt8](repeating: 0, count: Int(zeroByteCount))
    var offset = range.lowerBound
    while offset < range.upperBound {
      let count = min(zeroByteCount, range.upperBound - offset)
      try file.write(zeros.span.extracting(0..<Int(count)), at: Int64(clamping: offset))
      offset += count
    }
  }

  private static func write(
    _ bytes: borrowing Span<UInt8>,
    _ range: Range<UInt64>,
    base: UInt64,
    file: OpenFile
  ) throws(FilesError) {
    guard !range.isEmpty else { return }
    try file.write(
      bytes.extracting(Int(range.lowerBound - base)..<Int(range.upperBound - base)),
      at: Int64(clamping: range.lowerBound)
    )
  }

  /// The first hole that ends behind `offset`; holes ascend and do not touch.
  private static func firstHole(endingAfter offset: UInt64, in holes: [HoleExtent]) -> HoleExtent? {
    var low = 0
    var high = holes.count
    while low < high {
      let middle = (low + high) / 2
      if holes[middle].offset + holes[middle].length > offset {
        high = middle
      } else {
        low = middle + 1
      }
    }
    return low < holes.count ? holes[low] : nil
  }
}
