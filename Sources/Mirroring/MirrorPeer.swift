import CoreTypes
import Files
package import Repositories
import Threading

/// Drives one end of a mirror run over a stream.
///
/// The calling thread does the work; one thread reads the stream, two more write packs when this end receives.
package final class MirrorPeer {
  private let stream: any DuplexStream
  var repository: KeylessRepository?
  let options: PeerOptions
  let progress: MirrorProgress
  private let interruption: @Sendable () -> Bool
  let mailbox = Mailbox()
  private var parser = FrameParser()
  var session: MirrorSession
  var supplies: [any Supply] = []
  /// Objects of a list that has not ended.
  var listed: ObjectSupply?
  var outgoing: OutgoingItem?
  private var outbox = Outbox()
  var plan: ReceivePlan?
  var intake: Intake?
  /// What the other end chose.
  var incoming: StoreSelection?
  var lacking: [ObjectID] = []
  var wanted: Set<ObjectID> = []
  /// Objects that were handed to the intake, which must not have one twice; noted only where one may be asked for in two lists.
  var taken: Set<ObjectID> = []
  var used = 0
  var summary = MirrorSummary()
  /// Records that this store had when the run began, and those of them that the other end asked for.
  let recordsAtStart: Set<RecordID>
  var recordsGiven: Set<RecordID> = []
  /// What came and was not looked at yet, the next part last: what was is let go, as more comes meanwhile.
  private var unread: [[UInt8]] = []
  private var hasEnded = false
  private var isStreamOver = false
  /// True while the rest of a broken stream is looked through: nothing is said any more.
  private var isSilent = false
  private var silence = SilenceWatch()

  /// `repository` is `nil` where it is yet to be made.
  package init(
    stream: any DuplexStream,
    repository: KeylessRepository?,
    options: PeerOptions,
    progress: MirrorProgress,
    interruption: @escaping @Sendable () -> Bool
  ) throws(MirrorError) {
    self.stream = stream
    self.repository = repository
    self.options = options
    self.progress = progress
    self.interruption = interruption
    recordsAtStart = repository.map { Set($0.log.records.keys) } ?? []
    session = MirrorSession(try MirrorPeer.setting(repository, options))
  }

  /// Runs to the end, and closes the stream.
  ///
  /// Whole objects that came are kept even when this throws.
  package func run() throws(MirrorError) -> MirrorSummary {
    let mailbox = mailbox
    let stream = stream
    options.requests?.attach { mailbox.wake() }
    let reader: WorkerThread
    do {
      reader = try WorkerThread.start { MirrorPeer.readAll(stream, into: mailbox) }
    } catch {
      throw .threads(errno: error.errno)
    }
    defer {
      mailbox.close()
      stream.close()
      reader.join()
    }
    do throws(MirrorError) {
      let preamble = options.opening == .nothing ? WirePreamble.bytes : []
      try write(preamble + session.greeting.frame.bytes)
      try loop()
      try flush()
    } catch {
      try conclude(error)
    }
    summary.counters = progress.now
    if session.isDryRun, session.gives, session.peerHello?.repository == nil {
      // There is no one to count what is missing there: it is everything.
      summary.given = try everything()
    }
    return summary
  }

  /// Ends a run that failed; returns only if the other end was done before the stream broke.
  private func conclude(_ error: MirrorError) throws(MirrorError) {
    switch error {
    case .closed, .stream:
      let reason = lastWords()
      guard !hasEnded else { return }
      throw reason ?? error
    case .noise, .stalled, .malformed, .frameTooLong, .unknownMessage, .version, .otherRepository,
      .sameStore, .noRepository, .denied, .choiceRefused, .wrongHash, .refusedRecords,
      .deletionRefused,
      .incomplete,
      .quota, .peer, .unidentified, .command, .repository, .storage, .packing, .interrupted,
      .threads:
      intake?.finish()
      tell(error)
      throw error
    }
  }

  /// Looks through what came before a stream broke.
  ///
  /// Whole objects are kept; the other end's reason counts for more than that it has gone.
  private func lastWords() -> MirrorError? {
    isSilent = true
    defer {
      isSilent = false
      intake?.finish()
    }
    do throws(MirrorError) {
      // The reason may be behind the very message whose answer could not be sent any more.
      try readMessages()
      try receiveUnread()
      for _ in 0..<MirrorPeer.lastWaits where !isStreamOver && !hasEnded {
        let content = mailbox.take(waitMilliseconds: MirrorPeer.waitMilliseconds)
        unread = content.parts.reversed()
        try receiveUnread()
        if content.end != nil { isStreamOver = true }
      }
      return parser.isOpen || parser.noise.isEmpty ? nil : .noise(parser.noise)
    } catch {
      return error
    }
  }

  /// True if both ends were done.
  var isOver: Bool { hasEnded }

  /// Waits for the rest of a broken stream at most: 2 s in all.
  private static let lastWaits = 8

  private static func readAll(_ stream: any DuplexStream, into mailbox: Mailbox) {
    do throws(MirrorError) {
      while true {
        let bytes = try stream.read()
        guard !bytes.isEmpty else { return mailbox.put(.closed) }
        guard mailbox.put(bytes) else { return }
      }
    } catch {
      mailbox.put(.failed(error))
    }
  }

  /// Begins a stream whose other end waits, before this one has what it needs for a hello.
  ///
  /// Whoever calls it sets `PeerOptions.opening`.
  package static func open(_ stream: any DuplexStream) throws(MirrorError) {
    try stream.write(WirePreamble.bytes + Message.alive.frame.bytes)
  }

  /// Tells the other end of a stream why it is not served; `code` is one of `MirrorErrorCode`.
  package static func refuse(
    over stream: any DuplexStream,
    after opening: PeerOptions.Opening,
    code: UInt64,
    reason: String
  ) {
    do throws(MirrorError) {
      try stream.write(
        (opening == .nothing ? WirePreamble.bytes : [])
          + Message.error(code: code, text: reason).frame.bytes
      )
    } catch {
      // Ignored: whoever has gone cannot be told.
    }
  }

  // MARK: Loop

  private func loop() throws(MirrorError) {
    while !hasEnded {
      if interruption() { throw .interrupted }
      try passRequests()
      let hasSent = try sendNext()
      if !hasSent { try flush() }
      var content = mailbox.take(waitMilliseconds: hasSent ? 0 : MirrorPeer.waitMilliseconds)
      if content.consumed > 0 { try perform(session.consumed(itemBytes: content.consumed)) }
      unread = content.parts.reversed()
      content.parts = []
      try receiveUnread()
      if options.requests == nil, let failure = intake?.failure { throw failure }
      if let end = content.end {
        isStreamOver = true
        if !hasEnded { throw ended(end) }
      }
      try checkClock()
    }
  }

  /// Milliseconds of one wait; a signal and the clock are looked at in between.
  private static let waitMilliseconds = 250

  private func ended(_ end: Mailbox.End) -> MirrorError {
    switch end {
    case .failed(let error): error
    // A shell's complaint, perhaps: what came is shown.
    case .closed: parser.isOpen || parser.noise.isEmpty ? .closed : .noise(parser.noise)
    }
  }

  private func receiveUnread() throws(MirrorError) {
    while !hasEnded, let part = unread.popLast() { try receive(part) }
  }

  private func receive(_ bytes: [UInt8]) throws(MirrorError) {
    progress.add { $0.wireBytesReceived += UInt64(bytes.count) }
    if !parser.isOpen, parser.noise.isEmpty { silence.end() }
    parser.append(bytes)
    try readMessages()
  }

  private func readMessages() throws(MirrorError) {
    while !hasEnded, let frame = try parser.next() {
      // A peer that sends a byte now and then must not be waited for without end.
      silence.end()
      guard let message = try Message(frame) else { continue }
      try perform(try session.received(message))
    }
  }

  private func checkClock() throws(MirrorError) {
    let now = SystemClock.monotonicNanoseconds()
    if now - outbox.lastWritten > UInt64(options.keepAliveSeconds) * 1_000_000_000 {
      try send(.alive)
    }
    try silence.check(at: now, parser, options)
  }

  /// Says bytes of an item.
  func send(_ range: Range<Int>, of item: OutgoingItem) throws(MirrorError) {
    outbox.append(range, of: item)
    if outbox.isFull { try flush() }
  }

  private func write(_ bytes: [UInt8]) throws(MirrorError) {
    outbox.append(bytes)
    if outbox.isFull { try flush() }
  }

  /// Writes what was said.
  private func flush() throws(MirrorError) {
    let count = try outbox.write(to: stream)
    if count > 0 { progress.add { $0.wireBytesSent += UInt64(count) } }
  }

  func send(_ message: Message) throws(MirrorError) {
    if !isSilent { try write(message.frame.bytes) }
  }

  /// Tells the other end why this one gives up, if it can be told.
  private func tell(_ error: MirrorError) {
    guard let wire = error.wire else { return }
    do throws(MirrorError) {
      try send(.error(code: wire.code, text: wire.text))
      try flush()
    } catch {
      // Ignored: whoever has gone cannot be told.
    }
  }

  // MARK: Actions

  func perform(_ actions: consuming [MirrorSession.Action]) throws(MirrorError) {
    // What was done is let go: it may be a whole manifest.
    actions.reverse()
    while let action = actions.popLast() {
      switch action {
      // What takes its time must not hold back what was said before it.
      case .supply, .loadObjects, .create, .proveRecords, .planObjects, .commit: try flush()
      case .send, .end, .keep, .expect, .take, .lacking: break
      }
      switch action {
      case .send(let message):
        // What a dry run would have brought is known to the session alone.
        if session.isDryRun, case .done(let report) = message { summary.received = report }
        try send(message)
      case .supply(let kind, let names, let isLast, let answer):
        guard kind == .object else {
          try begin(kind, names)
          continue
        }
        try list(names)
        if isLast { try beginObjects(answer) }
      case .end(let report):
        summary.given = report
        hasEnded = true
      case .loadObjects: try perform(try loadObjects())
      case .create(let configuration):
        try perform(try create(configuration))
      case .keep(let kind, let name, let bytes): try keep(kind, name, bytes)
      case .proveRecords(let files): try perform(try proveRecords(files))
      case .planObjects(let heldThere): try perform(try planObjects(heldThere: heldThere))
      case .expect(let objects, let bytes): try expect(objects: objects, bytes: bytes)
      case .take(let id, let head, let body): try take(id, head: head, body: body)
      case .lacking(let id):
        lacking.append(id)
        options.requests?.answer(id, nil)
      case .commit: if !isSilent { try perform(try commit()) }
      }
    }
  }

  /// Called by the intake when it has dealt with so many bytes, so that the other end may go on.
  var consumedNote: @Sendable (Int) -> Void {
    let mailbox = mailbox
    return { mailbox.put(consumed: $0) }
  }
}
