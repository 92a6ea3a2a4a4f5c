import Chunking
import CoreTypes
import Trees

extension FileReader {
  /// Cuts, names and stores what lies in the scratch, and fills the places of its files.
  func storeGathered() throws(BackupError) {
    defer {
      gathered.removeAll(keepingCapacity: true)
      gatheredByteCount = 0
    }
    let bytes = unsafe UnsafeRawBufferPointer(rebasing: scratch[..<gatheredByteCount])
    var ranges: [Range<Int>] = []
    var chunkCounts: [Int] = []
    chunkCounts.reserveCapacity(gathered.count)
    for file in gathered {
      let before = ranges.count
      if file.range.count > ReadingSizes.inline {
        unsafe cut(bytes, file.range, ending: .atEnd, appendingTo: &ranges)
      }
      chunkCounts.append(ranges.count - before)
    }
    let names = unsafe group.names(of: ranges, in: bytes)
    var next = 0
    for (file, count) in zip(gathered, chunkCounts) {
      let content = unsafe try store(file.range, chunks: next..<next + count, ranges, names, bytes)
      next += count
      try finish(file.file, content: content)
    }
  }

  /// The content of one gathered file, whose chunks are the given ones of all.
  private func store(
    _ range: Range<Int>,
    chunks: Range<Int>,
    _ ranges: [Range<Int>],
    _ names: [ChunkID],
    _ bytes: UnsafeRawBufferPointer
  ) throws(BackupError) -> FileContent {
    if range.isEmpty { return .empty }
    if chunks.isEmpty { return unsafe .inline(Array(bytes[range])) }
    var list = ListBuilder()
    for chunk in chunks {
      unsafe try group.addData(
        UnsafeRawBufferPointer(rebasing: bytes[ranges[chunk]]),
        id: names[chunk]
      )
      try list.add(ChunkReference(id: names[chunk], length: UInt32(ranges[chunk].count))) {
        node throws(BackupError) in try group.addNode(node)
      }
    }
    return try list.finish { node throws(BackupError) in try group.addNode(node) }
  }

  /// Cuts a part of a buffer into chunks.
  ///
  /// Returns where the last one ends.
  @discardableResult
  func cut(
    _ bytes: UnsafeRawBufferPointer,
    _ part: Range<Int>,
    ending: Chunker.Ending,
    appendingTo ranges: inout [Range<Int>]
  ) -> Int {
    cuts.removeAll(keepingCapacity: true)
    _ = unsafe context.chunker.cuts(
      of: UnsafeRawBufferPointer(rebasing: bytes[part]).assumingMemoryBound(to: UInt8.self),
      ending: ending,
      appendingTo: &cuts
    )
    var start = part.lowerBound
    for length in cuts {
      ranges.append(start..<start + length)
      start += length
    }
    return start
  }
}

/// A small file whose bytes lie in the reader's scratch.
struct GatheredFile {
  let file: ReadFile
  let range: Range<Int>
}
