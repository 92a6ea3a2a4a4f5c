/// What a restore did with an entry, or would do.
package enum RestoreAction: Equatable, Sendable {
  /// Nothing was there.
  case created
  /// What was there made room.
  case replaced
  /// Content was wrong in so many bytes, which were written.
  case updated(byteCount: UInt64)
  /// Content was right, attributes were not.
  case attributesChanged
  /// It was as it should be.
  case unchanged
  /// It stayed as it was, as asked.
  case kept
  /// The snapshot lacks it, and it was removed.
  case removed
}
