import Chunking
import CoreTypes
import Files
import Trees

extension FileReader {
  func readBlock(of large: LargeFile) throws(BackupError) {
    let (offset, block) = large.position
    do {
      if let hole = try holeReferences(of: large, at: offset) {
        large.advance(by: hole.byteCount, isLast: false)
        context.push(large)
        return try join(large, block, [hole.reference])
      }
      let wanted = ReadingSizes.block + context.chunker.parameters.maximum
      let buffer = unsafe UnsafeMutableRawBufferPointer(rebasing: scratch[..<wanted])
      call.begin(large.task.name, in: large.task.folder)
      defer { call.end() }
      let count = unsafe try large.file.read(at: Int64(offset), into: buffer)
      call.end()
      let isLast = count < wanted
      let bytes = unsafe UnsafeRawBufferPointer(
        rebasing: UnsafeRawBufferPointer(buffer)[..<count]
      )
      var ranges: [Range<Int>] = []
      let used = unsafe cut(
        bytes,
        0..<count,
        ending: isLast ? .atEnd : .open,
        appendingTo: &ranges
      )
      context.progress.add { $0.bytesRead += used }
      large.advance(by: UInt64(used), isLast: isLast)
      if !isLast { context.push(large) }
      let references = unsafe try group.addData(ranges, in: bytes)
      try join(large, block, references)
    } catch let error as FilesError {
      // The read failed in the middle: the file is not in the snapshot, and no other block is on its way.
      try drop(large.task, error)
    } catch {
      throw BackupError(error)
    }
  }

  /// A run of whole zero chunks where the file has a hole: nothing is read.
  ///
  /// Source: Formats/chunk.md §1.
  private func holeReferences(
    of large: LargeFile,
    at offset: UInt64
  ) throws -> (
    reference: ChunkReference, byteCount: UInt64
  )? {
    let maximum = UInt64(context.chunker.parameters.maximum)
    guard large.statusAtOpen.mayHaveHoles, large.statusAtOpen.size > offset else { return nil }
    let data =
      try large.file.nextData(from: Int64(offset)).map(UInt64.init) ?? large.statusAtOpen.size
    guard data > offset, data - offset > maximum else { return nil }
    let count = (min(data, large.statusAtOpen.size) - offset) / maximum
    guard count > 0 else { return nil }
    if let base = unsafe scratch.baseAddress {
      unsafe base.initializeMemory(as: UInt8.self, repeating: 0, count: Int(maximum))
    }
    let zeros = unsafe UnsafeRawBufferPointer(rebasing: scratch[..<Int(maximum)])
    guard let id = unsafe group.names(of: [0..<zeros.count], in: zeros).first else { return nil }
    unsafe try group.addData(zeros, id: id)
    return (
      ChunkReference(id: id, length: UInt32(maximum), repeats: count), count * maximum
    )
  }

  private func join(
    _ large: LargeFile,
    _ block: Int,
    _ references: [ChunkReference]
  )
    throws(BackupError)
  {
    let whole = try large.join(block: block, references) { node throws(BackupError) in
      try group.addNode(node)
    }
    guard let whole else { return }
    call.begin(large.task.name, in: large.task.folder)
    defer { call.end() }
    do {
      let reading = FileReading(
        opened: large.statusAtOpen,
        isFresh: large.isFresh,
        after: try large.file.status(),
        byteCount: whole.byteCount,
        large.attempt
      )
      if reading.isToBeRepeated {
        context.progress.add { $0.rereads += 1 }
        // What was stored of it is only stored.
        return try read(
          large.task,
          file: large.file,
          opened: reading.after,
          attempt: large.attempt + 1
        )
      }
      let read = try finishReading(large.task, file: large.file, reading)
      call.end()
      if let read { try finish(read, content: whole.content) }
    } catch let error as FilesError {
      try drop(large.task, error)
    } catch {
      throw BackupError(error)
    }
  }
}
