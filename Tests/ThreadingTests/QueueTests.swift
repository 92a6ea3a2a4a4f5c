import Glibc
import Synchronization
import Testing

@testable import Threading

@Suite("Bounded queue") struct QueueTests {
  @Test func `four producers and four consumers lose nothing and double nothing`() throws {
    let queue = BoundedQueue<Int>(capacity: 7)
    let seen = Mutex<Set<Int>>([])
    let producers = try (0..<4).map { producer in
      try WorkerThread.start {
        for number in 0..<5000 { _ = queue.push(producer * 5000 + number) }
      }
    }
    let consumers = try (0..<4).map { _ in
      try WorkerThread.start {
        while let number = queue.pop() {
          let isNew = seen.withLock { $0.insert(number).inserted }
          if !isNew { Issue.record("\(number) came twice") }
        }
      }
    }
    for thread in producers { thread.join() }
    queue.close()
    for thread in consumers { thread.join() }
    #expect(seen.withLock { $0.count } == 20_000)
  }

  @Test func `elements come in the order in which they were pushed, but for the front`() {
    let queue = BoundedQueue<Int>(capacity: 10)
    for number in 1...4 { #expect(queue.push(number)) }
    #expect(queue.pushFront(0))
    #expect((0..<5).map { _ in queue.pop() } == [0, 1, 2, 3, 4])
  }

  @Test func `the front takes elements although the queue is full`() {
    let queue = BoundedQueue<Int>(capacity: 1)
    #expect(queue.push(1))
    #expect(queue.pushFront(0))
    #expect(queue.pop() == 0)
    #expect(queue.pop() == 1)
  }

  @Test func `a closed queue takes nothing and gives what is in it`() {
    let queue = BoundedQueue<Int>(capacity: 3)
    #expect(queue.push(1))
    queue.close()
    #expect(!queue.push(2))
    #expect(!queue.pushFront(0))
    #expect(queue.pop() == 1)
    #expect(queue.pop() == nil)
  }

  @Test func `a producer that waits for room is let go by the close`() throws {
    let queue = BoundedQueue<Int>(capacity: 1)
    #expect(queue.push(1))
    let answer = Mutex<Bool?>(nil)
    let thread = try WorkerThread.start {
      let taken = queue.push(2)
      answer.withLock { $0 = taken }
    }
    queue.close()
    thread.join()
    #expect(answer.withLock { $0 } == false)
  }
}

@Suite("Monitor and failures") struct MonitorTests {
  @Test func `a waiter is woken by the change that it waits for`() throws {
    let monitor = Monitor(0)
    let thread = try WorkerThread.start {
      for _ in 0..<10 { monitor.update { $0 += 1 } }
    }
    monitor.wait { $0 == 10 }
    thread.join()
    #expect(monitor.withLock { $0 } == 10)
  }

  @Test func `waiting ends when the time is over`() {
    let monitor = Monitor(false)
    #expect(!monitor.wait(upToMilliseconds: 5) { $0 })
    monitor.update { $0 = true }
    #expect(monitor.wait(upToMilliseconds: 5) { $0 })
  }

  @Test func `the first failure stays`() {
    struct Numbered: Error, Equatable { let number: Int }
    let failure = FirstFailure<Numbered>()
    #expect(!failure.isSet)
    failure.record(Numbered(number: 1))
    failure.record(Numbered(number: 2))
    #expect(failure.isSet)
    #expect(failure.value == Numbered(number: 1))
  }
}

@Suite("Worker threads") struct WorkerThreadTests {
  @Test func `stops are blocked in them, and faults are not`() throws {
    let wrong = Mutex<[Int32]>([])
    let thread = try WorkerThread.start {
      var blocked = sigset_t()
      unsafe pthread_sigmask(SIG_BLOCK, nil, &blocked)
      for signal in [SIGINT, SIGTERM, SIGHUP, SIGWINCH, SIGALRM]
      where unsafe sigismember(&blocked, signal) != 1 {
        wrong.withLock { $0.append(signal) }
      }
      for signal in [SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGABRT, SIGSYS]
      where unsafe sigismember(&blocked, signal) != 0 {
        wrong.withLock { $0.append(signal) }
      }
    }
    thread.join()
    #expect(wrong.withLock { $0 } == [])
  }

  @Test func `only processors on which the process may run are counted`() throws {
    let file = unsafe try #require(unsafe fopen("/proc/self/status", "r"))
    defer { unsafe fclose(file) }
    var line = [CChar](repeating: 0, count: 4096)
    var allowed: Int?
    while unsafe fgets(&line, Int32(line.count), file) != nil {
      let text = String(
        decoding: line.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) },
        as: UTF8.self
      )
      guard text.hasPrefix("Cpus_allowed:") else { continue }
      allowed = text.dropFirst(13).compactMap { $0.hexDigitValue?.nonzeroBitCount }.reduce(0, +)
    }
    #expect(usableProcessorCount() == allowed)
  }
}
