package import Files
import Synchronization

/// A stream over two descriptors: a command's pipes, a socket twice, standard input and output.
package final class DescriptorStream: DuplexStream {
  private let input: OpenFile
  private let output: Mutex<OpenFile?>
  private let isClosed = Atomic<Bool>(false)
  private let interruption: @Sendable () -> Bool
  private static let readByteCounts = 32 << 10...256 << 10
  /// What the next read is to take: as much as comes, so that no large buffer holds a little.
  private let readByteCount = Atomic(DescriptorStream.readByteCounts.lowerBound)
  private static let pollMilliseconds = 200
  /// Seconds for which a stop waits for a reader that takes nothing.
  private static let interruptedSeconds = 1
  private let stallSeconds: Int

  /// `interruption` is asked while nothing comes, or nothing is taken; true ends the call with an error.
  ///
  /// What is written in one call must be taken within `stallSeconds`.
  package init(
    input: OpenFile,
    output: OpenFile,
    stallSeconds: Int = WireLimits.stallSeconds,
    interruption: @escaping @Sendable () -> Bool = { false }
  ) {
    self.input = input
    self.stallSeconds = stallSeconds
    self.interruption = interruption
    self.output = Mutex(output)
    // Where it is a pipe, fewer calls move the same bytes.
    input.widenPipe()
    output.widenPipe()
  }

  package func read() throws(MirrorError) -> [UInt8] {
    do {
      while !isClosed.load(ordering: .acquiring) {
        let limit = readByteCount.load(ordering: .relaxed)
        if let bytes = try input.readAvailable(
          upTo: limit,
          waitMilliseconds: DescriptorStream.pollMilliseconds
        ) {
          let range = DescriptorStream.readByteCounts
          if bytes.count == limit {
            readByteCount.store(min(2 * limit, range.upperBound), ordering: .relaxed)
          } else if bytes.count < limit / 2 {
            readByteCount.store(max(limit / 2, range.lowerBound), ordering: .relaxed)
          }
          return bytes
        }
        if interruption() { throw MirrorError.interrupted }
      }
      return []
    } catch let error as MirrorError {
      throw error
    } catch let error as FilesError {
      throw .stream(error)
    } catch {
      throw .closed
    }
  }

  package func write(_ bytes: [UInt8]) throws(MirrorError) {
    guard let output = output.withLock({ $0 }) else { throw .closed }
    let start = SystemClock.monotonicNanoseconds()
    var rest = bytes[...]
    while !rest.isEmpty {
      guard !isClosed.load(ordering: .acquiring) else { throw .closed }
      let count: Int
      do {
        count = try output.writeAvailable(
          rest,
          waitMilliseconds: DescriptorStream.pollMilliseconds
        )
      } catch {
        if error.isBrokenPipe { throw .closed }
        throw .stream(error)
      }
      rest = rest.dropFirst(count)
      let seconds = (SystemClock.monotonicNanoseconds() - start) / 1_000_000_000
      guard !rest.isEmpty, seconds >= UInt64(DescriptorStream.interruptedSeconds) else { continue }
      if interruption() { throw broken(.interrupted) }
      if seconds >= UInt64(stallSeconds) { throw broken(.stalled(seconds: stallSeconds)) }
    }
  }

  /// Behind half a message nothing can be said any more.
  private func broken(_ error: MirrorError) -> MirrorError {
    output.withLock { $0 = nil }
    return error
  }

  package func close() {
    isClosed.store(true, ordering: .releasing)
    output.withLock { $0 = nil }
  }
}
