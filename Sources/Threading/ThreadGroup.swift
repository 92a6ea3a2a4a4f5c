/// Threads that are waited for together.
///
/// A thread may be in a call to the system that never returns, such as one for a network mount whose
/// server is gone. Nothing ends such a thread but the end of the process; so it can be left behind.
package final class ThreadGroup {
  private let running = Monitor<Int>(0)
  private var threads: [WorkerThread] = []

  private static let lookIntervalMilliseconds = 20

  package init() {}

  /// Starts one more thread, which runs `body`.
  package func start(_ body: @escaping @Sendable () -> Void) throws(ThreadError) {
    running.update { $0 += 1 }
    do {
      threads.append(
        try WorkerThread.start { [running] in
          body()
          running.update { $0 -= 1 }
        }
      )
    } catch {
      running.update { $0 -= 1 }
      throw error
    }
  }

  /// Waits until all threads have ended, or until `isHopeless` was true without a break for so long.
  ///
  /// False if some were left behind: what they were given is theirs for ever.
  package func join(
    hopelessAfterMilliseconds limit: Int,
    isHopeless: () -> Bool
  ) -> Bool {
    var hopelessMilliseconds = 0
    let interval = ThreadGroup.lookIntervalMilliseconds
    while !running.wait(upToMilliseconds: interval, until: { $0 == 0 }) {
      hopelessMilliseconds = isHopeless() ? hopelessMilliseconds + interval : 0
      if hopelessMilliseconds >= limit { return false }
    }
    for thread in threads { thread.join() }
    threads = []
    return true
  }
}
