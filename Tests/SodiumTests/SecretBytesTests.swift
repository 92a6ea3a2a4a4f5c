import Testing

@testable import Sodium

@Suite("Secrets and random bytes") struct SecretBytesTests {
  @Test func `the library starts more than once`() throws {
    try Sodium.start()
    try Sodium.start()
  }

  @Test(arguments: [0, 1, 31, 32, 4096, 5000])
  func `a copy holds the bytes`(_ count: Int) {
    let secret = SecretBytes(copying: counting(count))
    #expect(secret.count == count)
    #expect(secret.copy() == counting(count))
    #expect(unsafe secret.withBytes { unsafe Array($0) } == counting(count))
  }

  @Test func `secrets are equal when their bytes are`() {
    let secret = SecretBytes(copying: counting(32))
    #expect(secret.isEqual(to: SecretBytes(copying: counting(32))))
    #expect(!secret.isEqual(to: SecretBytes(copying: counting(31))))
    #expect(!secret.isEqual(to: SecretBytes(copying: counting(32, from: 1))))
    #expect(SecretBytes(copying: []).isEqual(to: SecretBytes(copying: [])))
  }

  @Test func `what the body throws comes out with its type`() {
    let secret = SecretBytes(random: 8)
    #expect(throws: SodiumError.notAuthentic) {
      try unsafe secret.withBytes { (_) throws(SodiumError) -> Void in throw .notAuthentic }
    }
  }

  @Test func `random secrets and bytes differ each time`() {
    #expect(!SecretBytes(random: 32).isEqual(to: SecretBytes(random: 32)))
    #expect(RandomBytes.make(count: 32) != RandomBytes.make(count: 32))
    #expect(RandomBytes.make(count: 33).count == 33)
    #expect(RandomBytes.make(count: 0).isEmpty)
    var filled = [UInt8](repeating: 0, count: 64)
    RandomBytes.fill(&filled)
    #expect(filled.contains { $0 != 0 })
    #expect(filled.count == 64)
    var nothing: [UInt8] = []
    RandomBytes.fill(&nothing)
    #expect(nothing.isEmpty)
  }

  @Test func `arrays are equal when bytes and lengths are`() {
    #expect(constantTimeEqual([], []))
    #expect(constantTimeEqual([1, 2], [1, 2]))
    #expect(!constantTimeEqual([1, 2], [1, 3]))
    #expect(!constantTimeEqual([1, 2], [1, 2, 3]))
    #expect(!constantTimeEqual([], [0]))
  }

  @Test func `writing to a finished secret ends the process`() async {
    await #expect(processExitsWith: .failure) {
      let secret = SecretBytes(random: 32)
      unsafe secret.withBytes { bytes in
        unsafe UnsafeMutableRawBufferPointer(mutating: bytes)[0] = 1
      }
    }
  }

  @Test func `secrets beyond the limit of locked memory still work`() {
    let many = (0..<3000).map { SecretBytes(copying: counting(32, from: UInt8($0 % 256))) }
    #expect(many.enumerated().allSatisfy { $1.copy() == counting(32, from: UInt8($0 % 256)) })
  }
}
