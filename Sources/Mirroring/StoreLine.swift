import CoreTypes
import Files
import Storage
import Threading
import Synchronization

/// The line to an end that has a store: many questions at once, each answered in its own time.
///
/// One thread reads what comes, one says from time to time that this end is still there. Any thread may ask.
final class StoreLine: Sendable {
  /// How long silence may last.
  struct Patience: Sendable {
    var greetingSeconds = WireLimits.greetingSeconds
    var stallSeconds = WireLimits.stallSeconds
    var keepAliveSeconds = WireLimits.keepAliveSeconds
    var noiseSeconds = WireLimits.noiseSeconds
    /// True when the person wants to stop: silence is not waited for any more.
    var interruption: @Sendable () -> Bool = { false }
    /// What is told when an answer is waited for.
    var waiting = WaitingNote.none
  }

  /// Why there is no answer.
  enum Fault: Error {
    case refused(StoreRefusal)
    case ended(ConnectionEnd)
  }

  /// A whole answer.
  struct Answer {
    /// The bytes of all parts.
    var bytes: [UInt8]
    /// What came with the end.
    var last: [UInt8]
  }

  private struct Question {
    var bytes: [UInt8] = []
    let byteLimit: Int
    var ending: Result<[UInt8], StoreRefusal>?
    /// Nobody waits for it any more.
    var isForgotten = false
  }

  private struct State {
    var next: UInt32 = 1
    var questions: [UInt32: Question] = [:]
    var hello: Hello?
    var end: ConnectionEnd?
    /// What came before anything was understood.
    var noise: [UInt8] = []
    var lastReceived = SystemClock.monotonicNanoseconds()
    var isLocked = false
  }

  private let stream: any DuplexStream
  private let patience: Patience
  private let endStatus: @Sendable () -> Int32?
  private let state = Monitor(State())
  /// When something was sent last; locked while something is.
  private let output = Mutex(SystemClock.monotonicNanoseconds())
  private let counters = MirrorProgress()
  private let threads = Mutex<[WorkerThread]>([])

  /// Seconds of silence after which a stop that was asked for ends the line.
  private static let interruptedSilenceSeconds = 2
  /// Milliseconds between two looks at the clock.
  private static let tickMilliseconds = 500
  /// Milliseconds that the other end's reason is waited for when writing fails.
  private static let lastWordsMilliseconds = 2000

  /// Greets over a stream; `endStatus` is asked for the status of the program behind it, if there is one, when it has ended.
  init(
    over stream: any DuplexStream,
    program: String,
    patience: Patience,
    endStatus: @escaping @Sendable () -> Int32?
  ) throws(ConnectionEnd) {
    self.stream = stream
    self.patience = patience
    self.endStatus = endStatus
    do {
      let reader = try WorkerThread.start { [self] in readAll() }
      threads.withLock { $0.append(reader) }
      let ticker = try WorkerThread.start { [self] in watchClock() }
      threads.withLock { $0.append(ticker) }
    } catch {
      close()
      throw .threads(errno: error.errno)
    }
    let hello = Hello(
      program: program,
      repository: nil,
      storeMark: [],
      offers: [],
      wishes: [Hello.Wish.store],
      sets: []
    )
    try write(WirePreamble.bytes + StoreMessage.hello(hello).frame.bytes)
  }

  /// Ends the line, and waits for its threads.
  func close() {
    end(.closed)
    for thread in threads.withLock({ list in
      defer { list = [] }
      return list
    }) {
      thread.join()
    }
  }

  /// Bytes in each direction.
  var traffic: (sent: UInt64, received: UInt64) {
    let now = counters.now
    return (now.wireBytesSent, now.wireBytesReceived)
  }

  /// The other end's hello; waits for it.
  func greeted() throws(ConnectionEnd) -> Hello {
    state.wait { $0.hello != nil || $0.end != nil }
    let (hello, end) = state.withLock { ($0.hello, $0.end) }
    if let hello { return hello }
    throw end ?? .closed
  }

  // MARK: Asking

  /// Sends a question; its answer is waited for by `wait`.
  ///
  /// More than `byteLimit` bytes of parts end the line.
  func begin(
    _ operation: StoreOperation,
    _ operands: [UInt8],
    byteLimit: Int
  ) throws(Fault) -> UInt32 {
    let number = state.update { state in
      defer { state.next &+= 1 }
      state.questions[state.next] = Question(byteLimit: byteLimit)
      return state.next
    }
    do throws(ConnectionEnd) {
      try write(
        StoreMessage.ask(number: number, operation: operation.rawValue, operands: operands).frame
          .bytes
      )
    } catch {
      throw .ended(error)
    }
    return number
  }

  /// The answer to a question that was sent; waits for it.
  func wait(_ number: UInt32) throws(Fault) -> Answer {
    state.wait { $0.end != nil || $0.questions[number]?.ending != nil }
    let (question, end) = state.withLock { ($0.questions.removeValue(forKey: number), $0.end) }
    guard let question, let ending = question.ending else { throw .ended(end ?? .closed) }
    switch ending {
    case .success(let last): return Answer(bytes: question.bytes, last: last)
    case .failure(let refusal): throw .refused(refusal)
    }
  }

  /// Nobody will wait for this answer.
  func forget(_ number: UInt32) {
    state.withLock { state in
      guard let question = state.questions[number] else { return }
      if question.ending != nil {
        state.questions[number] = nil
      } else {
        state.questions[number]?.isForgotten = true
      }
    }
  }

  /// Asks and waits.
  func ask(
    _ operation: StoreOperation,
    _ operands: [UInt8] = [],
    byteLimit: Int = 0
  ) throws(Fault) -> Answer {
    try wait(try begin(operation, operands, byteLimit: byteLimit))
  }

  /// Sends bytes of a file.
  func send(_ bytes: [UInt8], of blob: UInt32, kind: UInt8) throws(ConnectionEnd) {
    var start = 0
    repeat {
      let end = min(start + WireLimits.storePieceByteCount, bytes.count)
      let piece = start == 0 && end == bytes.count ? bytes : Array(bytes[start..<end])
      try write(StoreMessage.data(blob: blob, kind: kind, bytes: piece).frame.bytes)
      start = end
    } while start < bytes.count
  }

  /// While the other end's lock is held, it is told more often that this end is there.
  func hold(_ isLocked: Bool) { state.update { $0.isLocked = isLocked } }

  // MARK: Threads

  private func write(_ bytes: [UInt8]) throws(ConnectionEnd) {
    if let end = state.withLock({ $0.end }) { throw end }
    do {
      try output.withLock { (last) throws(MirrorError) in
        try stream.write(bytes)
        last = SystemClock.monotonicNanoseconds()
      }
    } catch {
      // The other end may have said why it goes: that counts for more.
      _ = state.wait(upToMilliseconds: StoreLine.lastWordsMilliseconds) { $0.end != nil }
      end(StoreLine.end(of: error))
      throw state.withLock { $0.end } ?? .closed
    }
    counters.add { $0.wireBytesSent += UInt64(bytes.count) }
  }

  /// Keeps the first reason, and wakes everyone who waits.
  private func end(_ reason: ConnectionEnd) {
    state.update { if $0.end == nil { $0.end = reason } }
    stream.close()
  }

  private func readAll() {
    var parser = FrameParser()
    do throws(MirrorError) {
      while true {
        let bytes = try stream.read()
        guard !bytes.isEmpty else { return finish(parser) }
        counters.add { $0.wireBytesReceived += UInt64(bytes.count) }
        // A whole message counts, and the first bytes of something that is none.
        var isHeard = parser.noise.isEmpty && !parser.isOpen
        parser.append(bytes)
        while let frame = try parser.next() {
          isHeard = true
          if let message = try StoreMessage(frame) { try take(message) }
        }
        let noise = parser.noise
        let now = SystemClock.monotonicNanoseconds()
        state.withLock { state in
          if isHeard { state.lastReceived = now }
          state.noise = noise
        }
        if state.withLock({ $0.end != nil }) { return }
      }
    } catch {
      end(StoreLine.end(of: error))
    }
  }

  /// The stream has ended.
  private func finish(_ parser: FrameParser) {
    guard state.withLock({ $0.end == nil }) else { return }
    guard parser.isOpen || parser.noise.isEmpty else { return end(.noise(parser.noise)) }
    stream.close()
    let status = endStatus()
    end(status.flatMap { $0 == 0 ? nil : .command(status: $0) } ?? .closed)
  }

  private func take(_ message: StoreMessage) throws(MirrorError) {
    switch message {
    case .hello(let hello):
      guard state.withLock({ $0.hello == nil }) else { throw .malformed("a second hello") }
      state.update { $0.hello = hello }
    case .alive: break
    case .error(let code, let text): throw .peer(code: code, text: text)
    case .ask, .data: throw .malformed("a question to the end that asks")
    case .part(let number, let bytes):
      let fits = state.withLock { state in
        guard let room = state.questions[number].map({ $0.byteLimit - $0.bytes.count }),
          bytes.count <= room
        else { return false }
        if state.questions[number]?.isForgotten == false {
          state.questions[number]?.bytes.append(contentsOf: bytes)
        }
        return true
      }
      guard fits else { throw .malformed("more than was asked for") }
    case .answer(let number, let bytes): try settle(number, .success(bytes))
    case .refusal(let number, let refusal): try settle(number, .failure(refusal))
    }
  }

  private func settle(
    _ number: UInt32,
    _ ending: Result<[UInt8], StoreRefusal>
  ) throws(MirrorError) {
    let isExpected = state.update { state in
      guard let question = state.questions[number], question.ending == nil else { return false }
      if question.isForgotten {
        state.questions[number] = nil
      } else {
        state.questions[number]?.ending = ending
      }
      return true
    }
    guard isExpected else { throw .malformed("an answer to nothing") }
  }

  private func watchClock() {
    var hasToldOfWaiting = false
    while true {
      if state.wait(upToMilliseconds: StoreLine.tickMilliseconds, until: { $0.end != nil }) {
        return
      }
      let now = SystemClock.monotonicNanoseconds()
      let seen = state.withLock { state in
        (
          silence: StoreLine.seconds(from: state.lastReceived, to: now), noise: state.noise,
          isWaiting: !state.questions.isEmpty || state.hello == nil, isLocked: state.isLocked,
          isGreeted: state.hello != nil
        )
      }
      if !seen.noise.isEmpty, seen.silence > patience.noiseSeconds {
        return end(.noise(seen.noise))
      }
      if seen.isWaiting, seen.silence >= StoreLine.interruptedSilenceSeconds,
        patience.interruption()
      {
        return end(.closed)
      }
      if seen.isWaiting, seen.silence >= patience.waiting.seconds, !hasToldOfWaiting {
        hasToldOfWaiting = true
        patience.waiting.tell()
      }
      let stall =
        seen.isGreeted
        ? patience.stallSeconds : min(patience.stallSeconds, patience.greetingSeconds)
      if seen.isWaiting, seen.silence > stall { return end(.silent(seconds: stall)) }
      let limit = seen.isLocked ? WireLimits.lockedKeepAliveSeconds : patience.keepAliveSeconds
      // Whoever is sending right now need not say that he is there.
      guard let last = output.withLockIfAvailable({ $0 }),
        StoreLine.seconds(from: last, to: now) >= limit
      else { continue }
      do throws(ConnectionEnd) {
        try write(StoreMessage.alive.frame.bytes)
      } catch {
        // The line has ended, and knows why.
        return
      }
    }
  }

  private static func seconds(from start: UInt64, to end: UInt64) -> Int {
    end > start ? Int((end - start) / 1_000_000_000) : 0
  }

  private static func end(of error: MirrorError) -> ConnectionEnd {
    switch error {
    case .noise(let bytes): .noise(bytes)
    case .malformed(let what): .malformed(what)
    case .frameTooLong(let type, let count): .malformed("frame of type \(type) with \(count) bytes")
    case .unknownMessage(let type): .malformed("unknown message \(type)")
    case .peer(let code, let text): .stopped(code: code, text: text)
    case .stream(let error): .system(error)
    case .stalled(let seconds): .silent(seconds: seconds)
    default: .closed
    }
  }
}
