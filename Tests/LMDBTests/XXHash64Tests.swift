import Testing

@testable import LMDB

@Suite("XXH64") struct XXHash64Tests {
  private func hash(_ bytes: [UInt8], seed: UInt64 = 0) -> UInt64 {
    unsafe bytes.withUnsafeBytes { unsafe XXHash64.hash($0, seed: seed) }
  }

  @Test(arguments: [
    ("", UInt64(0), UInt64(0xEF46_DB37_51D8_E999)), ("a", 0, 0xD24E_C4F1_A98C_6E5B),
    ("abc", 0, 0x44BC_2CF5_AD77_0999), ("xxhash", 20_141_025, 0xB559_B98D_844E_0635),
    ("Nobody inspects the spammish repetition", 0, 0xFBCE_A83C_8A37_8BF1),
  ])
  func `published values come out`(_ text: String, _ seed: UInt64, _ expected: UInt64) {
    #expect(hash(Array(text.utf8), seed: seed) == expected)
  }

  // Values of another program, which also agrees with the checksums of zstd's frames.
  @Test(arguments: [
    (31, UInt64(0x8086_BF60_119A_7308)), (32, 0x244C_3905_CF32_0C2D),
    (200, 0x9011_D9D7_7993_2D3B),
  ])
  func `stripes and what is left of them are hashed`(_ count: Int, _ expected: UInt64) {
    let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 * 7 + 3) }
    #expect(hash(bytes, seed: 12345) == expected)
    // At any alignment.
    let shifted = [0] + bytes
    let found = unsafe shifted.withUnsafeBytes {
      unsafe XXHash64.hash(UnsafeRawBufferPointer(rebasing: $0[1...]), seed: 12345)
    }
    #expect(found == expected)
  }
}
