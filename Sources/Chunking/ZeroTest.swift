/// Tells bytes that are all zero, fast.
package enum ZeroTest {
  /// Bytes that are looked at together.
  private static let step = 32

  /// Whether every one of `bytes` is zero; true if there are none.
  package static func isAllZero(_ bytes: UnsafeBufferPointer<UInt8>) -> Bool {
    guard let start = bytes.baseAddress else { return true }
    var index = unsafe zeroPrefix(start, bytes.count)
    while index < bytes.count {
      guard unsafe start[index] == 0 else { return false }
      index &+= 1
    }
    return true
  }

  /// Length of the longest prefix that is zero, rounded down to whole steps; 0 if `count` is below
  /// zero.
  static func zeroPrefix(_ start: UnsafePointer<UInt8>, _ count: Int) -> Int {
    let raw = unsafe UnsafeRawPointer(start)
    var index = 0
    while index &+ step <= count {
      let group = unsafe (raw + index)
      let low =
        unsafe group.loadUnaligned(as: UInt64.self)
        | group.loadUnaligned(fromByteOffset: 8, as: UInt64.self)
      let high =
        unsafe group.loadUnaligned(fromByteOffset: 16, as: UInt64.self)
        | group.loadUnaligned(fromByteOffset: 24, as: UInt64.self)
      guard low | high == 0 else { break }
      index &+= step
    }
    return index
  }
}
