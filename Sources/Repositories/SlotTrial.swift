package import Sealing

/// What came of trying every key slot of a store with a secret that opened none.
package struct SlotTrial: Equatable, Sendable {
  /// What the person gave.
  package enum Given: Equatable, Sendable {
    case password
    case recoveryKey
  }

  package let given: Given
  /// Sound slots that are for a password.
  package private(set) var passwordSlots = 0
  /// Sound slots that are for a recovery key.
  package private(set) var recoverySlots = 0
  /// Why the other slots could not be tried, one reason for each of them.
  package private(set) var untried: [SealingError] = []

  package init(_ given: Given) { self.given = given }

  init(_ secret: SlotSecret) {
    switch secret {
    case .passphrase: given = .password
    case .recoveryKey: given = .recoveryKey
    }
  }

  /// Slots that the secret does not open, some of which are for a secret of another kind.
  package var refusals: Int { passwordSlots + recoverySlots }

  /// All slots.
  package var slots: Int { refusals + untried.count }

  /// Sound slots that are for what was given: only they say something about it.
  package var fittingSlots: Int {
    switch given {
    case .password: passwordSlots
    case .recoveryKey: recoverySlots
    }
  }

  /// Counts a sound slot that the secret does not open.
  package mutating func refused(by kind: KeySlot.Kind) {
    switch kind {
    case .passphrase: passwordSlots += 1
    case .recoveryKey: recoverySlots += 1
    }
  }

  /// Counts a slot that could not be tried.
  package mutating func couldNotTry(_ reason: SealingError) { untried.append(reason) }
}
