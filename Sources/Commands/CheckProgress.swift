import Synchronization

/// How far a check has come, noted by its workers and read by the display.
final class CheckProgress: Sendable {
  /// Packs done, packs in all, bytes read.
  struct Reached: Sendable {
    var packs = 0
    var of = 0
    var bytes = 0
  }

  private let state = Mutex(Reached())

  var now: Reached { state.withLock { $0 } }

  func reached(packs: Int, of: Int, bytes: Int) {
    state.withLock { state in
      state = Reached(packs: max(state.packs, packs), of: of, bytes: max(state.bytes, bytes))
    }
  }

  /// The line that shows it on a terminal, or to a program.
  func line(on console: Console) -> ProgressLine {
    ProgressLine(console: console) { seconds in
      let now = self.now
      return
        "\(Quantities.duration(seconds))  \(now.packs) of \(Quantities.count(now.of, "pack"))  "
        + Quantities.bytes(now.bytes)
    } status: { seconds in
      let now = self.now
      return JSONText([
        "message_type": .text("status"), "seconds_elapsed": .decimal(seconds),
        "packs_done": .number(now.packs), "total_packs": .number(now.of),
        "bytes_read": .number(now.bytes),
      ])
    }
  }
}
