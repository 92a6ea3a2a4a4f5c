import Chunking
import CoreTypes
import Files
import Repositories
import Scanning
import Threading
import Trees

/// Reads a stream on one thread and cuts it; workers name and store the pieces.
///
/// Not shared between threads.
@safe
final class StreamCutter {
  private let context: BackupContext
  private let stream: BackupStream
  private let whole: StreamContent
  private let buffer: UnsafeMutableRawBufferPointer
  /// Bytes in the buffer that were read and not cut yet.
  private var filled = 0

  /// How long a reader waits before it looks whether to stop.
  private static let waitMilliseconds: Int32 = 100

  init(context: BackupContext, stream: BackupStream, roots: RootCollection) {
    self.context = context
    self.stream = stream
    whole = StreamContent(context: context, roots: roots)
    unsafe buffer = UnsafeMutableRawBufferPointer.allocate(
      byteCount: ReadingSizes.block + context.chunker.parameters.maximum,
      alignment: 4096
    )
  }

  deinit { unsafe buffer.deallocate() }

  /// Reads to the end, and returns when every piece is queued.
  ///
  /// Throws if the command did not end well.
  func run() throws(BackupError) {
    do {
      try readAll()
      try awaitCommand()
    } catch let error as FilesError {
      stream.command?.terminate()
      throw .root(path: stream.file.pathBytes, error)
    } catch {
      stream.command?.terminate()
      throw BackupError(error)
    }
  }

  private func readAll() throws {
    context.progress.working(on: whole.path)
    var number = 0
    while !context.failure.isSet {
      let isLast = try fill()
      guard !context.failure.isSet else { return }
      if isLast, number == 0, filled <= ReadingSizes.inline {
        return try whole.finish(
          filled == 0 ? .empty : .inline(unsafe Array(buffer[..<filled])),
          byteCount: UInt64(filled)
        )
      }
      let piece = cut(isLast ? .last : .middle, number: number)
      context.push(piece)
      if isLast { return }
      number += 1
    }
  }

  /// Fills the buffer; true if the stream ended.
  private func fill() throws -> Bool {
    while unsafe filled < buffer.count {
      while try !stream.file.isReadable(withinMilliseconds: StreamCutter.waitMilliseconds) {
        if context.failure.isSet { return false }
      }
      if context.failure.isSet { return false }
      let rest = unsafe UnsafeMutableRawBufferPointer(rebasing: buffer[filled...])
      let count = unsafe try stream.file.readAvailable(into: rest)
      if count == 0 { return true }
      filled += count
      context.progress.add { counters in
        counters.bytesRead += count
        counters.bytesSeen += count
      }
    }
    return false
  }

  private func cut(_ place: StreamPiece.Place, number: Int) -> StreamPiece {
    let bytes = unsafe UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(buffer)[..<filled])
    var lengths: [Int] = []
    let used = unsafe context.chunker.cuts(
      of: bytes.assumingMemoryBound(to: UInt8.self),
      ending: place == .last ? .atEnd : .open,
      appendingTo: &lengths
    )
    let piece = StreamPiece(
      number: number,
      place: place,
      bytes: unsafe Array(bytes[..<used]),
      lengths: lengths,
      whole: whole
    )
    // What was not cut is cut with what follows it.
    unsafe buffer.copyMemory(from: UnsafeRawBufferPointer(rebasing: bytes[used...]))
    filled -= used
    return piece
  }

  private func awaitCommand() throws {
    guard let command = stream.command else { return }
    while !context.failure.isSet {
      guard let end = try command.end(upToMilliseconds: Int(StreamCutter.waitMilliseconds)) else {
        continue
      }
      guard end == .exited(status: 0) else { throw BackupError.command(end) }
      return
    }
    command.terminate()
  }
}
