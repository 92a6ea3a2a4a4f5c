import Sodium

/// Argon2id passes and memory.
///
/// Source: Formats/keys.md §3.
package struct KeyDerivationCost: Equatable, Sendable {
  package let passes: Int
  package let kibibytes: Int

  /// The least that writers use and readers accept: 3 passes over 64 MiB.
  package static let least = KeyDerivationCost(uncheckedPasses: 3, kibibytes: 64 << 10)

  /// Parameters read from a slot: 3...20 passes over 64 MiB...4 GiB.
  package init(passes: UInt64, kibibytes: UInt64) throws(SealingError) {
    guard (3...20).contains(passes), (64 << 10...4 << 20).contains(kibibytes) else {
      throw .unreasonableDerivation(passes: passes, kibibytes: kibibytes)
    }
    self.passes = Int(passes)
    self.kibibytes = Int(kibibytes)
  }

  private init(uncheckedPasses passes: Int, kibibytes: Int) {
    self.passes = passes
    self.kibibytes = kibibytes
  }

  /// The least cost, with memory doubled (up to 1 GiB) until one derivation takes a tenth of a second.
  ///
  /// `nanoseconds` is a monotonic clock.
  package static func calibrated(
    nanoseconds: () -> UInt64
  ) throws(SealingError)
    -> KeyDerivationCost
  {
    var cost = KeyDerivationCost.least
    while cost.kibibytes < 1 << 20 {
      let start = nanoseconds()
      do {
        _ = try PasswordHash.derive(
          password: SecretBytes(random: 16),
          salt: RandomBytes.make(count: 16),
          operations: cost.passes,
          memoryBytes: cost.kibibytes << 10,
          count: 32
        )
      } catch {
        throw SealingError(derivation: error, cost)
      }
      if nanoseconds() - start >= 100_000_000 { break }
      cost = KeyDerivationCost(uncheckedPasses: cost.passes, kibibytes: cost.kibibytes * 2)
    }
    return cost
  }
}

extension SealingError {
  /// Why a key could not be derived at this cost.
  init(derivation error: SodiumError, _ cost: KeyDerivationCost) {
    self =
      switch error {
      case .outOfMemory: .derivationMemory(kibibytes: UInt64(cost.kibibytes))
      case .start, .notAuthentic, .wrongLength, .outOfRange: .library("Argon2id: \(error)")
      }
  }
}
