internal import CFiles
internal import Glibc

/// The system would not start a thread.
package struct ThreadError: Error, Equatable, Sendable {
  package let errno: Int32
}

/// A POSIX thread.
///
/// It must be joined, unless nobody waits for it.
///
/// Signals are blocked in it, so that they reach the main thread; but not those that the thread
/// itself causes. The corresponding C function is `pthread_create`.
@safe
package final class WorkerThread: @unchecked Sendable {
  // Unchecked: the handle is written before `start` returns and read once, by `join`.
  private let handle: pthread_t

  private final class Start {
    let body: @Sendable () -> Void

    init(body: @escaping @Sendable () -> Void) { self.body = body }
  }

  /// Bytes of stack: 2 MiB; what runs in it does not recurse with the depth of its input.
  private static let stackByteCount = 2 << 20

  /// Starts a thread that runs `body`.
  package static func start(
    _ body: @escaping @Sendable () -> Void
  )
    throws(ThreadError) -> WorkerThread
  {
    var attributes = pthread_attr_t()
    unsafe pthread_attr_init(&attributes)
    defer { unsafe pthread_attr_destroy(&attributes) }
    unsafe pthread_attr_setstacksize(&attributes, stackByteCount)
    var handle = pthread_t()
    let start = unsafe Unmanaged.passRetained(Start(body: body))
    let code = unsafe pthread_create(
      &handle,
      &attributes,
      { argument in
        guard let argument = unsafe argument else { return nil }
        let start = unsafe Unmanaged<Start>.fromOpaque(argument).takeRetainedValue()
        var signals = sigset_t()
        unsafe sigfillset(&signals)
        for fault in [SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGABRT, SIGSYS] {
          unsafe sigdelset(&signals, fault)
        }
        unsafe pthread_sigmask(SIG_SETMASK, &signals, nil)
        start.body()
        return nil
      },
      start.toOpaque()
    )
    guard code == 0 else {
      unsafe start.release()
      throw ThreadError(errno: code)
    }
    return WorkerThread(handle: handle)
  }

  private init(handle: pthread_t) { self.handle = handle }

  /// Starts a thread that nobody waits for.
  package static func startDetached(_ body: @escaping @Sendable () -> Void) throws(ThreadError) {
    pthread_detach(try start(body).handle)
  }

  /// Waits until the thread has ended.
  package func join() {
    pthread_join(handle, nil)
  }
}

/// Processors on which this process may run.
///
/// The corresponding C function is `sched_getaffinity`.
package func usableProcessorCount() -> Int {
  let allowed = Int(kist_usable_processors())
  return max(1, allowed > 0 ? allowed : sysconf(Int32(_SC_NPROCESSORS_ONLN)))
}
