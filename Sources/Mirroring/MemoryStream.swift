import Threading

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
