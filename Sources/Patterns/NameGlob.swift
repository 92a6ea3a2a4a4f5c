/// A pattern for one name: literal bytes, `?`, `*` and brackets; its parts stand in a `GlobTable`.
///
/// It owns no memory of its own, so that asking many patterns counts no references.
struct NameGlob: Sendable {
  /// One step of a pattern.
  enum Token: Sendable {
    /// A byte, as it is.
    case byte(UInt8)
    /// A unit, after folding.
    case unit(UInt32)
    /// Any one unit.
    case one
    /// Any number of units.
    case many
    /// One unit that is in a set.
    case set(UnitSet)
  }

  /// Forms that need no search; they are about the literal.
  enum Shape: Sendable {
    case whole
    case prefix
    case suffix
    case general
  }

  let shape: Shape
  let alphabet: Alphabet
  /// Its literal in the table.
  var literal: Range<Int>
  /// Its tokens in the table.
  var tokens: Range<Int>

  /// The shape of a row of tokens, and its literal if it needs no search.
  static func shape(of tokens: [Token]) -> (shape: Shape, literal: [UInt8]) {
    var literal: [UInt8] = []
    var stars: [Int] = []
    for (index, token) in tokens.enumerated() {
      switch token {
      case .byte(let byte): literal.append(byte)
      case .many: stars.append(index)
      case .unit, .one, .set: return (.general, [])
      }
    }
    if stars.isEmpty { return (.whole, literal) }
    if stars == [0] { return (.suffix, literal) }
    return stars == [tokens.count - 1] ? (.prefix, literal) : (.general, [])
  }
}

/// What a bracket matches: ranges of scalars, or all others.
struct UnitSet: Sendable {
  /// Its ranges in the table.
  var ranges: Range<Int>
  let isNegated: Bool
}
