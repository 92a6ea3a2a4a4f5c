/// Why a pattern cannot be used.
package enum PatternError: Error, Equatable, Sendable {
  /// A bracket without its end, an empty range, or a backslash with nothing behind it.
  case malformed(pattern: [UInt8])
  /// Longer than `PatternLimits.byteCount`.
  case tooLong(byteCount: Int, limit: Int)
  /// More names joined by slashes than `PatternLimits.partCount`.
  case tooDeep(pattern: [UInt8], limit: Int)
  /// A file of patterns names a variable that is not set: what it would exclude is unknown.
  case unsetVariable(name: [UInt8], line: Int)
  /// More patterns than `PatternLimits.patternCount`.
  case tooMany(limit: Int)
}

/// Bounds that keep matching in bounded time.
package enum PatternLimits {
  /// Bytes of one pattern at most: the longest path that Linux takes.
  package static let byteCount = 4096
  /// Names and `**` in one pattern at most: one bit each, and one for the end, in a word.
  package static let partCount = 62
  /// Patterns of one list at most.
  package static let patternCount = 65_536
  /// Rules of all `.gitignore` files that count in one folder at most.
  package static let ignoreScopeCount = 65_536
  /// Rules of one `.gitignore` at most.
  package static let ignoreRuleCount = 16_384
}
