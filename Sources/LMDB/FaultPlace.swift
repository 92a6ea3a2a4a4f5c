internal import CSignals
internal import Glibc

/// The folder of an environment, as a fault handler needs it.
@safe
final class FaultPlace: @unchecked Sendable {
  // Unchecked: what the pointer leads to never changes.
  private let cache: UnsafeMutablePointer<kist_cache>

  init(folder: String) throws(LMDBError) {
    let descriptor = unsafe open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard descriptor >= 0 else { throw .system(operation: "open", errno: errno) }
    unsafe cache = .allocate(capacity: 1)
    unsafe cache.initialize(to: kist_cache(folder: descriptor, path: strdup(folder)))
  }

  deinit {
    _ = unsafe close(cache.pointee.folder)
    unsafe free(UnsafeMutablePointer(mutating: cache.pointee.path))
    unsafe cache.deallocate()
  }

  /// Runs `body`, and has a fault in it answered as this folder's.
  func guarded<Result, Failure: Error>(
    _ body: () throws(Failure) -> Result
  ) throws(Failure) -> Result {
    let outer = unsafe kist_enter_cache(cache)
    defer { unsafe kist_enter_cache(outer) }
    return try body()
  }

  func mark() {
    // Ignored: a folder that takes no mark is damaged all the same, and the next run finds out.
    _ = unsafe kist_mark_cache(cache)
  }
}
