import Sodium

/// The purposes for which a key is derived or a keyed hash is made.
///
/// Source: Formats/keys.md §2.
enum DerivationTag {
  static let slotKEK = Personalisation("kist slot kek")
  static let slotCommitment = Personalisation("kist slot commit")
  static let slotWrap = Personalisation("kist slot wrap")
  static let slotNote = Personalisation("kist slot note")
  static let keyring = Personalisation("kist keyring")
  static let objectDirectory = Personalisation("kist obj dir")
  static let objectBody = Personalisation("kist obj body")
  static let objectCommitment = Personalisation("kist obj commit")
  static let nonce = Personalisation("kist nonce")
  static let record = Personalisation("kist record")
  static let dataChunk = Personalisation("kist chunk data")
  static let treeChunk = Personalisation("kist chunk tree")
  static let nameSplit = Personalisation("kist name split")
  static let gear = Personalisation("kist gear")
}
