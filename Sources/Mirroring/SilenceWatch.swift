import Files

/// Notices when the other end of a run says nothing for too long.
struct SilenceWatch {
  /// When the last whole message came, or the first bytes of something that is none.
  private var lastHeard = SystemClock.monotonicNanoseconds()
  private var hasTold = false

  /// Says that something came.
  mutating func end() { lastHeard = SystemClock.monotonicNanoseconds() }

  /// Tells of a silence that lasts, and throws when it has lasted too long; `now` is a time of the monotonic clock.
  mutating func check(
    at now: UInt64,
    _ parser: FrameParser,
    _ options: PeerOptions
  ) throws(MirrorError) {
    // Something that greets and then waits for a person will not become a peer.
    if !parser.isOpen, !parser.noise.isEmpty,
      now - lastHeard > UInt64(WireLimits.noiseSeconds) * 1_000_000_000
    {
      throw .noise(parser.noise)
    }
    let silence = now - lastHeard
    if silence / 1_000_000_000 >= UInt64(options.waiting.seconds), !hasTold {
      hasTold = true
      options.waiting.tell()
    }
    let limit =
      parser.isOpen ? options.stallSeconds : min(options.stallSeconds, options.greetingSeconds)
    if silence > UInt64(limit) * 1_000_000_000 { throw .stalled(seconds: limit) }
  }
}
