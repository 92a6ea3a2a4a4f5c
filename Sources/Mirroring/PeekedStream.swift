import Synchronization
import Threading

/// A stream whose first bytes were looked at already.
package final class PeekedStream: DuplexStream {
  private let stream: any DuplexStream
  private let seen: Mutex<[UInt8]>

  fileprivate init(_ stream: any DuplexStream, seen: [UInt8]) {
    self.stream = stream
    self.seen = Mutex(seen)
  }

  package func read() throws(MirrorError) -> [UInt8] {
    let bytes = seen.withLock { seen in
      defer { seen = [] }
      return seen
    }
    return bytes.isEmpty ? try stream.read() : bytes
  }

  package func write(_ bytes: [UInt8]) throws(MirrorError) { try stream.write(bytes) }

  package func close() { stream.close() }

  /// What the other end wants, as its first message says.
  package enum Purpose: Equatable, Sendable {
    /// To exchange what is missing.
    case mirror
    /// To use this end's store.
    case store
  }

  /// Waits for the other end's first message, and gives the stream back as if nothing had been read.
  ///
  /// Whatever is no hello counts as a mirror's: its session says what is wrong with it. Throws if it does not come in time.
  package static func purpose(
    of stream: any DuplexStream,
    withinSeconds limit: Int = WireLimits.greetingSeconds
  ) throws(MirrorError) -> (Purpose, PeekedStream) {
    let isDone = Monitor(false)
    let hasStalled = Mutex(false)
    let watch: WorkerThread
    do {
      watch = try WorkerThread.start {
        guard !isDone.wait(upToMilliseconds: 1000 * limit, until: { $0 }) else { return }
        hasStalled.withLock { $0 = true }
        stream.close()
      }
    } catch {
      throw .threads(errno: error.errno)
    }
    defer {
      isDone.update { $0 = true }
      watch.join()
    }
    let found = try firstMessage(of: stream)
    if hasStalled.withLock({ $0 }) { throw .stalled(seconds: limit) }
    return found
  }

  private static func firstMessage(
    of stream: any DuplexStream
  ) throws(MirrorError) -> (Purpose, PeekedStream) {
    var parser = FrameParser()
    var seen: [UInt8] = []
    var purpose: Purpose?
    while purpose == nil {
      let bytes = try stream.read()
      seen += bytes
      guard !bytes.isEmpty else { break }
      do throws(MirrorError) {
        parser.append(bytes)
        guard let frame = try parser.next() else { continue }
        guard case .hello(let hello) = try Message(frame) else { break }
        purpose = hello.wishes.contains(Hello.Wish.store) ? .store : .mirror
      } catch {
        // What is wrong with it is said by the session that follows.
        break
      }
    }
    return (purpose ?? .mirror, PeekedStream(stream, seen: seen))
  }
}
