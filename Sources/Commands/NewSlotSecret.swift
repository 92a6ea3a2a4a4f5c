import Files
import Sealing
import Sodium

/// A new password for a slot, from a file or asked for twice.
enum NewSlotSecret {
  static func read(file: String?) throws -> SlotSecret {
    let text: [UInt8]
    if let file {
      text = try PasswordSource(file: file, command: nil).read(prompt: "")
    } else {
      text = try PasswordSource.ask("new password: ", else: "Use --new-password-file FILE.")
      guard try PasswordSource.ask("the same again: ", else: "") == text else {
        throw Failure(.wrongPassword, "the two passwords differ", meaning: "Nothing was changed.")
      }
    }
    let cost = try KeyDerivationCost.calibrated {
      SystemClock.monotonicNanoseconds()
    }
    return .passphrase(SecretBytes(copying: text), cost)
  }
}
