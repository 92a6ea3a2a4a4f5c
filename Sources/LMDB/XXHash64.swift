/// XXH64, a fast hash that notices damage and is no protection against intent.
///
/// Source: xxHash fast digest algorithm, "XXH64 algorithm description".
enum XXHash64 {
  private static let prime1: UInt64 = 0x9E37_79B1_85EB_CA87
  private static let prime2: UInt64 = 0xC2B2_AE3D_27D4_EB4F
  private static let prime3: UInt64 = 0x1656_67B1_9E37_79F9
  private static let prime4: UInt64 = 0x85EB_CA77_C2B2_AE63
  private static let prime5: UInt64 = 0x27D4_EB2F_1656_67C5
  private static let stripeByteCount = 32

  /// The hash of `bytes`.
  static func hash(_ bytes: UnsafeRawBufferPointer, seed: UInt64) -> UInt64 {
    let count = bytes.count
    var hash = seed &+ prime5
    guard let base = bytes.baseAddress else { return avalanche(hash) }
    var offset = 0
    if count >= stripeByteCount {
      var lane1 = seed &+ prime1 &+ prime2
      var lane2 = seed &+ prime2
      var lane3 = seed
      var lane4 = seed &- prime1
      // Safe: a stripe is read only if all of it lies before `count`; so is every word below.
      while offset &+ stripeByteCount <= count {
        lane1 = round(lane1, unsafe word(base, offset))
        lane2 = round(lane2, unsafe word(base, offset &+ 8))
        lane3 = round(lane3, unsafe word(base, offset &+ 16))
        lane4 = round(lane4, unsafe word(base, offset &+ 24))
        offset &+= stripeByteCount
      }
      hash = rotate(lane1, 1) &+ rotate(lane2, 7) &+ rotate(lane3, 12) &+ rotate(lane4, 18)
      hash = merge(merge(merge(merge(hash, lane1), lane2), lane3), lane4)
    }
    hash &+= UInt64(truncatingIfNeeded: count)
    while offset &+ 8 <= count {
      hash = rotate(hash ^ round(0, unsafe word(base, offset)), 27) &* prime1 &+ prime4
      offset &+= 8
    }
    if offset &+ 4 <= count {
      let half = unsafe UInt32(
        littleEndian: base.loadUnaligned(fromByteOffset: offset, as: UInt32.self)
      )
      hash = rotate(hash ^ UInt64(half) &* prime1, 23) &* prime2 &+ prime3
      offset &+= 4
    }
    while offset < count {
      let byte = unsafe base.load(fromByteOffset: offset, as: UInt8.self)
      hash = rotate(hash ^ UInt64(byte) &* prime5, 11) &* prime1
      offset &+= 1
    }
    return avalanche(hash)
  }

  private static func word(_ base: UnsafeRawPointer, _ offset: Int) -> UInt64 {
    unsafe UInt64(littleEndian: base.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
  }

  private static func rotate(_ word: UInt64, _ bits: UInt64) -> UInt64 {
    word &<< bits | word &>> (64 &- bits)
  }

  private static func round(_ lane: UInt64, _ word: UInt64) -> UInt64 {
    rotate(lane &+ word &* prime2, 31) &* prime1
  }

  private static func merge(_ hash: UInt64, _ lane: UInt64) -> UInt64 {
    (hash ^ round(0, lane)) &* prime1 &+ prime4
  }

  private static func avalanche(_ hash: UInt64) -> UInt64 {
    var hash = (hash ^ hash &>> 33) &* prime2
    hash = (hash ^ hash &>> 29) &* prime3
    return hash ^ hash &>> 32
  }
}
