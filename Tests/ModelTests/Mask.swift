/// A set of chunks, objects or records, one bit each.
typealias Mask = UInt16

extension Mask {
  /// The set of one member.
  static func one(_ member: Int) -> Mask { 1 &<< Mask(truncatingIfNeeded: member) }

  /// The first `count` members.
  static func first(_ count: Int) -> Mask { count >= 16 ? .max : one(count) &- 1 }

  func has(_ member: Int) -> Bool { self & Mask.one(member) != 0 }

  func within(_ other: Mask) -> Bool { self & ~other == 0 }

  /// The members, for people.
  var listed: String {
    "{" + (0..<16).filter(has).map(String.init).joined(separator: " ") + "}"
  }
}

/// The members of a mask, lowest first; cheap without optimisation.
struct Members: Sequence, IteratorProtocol {
  var rest: Mask

  init(_ mask: Mask) { rest = mask }

  mutating func next() -> Int? {
    guard rest != 0 else { return nil }
    let member = rest.trailingZeroBitCount
    rest &= rest &- 1
    return member
  }
}

/// Sixteen masks in four words, so that a state is plain words without an allocation.
struct Lanes {
  private var first: UInt64 = 0
  private var second: UInt64 = 0
  private var third: UInt64 = 0
  private var fourth: UInt64 = 0

  subscript(lane: Int) -> Mask {
    get {
      let word = lane < 8 ? (lane < 4 ? first : second) : (lane < 12 ? third : fourth)
      return Mask(truncatingIfNeeded: word &>> UInt64(truncatingIfNeeded: (lane & 3) &* 16))
    }
    set {
      let shift = UInt64(truncatingIfNeeded: (lane & 3) &* 16)
      let keep = ~(UInt64(0xffff) &<< shift)
      let bits = UInt64(newValue) &<< shift
      switch lane >> 2 {
      case 0: first = first & keep | bits
      case 1: second = second & keep | bits
      case 2: third = third & keep | bits
      case 3: fourth = fourth & keep | bits
      case let other: preconditionFailure("no lane \(other)")
      }
    }
  }
}

/// Sixteen numbers below sixteen in one word.
struct Nibbles {
  private(set) var word: UInt64 = 0

  subscript(place: Int) -> Int {
    get { Int(truncatingIfNeeded: word &>> UInt64(truncatingIfNeeded: place &* 4)) & 15 }
    set {
      let shift = UInt64(truncatingIfNeeded: place &* 4)
      word = word & ~(15 &<< shift) | UInt64(truncatingIfNeeded: newValue) &<< shift
    }
  }
}

/// A 64-bit hash of a state, by which the explorer tells states apart.
///
/// Two of a million states share one with probability 3 in 10⁸.
struct Fingerprint {
  private(set) var value: UInt64 = 0x9e37_79b9_7f4a_7c15

  mutating func mix(_ word: UInt64) {
    value ^= word
    value &*= 0xff51_afd7_ed55_8ccd
    value ^= value &>> 32
    value &*= 0xc4ce_b9fe_1a85_ec53
    value ^= value &>> 29
  }
}
