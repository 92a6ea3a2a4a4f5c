/// Why libsodium refused.
package enum SodiumError: Error, Equatable, Sendable {
  /// The library could not be started.
  case start
  /// The authentication tag does not match, or the input is too short to have one.
  case notAuthentic
  /// There was not enough memory.
  case outOfMemory
  /// A length, in bytes, is not one that the primitive takes.
  case wrongLength(what: String, count: Int)
  /// A cost parameter is not one that the primitive takes.
  case outOfRange(what: String, value: Int)
}
