internal import CSodium

/// The library as a whole.
package enum Sodium {
  /// Starts the library: call it before anything else of it; again does nothing.
  ///
  /// Making a secret starts it too. Without a start hashes are right, but slow.
  package static func start() throws(SodiumError) {
    guard sodium_init() >= 0 else { throw .start }
  }
}
