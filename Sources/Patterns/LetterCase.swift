/// Whether capital and small letters are told apart.
package enum LetterCase: Hashable, Sendable {
  case exact
  /// Each letter counts as its small one, as Unicode pairs them.
  case folded
}
