import Files
import Synchronization

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
