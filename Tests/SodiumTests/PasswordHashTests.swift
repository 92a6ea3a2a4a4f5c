import Testing

@testable import Sodium

// The vectors agree with Argon2id of OpenSSL 3, one lane.
@Suite("Argon2id") struct PasswordHashTests {
  private let password = SecretBytes(copying: Array("password".utf8))

  private func derive(
    salt: String = "somesaltsomesalt",
    operations: Int = 2,
    memoryBytes: Int = 65536,
    count: Int = 32
  ) throws(SodiumError) -> [UInt8] {
    try PasswordHash.derive(
      password: password,
      salt: Array(salt.utf8),
      operations: operations,
      memoryBytes: memoryBytes,
      count: count
    ).copy()
  }

  @Test func `known passwords have their known key`() throws {
    #expect(
      try derive() == bytes("1a98fba8e6394425c9bdc333a9c750aaf811df070f5fb4a5788e1cf4db5793a1")
    )
    #expect(
      try derive(salt: "0123456789abcdef", operations: 3, memoryBytes: 1 << 20)
        == bytes("ad1855f1c0859b4d34c39de810cbfa1fffcb1a8764a8a587919c33d310bde6f9")
    )
  }

  @Test func `salt, operations, memory and length change the key`() throws {
    let key = try derive()
    #expect(try derive(salt: "somesaltsomesalT") != key)
    #expect(try derive(operations: 3) != key)
    #expect(try derive(memoryBytes: 128 << 10) != key)
    #expect(try derive(count: 16) != Array(key.prefix(16)))
  }

  @Test func `an empty password is a password`() throws {
    let secret = try PasswordHash.derive(
      password: SecretBytes(copying: []),
      salt: counting(16),
      operations: 1,
      memoryBytes: 8192
    )
    #expect(secret.count == 32)
  }

  @Test func `parameters that the primitive lacks are refused and not trapped on`() {
    #expect(throws: SodiumError.wrongLength(what: "salt", count: 15)) {
      try derive(salt: "somesaltsomesal")
    }
    for operations in [0, -1, Int.min, 1 << 32, Int.max] {
      #expect(throws: SodiumError.outOfRange(what: "operations", value: operations)) {
        try derive(operations: operations)
      }
    }
    for memory in [0, -1, 8191, Int.min, Int.max] {
      #expect(throws: SodiumError.outOfRange(what: "memory", value: memory)) {
        try derive(memoryBytes: memory)
      }
    }
    for count in [-1, 0, 15, 1025, Int.max] {
      #expect(throws: SodiumError.wrongLength(what: "key", count: count)) {
        try derive(count: count)
      }
    }
  }
}
