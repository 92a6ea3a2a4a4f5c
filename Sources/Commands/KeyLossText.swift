import Repositories

/// What is said of a store that nobody can open as it is.
enum KeyLossText {
  /// What is lost, and what it means.
  static func what(_ loss: KeyFiles.Loss) -> String {
    let lost =
      switch loss {
      case .noSlots: "no key slots are left"
      case .damagedSlots(let count):
        count == 1 ? "the only key slot is damaged" : "all \(count) key slots are damaged"
      case .incompleteKeyring: "the keyring lacks a data key or an id key"
      }
    return lost + ": as it is, nobody can open this repository"
  }

  /// What brings it back.
  static func advice(_ loss: KeyFiles.Loss) -> String {
    switch loss {
    case .noSlots: Explanation.bringingBackSlots
    case .damagedSlots: Explanation.bringingBackDamagedSlots
    case .incompleteKeyring: Explanation.bringingBackKeyring
    }
  }

  /// Warns of it after a check.
  static func warn(_ losses: [KeyFiles.Loss], _ console: Console) {
    for loss in losses {
      var advice =
        "If the first `kist mirror pull` or `push` that was to make this copy was cut off, run it again. "
      if loss == .noSlots {
        advice +=
          "A copy that was made with --no-keys opens with slots that are put there; check it with --no-keys. "
      }
      advice += "Else " + KeyLossText.advice(loss)
      guard !console.isJSON else {
        console.warn(
          JSONText([
            "message_type": .text("warning"), "code": .number(Int(ExitStatus.damage.rawValue)),
            "message": .text(what(loss)), "advice": .text(advice),
          ]).line
        )
        continue
      }
      console.warn(what(loss))
      console.warn(paragraph: advice)
    }
  }

  /// What a push ends with that brought everything but a way to open it; `nil` if it brought that too.
  static func failure(ofPush losses: [KeyFiles.Loss]) -> Failure? {
    guard let first = losses.first else { return nil }
    return Failure(
      .damage,
      losses.map { what($0) }.joined(separator: "; "),
      meaning:
        "Nor can anybody open a copy that has only what is here. The run itself went well: the data is of use as soon as "
        + "the keys are back.",
      advice: advice(first)
    )
  }
}
