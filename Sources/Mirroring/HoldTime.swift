package import CoreTypes
import Storage

/// How long a store keeps what came to it, whatever the other end asks.
///
/// A machine without keys cannot tell which deletions are meant, and which are those of a thief with a client's key; it
/// can only delay them. Source: Docs/THREATS.md, Formats/mirror-protocol.md §9.
package struct HoldTime: Sendable {
  private let seconds: Int64
  private let clock: @Sendable () -> PointInTime

  /// Seconds, zero or more, counted from a file's arrival by `clock`.
  package init(seconds: Int64, clock: @escaping @Sendable () -> PointInTime) {
    self.seconds = seconds
    self.clock = clock
  }

  /// The moment until which the file stays; `nil` if it may go now.
  ///
  /// A file whose arrival nobody knows, or lies ahead of the clock, stays.
  func end(for name: BlobName, in store: any BlobStore) throws(StorageError) -> PointInTime? {
    guard seconds > 0 else { return nil }
    let now = clock()
    let arrival = try store.arrival(of: name) ?? now
    let (end, overflow) = arrival.seconds.addingReportingOverflow(seconds)
    let last = PointInTime(seconds: overflow ? .max : end, nanoseconds: arrival.nanoseconds)
    return last > now ? last : nil
  }
}
