import Repositories
import Sealing

/// What is said where the files are lost or damaged that open a repository, or where a secret opens none of them.
extension Explanation {
  /// What helps where no slot is left: healing brings none that is missing, as it may have been removed.
  static let bringingBackSlots =
    "`kist mirror pull MIRROR` brings the slots back from a mirror that has them; without one, put back the files of "
    + "`slots/` that `kist key export` wrote. " + withoutEither

  /// What helps where slots are there, and damaged.
  static let bringingBackDamagedSlots =
    "`kist check --repair-from COPY` brings damaged slots back from a mirror of the repository; without one, put "
    + "back the files of `slots/` that `kist key export` wrote. " + withoutEither

  /// What helps where the keyring is damaged or gone.
  static let bringingBackKeyring =
    "`kist check --repair-from COPY` brings the files of `keyring/` back from a mirror of the repository; without "
    + "one, put back those that `kist key export` wrote. " + withoutEither

  /// What it comes to where nobody has a copy of what is lost.
  static let withoutEither =
    "Without either nobody can read this repository any more: begin a new one in another folder (`kist init`). This "
    + "one is of use only to somebody who finds a copy later."

  /// What helps where the configuration is damaged or gone.
  private static let bringingBackConfiguration =
    "`kist check --repair-from COPY`, on the machine where its folder is, brings it back from a mirror of the "
    + "repository; without one, put back the file `kist` that `kist key export` wrote. "
    + withoutEither

  /// A configuration that is not what was written.
  static let damagedConfiguration = Failure(
    .damage,
    "the repository's configuration (file `kist`) is damaged: it is not what was written there",
    meaning: "Packs and snapshots may be whole, but nothing can be opened without this file.",
    advice: bringingBackConfiguration
  )

  /// A repository without a configuration.
  static func failure(ofLostConfigurationAt path: String) -> Failure {
    Failure(
      .damage,
      "the configuration (file `kist`) of the repository at \(DisplayedName.text(path)) is gone",
      meaning:
        "Its packs and records are there and may be whole, but nothing can be opened without this file.",
      advice: bringingBackConfiguration
    )
  }

  /// A keyring without a key that every reader needs.
  static func failure(ofKeyring reasons: [SealingError]) -> Failure {
    Failure(
      .damage,
      "the keyring lacks a data key or an id key",
      meaning:
        "The password is right, but it leads to these keys only, and without both nothing can be read"
        + (reasons.isEmpty ? ": their files are gone." : ": \(distinct(reasons))."),
      advice: bringingBackKeyring
    )
  }

  /// A password or a recovery key that opened no slot.
  ///
  /// It is called wrong only where every slot was tried.
  static func failure(ofTrial trial: SlotTrial) -> Failure {
    trial.untried.isEmpty ? failure(ofWholeTrial: trial) : failure(ofPartialTrial: trial)
  }

  private static func failure(ofWholeTrial trial: SlotTrial) -> Failure {
    let wrong =
      "wrong \(name(trial.given)): "
      + (trial.slots == 1
        ? "it does not open the only key slot"
        : "it opens none of \(Quantities.count(trial.slots, "key slot"))")
    let check = "Check the password, the keyboard layout, and that this is the right repository."
    return switch (trial.given, trial.passwordSlots > 0, trial.recoverySlots > 0) {
    case (.password, true, true):
      Failure(
        .wrongPassword,
        wrong,
        advice: check
          + " If it is forgotten, the recovery key opens the repository, if you have kept it: --recovery-key."
      )
    case (.password, true, false):
      Failure(
        .wrongPassword,
        wrong,
        meaning:
          "Without the password nobody can read the repository: no recovery key was made for it.",
        advice: check
      )
    case (.password, false, _):
      Failure(
        .wrongPassword,
        "no password opens this repository, but a recovery key does",
        advice: "Give it with --recovery-key: it is asked for, or read from the same places, then."
      )
    case (.recoveryKey, true, true):
      Failure(
        .wrongPassword,
        wrong,
        advice:
          "Check that it was made for this repository. A password opens it too: leave --recovery-key out."
      )
    case (.recoveryKey, true, false):
      Failure(
        .wrongPassword,
        "no recovery key opens this repository, but a password does",
        meaning: "None was made for it, or it was removed.",
        advice: "Leave --recovery-key out, and give the password."
      )
    case (.recoveryKey, false, _):
      Failure(
        .wrongPassword,
        wrong,
        meaning: "Without it nobody can read the repository: no password opens it either.",
        advice: "Check that it was made for this repository."
      )
    }
  }

  private static func failure(ofPartialTrial trial: SlotTrial) -> Failure {
    let untried = trial.untried.count
    let cause =
      trial.untried.allSatisfy(\.isDamage)
      ? "damaged and could not be tried" : "of no use (\(distinct(trial.untried)))"
    let others =
      switch (trial.given, trial.fittingSlots) {
      case (.password, 0):
        trial.refusals == 1 ? "the other is for a recovery key" : "the others are for recovery keys"
      case (.recoveryKey, 0):
        trial.refusals == 1 ? "the other is for a password" : "the others are for passwords"
      case (_, 1) where trial.refusals == 1: "the other is not opened by it"
      default: "it opens none of the others"
      }
    var advice = ""
    switch trial.given {
    case .password where trial.recoverySlots > 0:
      advice = "If you have kept the recovery key, --recovery-key opens the repository. "
    case .recoveryKey where trial.passwordSlots > 0:
      advice = "A password opens the repository too: leave --recovery-key out. "
    case .password, .recoveryKey: break
    }
    return Failure(
      .damage,
      "\(untried) of \(Quantities.count(trial.slots, "key slot")) \(untried == 1 ? "is" : "are") \(cause); "
        + others,
      meaning: "The \(name(trial.given)) may be right: nobody can tell whether "
        + "\(untried == 1 ? "the damaged slot was" : "one of the damaged slots was") the one for it.",
      advice: advice
        + "`kist check --repair-from COPY` brings a damaged slot back from a mirror of the repository; without one, put "
        + "back the files of `slots/` that `kist key export` wrote. Once it is open, `kist key list` shows which slots "
        + "are damaged."
    )
  }

  private static func name(_ given: SlotTrial.Given) -> String {
    switch given {
    case .password: "password"
    case .recoveryKey: "recovery key"
    }
  }

  /// Each reason once, joined.
  private static func distinct(_ reasons: [SealingError]) -> String {
    var causes: [String] = []
    for cause in reasons.map({ text($0) }) where !causes.contains(cause) { causes.append(cause) }
    return causes.joined(separator: "; ")
  }

  /// No slot that could be tried.
  static func failure(ofSlots reasons: [SealingError]) -> Failure {
    if reasons.isEmpty {
      return Failure(
        .damage,
        "the repository has no key slots",
        meaning: "Without a slot no password can open it.",
        advice: bringingBackSlots
      )
    }
    return Failure(
      .damage,
      reasons.count == 1
        ? "the only key slot cannot be tried: \(distinct(reasons))"
        : "none of \(Quantities.count(reasons.count, "key slot")) can be tried: "
          + distinct(reasons),
      meaning: "Packs and snapshots may be whole, but no password opens them without a slot.",
      advice: bringingBackDamagedSlots
    )
  }
}

extension SealingError {
  /// True if the slot's file is not what was written there.
  fileprivate var isDamage: Bool {
    switch self {
    case .damagedSlot, .malformed, .notAuthentic: true
    default: false
    }
  }
}
