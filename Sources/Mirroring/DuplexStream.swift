package import Files
import Synchronization
import Threading

/// Bytes in both directions.
///
/// One thread reads, one thread writes; `close` may come from any.
package protocol DuplexStream: AnyObject, Sendable {
  /// The next bytes, at least one; waits for them. Empty at the end, and after `close`.
  func read() throws(MirrorError) -> [UInt8]

  /// Writes all bytes; waits until they are taken.
  func write(_ bytes: [UInt8]) throws(MirrorError)

  /// Ends both directions and wakes whoever waits.
  func close()
}

/// Two ends of a stream inside one process.
package final class MemoryStream: DuplexStream {
  private struct Flow {
    var parts: [[UInt8]] = []
    var byteCount = 0
    var isClosed = false
  }

  private let incoming: Monitor<Flow>
  private let outgoing: Monitor<Flow>
  /// Bytes that may wait in one direction: as a pipe's, but for speed.
  private static let capacity = 1 << 20

  private init(incoming: Monitor<Flow>, outgoing: Monitor<Flow>) {
    self.incoming = incoming
    self.outgoing = outgoing
  }

  /// Two ends; what is written to one is read from the other.
  package static func pair() -> (MemoryStream, MemoryStream) {
    let (one, two) = (Monitor(Flow()), Monitor(Flow()))
    return (
      MemoryStream(incoming: one, outgoing: two), MemoryStream(incoming: two, outgoing: one)
    )
  }

  package func read() throws(MirrorError) -> [UInt8] {
    incoming.waitAndUpdate(until: { $0.isClosed || !$0.parts.isEmpty }) { flow in
      guard !flow.parts.isEmpty else { return [] }
      let part = flow.parts.removeFirst()
      flow.byteCount -= part.count
      return part
    }
  }

  package func write(_ bytes: [UInt8]) throws(MirrorError) {
    guard !bytes.isEmpty else { return }
    let isTaken = outgoing.waitAndUpdate(
      until: { $0.isClosed || $0.byteCount < MemoryStream.capacity }
    ) { flow in
      guard !flow.isClosed else { return false }
      flow.parts.append(bytes)
      flow.byteCount += bytes.count
      return true
    }
    guard isTaken else { throw .closed }
  }

  package func close() {
    incoming.update { $0.isClosed = true }
    outgoing.update { $0.isClosed = true }
  }
}

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

/// A stream that is no faster than it is told.
package final class PacedStream: DuplexStream {
  /// Bytes a second; `nil` for no limit.
  package struct Limits: Sendable {
    package var upload: Int?
    package var download: Int?

    package init(upload: Int?, download: Int?) {
      self.upload = upload
      self.download = download
    }
  }

  private let stream: any DuplexStream
  private let upload: Mutex<Pace>
  private let download: Mutex<Pace>

  package init(_ stream: any DuplexStream, limits: Limits) {
    self.stream = stream
    upload = Mutex(Pace(bytesPerSecond: limits.upload))
    download = Mutex(Pace(bytesPerSecond: limits.download))
  }

  package func read() throws(MirrorError) -> [UInt8] {
    let bytes = try stream.read()
    SystemClock.sleep(nanoseconds: download.withLock { $0.delay(after: bytes.count) })
    return bytes
  }

  package func write(_ bytes: [UInt8]) throws(MirrorError) {
    var start = 0
    while start < bytes.count {
      // In small steps, so that a slow line is not silent for long.
      let end = min(start + 16_384, bytes.count)
      SystemClock.sleep(nanoseconds: upload.withLock { $0.delay(after: end - start) })
      try stream.write(start == 0 && end == bytes.count ? bytes : Array(bytes[start..<end]))
      start = end
    }
  }

  package func close() { stream.close() }

  /// Says how long to wait so that bytes come at a rate.
  private struct Pace {
    let bytesPerSecond: Int?
    private var free: UInt64 = 0

    init(bytesPerSecond: Int?) { self.bytesPerSecond = bytesPerSecond }

    mutating func delay(after count: Int) -> UInt64 {
      guard let bytesPerSecond, bytesPerSecond > 0, count > 0 else { return 0 }
      let now = SystemClock.monotonicNanoseconds()
      let cost = UInt64(Double(count) / Double(bytesPerSecond) * 1e9)
      free = max(free, now) + min(cost, 3_600_000_000_000)
      return free - now
    }
  }
}
