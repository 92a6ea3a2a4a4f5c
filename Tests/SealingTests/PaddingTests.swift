import Testing

@testable import Sealing

@Suite("Padding")
struct PaddingTests {
  @Test func `sizes below the floor become the floor`() {
    for count in [0, 1, 2, 100, 4095, 4096] { #expect(Padding.padmé(count, floor: 4096) == 4096) }
    #expect(Padding.padmé(0, floor: 0) == 0)
    #expect(Padding.padmé(1, floor: 0) == 1)
  }

  @Test func `known values of the paper come out`() {
    // 2^E has floor(log2 E)+1 significant bits: 9 of 1001b needs none, 257 rounds by 2^(8-4).
    for (count, size) in [
      (9, 10), (16, 16), (17, 18), (257, 272), (1000, 1024), (4097, 4352), (65_537, 67_584),
      (1_000_000, 1_015_808),
    ] {
      #expect(Padding.padmé(count, floor: 0) == size, "\(count)")
    }
  }

  @Test func `padding never shrinks, never falls and is stable`() {
    var last = 0
    for count in 0...200_000 {
      let size = Padding.padmé(count, floor: 0)
      #expect(size >= count && size >= last, "\(count)")
      if size != last { #expect(Padding.padmé(size, floor: 0) == size, "\(count)") }
      last = size
    }
  }

  @Test func `overhead is at most an eighth, and 3.2 percent from 64 KiB`() {
    for count in 1...200_000 {
      let excess = Padding.padmé(count, floor: 0) - count
      #expect(excess * 8 <= count, "\(count)")
      if count >= 65_536 { #expect(excess * 1000 <= count * 32, "\(count)") }
    }
    for power in 17...24 {
      for count in [1 << power, (1 << power) + 1, (1 << power) * 3 / 2 + 1] {
        let excess = Padding.padmé(count, floor: 4096) - count
        #expect(excess >= 0 && excess * 1000 <= count * 32, "\(count)")
      }
    }
  }

  @Test func `powers of two hold what they are for`() {
    #expect(Padding.powerOfTwo(0, floor: 64) == 64)
    #expect(Padding.powerOfTwo(64, floor: 64) == 64)
    #expect(Padding.powerOfTwo(65, floor: 64) == 128)
    #expect(Padding.powerOfTwo(1 << 20, floor: 64) == 1 << 20)
  }
}
