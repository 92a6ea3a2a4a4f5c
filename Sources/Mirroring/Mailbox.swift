import Threading

/// What happens to a session: bytes that came, the end of the stream, objects dealt with.
struct Mailbox: Sendable {
  private struct State {
    var parts: [[UInt8]] = []
    var byteCount = 0
    var end: End?
    var consumed = 0
    var isWoken = false
    var isClosed = false
  }

  /// How a stream ended.
  enum End: Sendable {
    case closed
    case failed(MirrorError)
  }

  /// What was in the box.
  struct Content {
    var parts: [[UInt8]]
    var end: End?
    /// Bytes of items that were dealt with.
    var consumed: Int

    var isEmpty: Bool { parts.isEmpty && end == nil && consumed == 0 }
  }

  private let state = Monitor(State())
  /// Bytes that wait to be looked at: what is granted, and as much for everything else.
  private static let capacity = 2 * WireLimits.credit

  /// Puts bytes in; waits while too many are there.
  ///
  /// False if nobody looks any more.
  func put(_ bytes: [UInt8]) -> Bool {
    state.waitAndUpdate(until: { $0.isClosed || $0.byteCount < Mailbox.capacity }) { state in
      guard !state.isClosed else { return false }
      state.parts.append(bytes)
      state.byteCount += bytes.count
      return true
    }
  }

  func put(_ end: End) { state.update { if $0.end == nil { $0.end = end } } }

  func put(consumed count: Int) { state.update { $0.consumed += count } }

  /// Ends the wait of whoever looks: something else is to be done.
  func wake() { state.update { $0.isWoken = true } }

  /// Takes all that is there; waits at most so long for something.
  func take(waitMilliseconds: Int) -> Content {
    if waitMilliseconds > 0 {
      _ = state.wait(upToMilliseconds: waitMilliseconds) {
        $0.end != nil || $0.consumed > 0 || !$0.parts.isEmpty || $0.isWoken
      }
    }
    return state.update { state in
      defer {
        state.parts = []
        state.byteCount = 0
        state.consumed = 0
        state.isWoken = false
        state.end = nil
      }
      return Content(parts: state.parts, end: state.end, consumed: state.consumed)
    }
  }

  /// Nobody looks any more.
  func close() { state.update { $0.isClosed = true } }
}
