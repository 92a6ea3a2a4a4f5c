/// Bytes in both directions.
///
/// One thread reads, one thread writes; `close` may come from any.
package protocol DuplexStream: AnyObject, Sendable {
  /// The next bytes, at least one; waits for them. Empty at the end, and after `close`.
  func read() throws(MirrorError) -> [UInt8]

  /// Writes all bytes; waits until they are taken.
  func write(_ bytes: [UInt8]) throws(MirrorError)

  /// Ends both directions and wakes whoever waits.
  func close()
}
