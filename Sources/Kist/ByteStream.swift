import Commands
import Files
import Mirroring

/// Bytes in both directions, between two ends that mirror: a socket, two pipes, a tunnel of your own.
///
/// One thread reads and one writes; `close` may come from any. Nothing is called from a task: the calls may block.
public protocol ByteStream: AnyObject, Sendable {
  /// The next bytes, at least one; waits for them.
  ///
  /// Empty at the end, and after `close`.
  func read() throws -> [UInt8]

  /// Writes all bytes; waits until they are taken.
  func write(_ bytes: [UInt8]) throws

  /// Ends both directions and wakes whoever waits.
  func close()
}

/// Streams that are there already.
public enum ByteStreams {
  /// Two ends inside this process: what is written to one is read from the other.
  public static func pair() -> (any ByteStream, any ByteStream) {
    let (one, two) = MemoryStream.pair()
    return (OwnStream(one), OwnStream(two))
  }

  /// Two pipes, or twice a duplicate of one socket.
  ///
  /// Both descriptors are taken over, and closed when the run has ended. `input` and `output` must differ.
  public static func descriptors(input: Int32, output: Int32) throws(KistError) -> any ByteStream {
    try KistError.explaining {
      guard input != output else {
        throw KistError(.usage, "a descriptor cannot be taken over twice")
      }
      return OwnStream(
        DescriptorStream(
          input: OpenFile.takingOver(reader: input),
          output: OpenFile.takingOver(writer: output)
        )
      )
    }
  }
}

/// A stream of the kind that runs use, for programs.
private final class OwnStream: ByteStream {
  let stream: any DuplexStream

  init(_ stream: any DuplexStream) { self.stream = stream }

  func read() throws -> [UInt8] { try stream.read() }
  func write(_ bytes: [UInt8]) throws { try stream.write(bytes) }
  func close() { stream.close() }
}

/// A program's stream, for runs.
private final class ForeignStream: DuplexStream {
  private let stream: any ByteStream

  init(_ stream: any ByteStream) { self.stream = stream }

  func read() throws(MirrorError) -> [UInt8] {
    do {
      return try stream.read()
    } catch {
      // Why it broke is the program's own knowledge.
      throw .closed
    }
  }

  func write(_ bytes: [UInt8]) throws(MirrorError) {
    do {
      try stream.write(bytes)
    } catch {
      throw .closed
    }
  }

  func close() { stream.close() }
}

/// The stream that a run uses for a program's.
func duplex(_ stream: any ByteStream) -> any DuplexStream {
  if let own = stream as? OwnStream { return own.stream }
  return ForeignStream(stream)
}
