/// The parts of many patterns, each kind in a row.
struct GlobTable: Sendable {
  private(set) var names: [NameGlob] = []
  private var literals: [UInt8] = []
  private var tokens: [NameGlob.Token] = []
  private var ranges: [ClosedRange<UInt32>] = []

  // MARK: Building

  /// Adds the pattern of a name.
  mutating func append(_ row: [NameGlob.Token], alphabet: Alphabet) {
    let (shape, literal) = NameGlob.shape(of: row)
    names.append(
      NameGlob(
        shape: shape,
        alphabet: alphabet,
        literal: literals.count..<literals.count + literal.count,
        tokens: tokens.count..<tokens.count + row.count
      )
    )
    literals += literal
    tokens += row
  }

  /// Adds the ranges of a bracket.
  mutating func appendSet(_ added: [ClosedRange<UInt32>], isNegated: Bool) -> UnitSet {
    defer { ranges += added }
    return UnitSet(ranges: ranges.count..<ranges.count + added.count, isNegated: isNegated)
  }

  /// Adds all of another table; returns by how much the numbers of its names grow.
  mutating func append(_ other: GlobTable) -> Int {
    let (nameShift, literalShift) = (names.count, literals.count)
    let (tokenShift, rangeShift) = (tokens.count, ranges.count)
    for var name in other.names {
      name.literal = name.literal.shifted(by: literalShift)
      name.tokens = name.tokens.shifted(by: tokenShift)
      names.append(name)
    }
    for token in other.tokens {
      guard case .set(var set) = token else {
        tokens.append(token)
        continue
      }
      set.ranges = set.ranges.shifted(by: rangeShift)
      tokens.append(.set(set))
    }
    literals += other.literals
    ranges += other.ranges
    return nameShift
  }

  // MARK: Matching

  /// True if the pattern with this number matches the whole of `name`.
  ///
  /// Time is at most the product of both lengths.
  func matches(_ number: Int, _ name: Span<UInt8>) -> Bool {
    let glob = names[number]
    let count = glob.literal.count
    switch glob.shape {
    case .whole: return name.count == count && ends(name, at: name.count, glob.literal)
    case .prefix: return name.count >= count && ends(name, at: count, glob.literal)
    case .suffix: return name.count >= count && ends(name, at: name.count, glob.literal)
    case .general: return search(name, glob)
    }
  }

  /// True if the literal stands in front of `end`, which leaves room for it.
  private func ends(_ name: Span<UInt8>, at end: Int, _ literal: Range<Int>) -> Bool {
    // From the end: endings differ sooner than beginnings do.
    var place = end
    var index = literal.upperBound
    while index > literal.lowerBound {
      index -= 1
      place -= 1
      if name[place] != literals[index] { return false }
    }
    return true
  }

  /// Only the last `*` is ever tried again: what earlier ones took can stay as it is.
  private func search(_ name: Span<UInt8>, _ glob: NameGlob) -> Bool {
    var place = 0
    var token = glob.tokens.lowerBound
    let end = glob.tokens.upperBound
    var lastStar: (token: Int, place: Int)?
    while true {
      if token < end, case .many = tokens[token] {
        lastStar = (token, place)
        token += 1
        continue
      }
      if place == name.count, token == end { return true }
      if place < name.count, token < end,
        let width = width(of: tokens[token], at: place, in: name, glob.alphabet)
      {
        place += width
        token += 1
        continue
      }
      guard let star = lastStar, star.place < name.count else { return false }
      place = star.place + glob.alphabet.unit(at: star.place, of: name).width
      token = star.token + 1
      lastStar = (star.token, place)
    }
  }

  /// How many bytes of `name` the token takes; `nil` if it does not match there.
  private func width(
    of token: NameGlob.Token,
    at place: Int,
    in name: Span<UInt8>,
    _ alphabet: Alphabet
  ) -> Int? {
    switch token {
    case .byte(let byte): return name[place] == byte ? 1 : nil
    case .one: return alphabet.unit(at: place, of: name).width
    case .many: return nil
    case .unit(let value):
      let unit = alphabet.unit(at: place, of: name)
      return unit.value == value ? unit.width : nil
    case .set(let set):
      let unit = alphabet.unit(at: place, of: name)
      return contains(unit.value, set) ? unit.width : nil
    }
  }

  private func contains(_ value: UInt32, _ set: UnitSet) -> Bool {
    for index in set.ranges where ranges[index].contains(value) { return !set.isNegated }
    return set.isNegated
  }
}

extension Range<Int> {
  fileprivate func shifted(by count: Int) -> Range<Int> {
    lowerBound + count..<upperBound + count
  }
}
