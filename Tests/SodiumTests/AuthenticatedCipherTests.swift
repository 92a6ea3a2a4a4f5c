import Testing

@testable import Sodium

@Suite("XChaCha20-Poly1305") struct AuthenticatedCipherTests {
  // Source: draft-irtf-cfrg-xchacha-03, A.3.1.
  private let key = SecretBytes(copying: counting(32, from: 0x80))
  private let nonce = counting(24, from: 0x40)
  private let associated = bytes("50515253c0c1c2c3c4c5c6c7")
  private let message = Array(
    """
    Ladies and Gentlemen of the class of '99: If I could offer you only one tip for the \
    future, sunscreen would be it.
    """.utf8
  )
  private let sealed = bytes(
    """
    bd6d179d3e83d43b9576579493c0e939572a1700252bfaccbed2902c21396cbb
    731c7f1b0b4aa6440bf3a82f4eda7e39ae64c6708c54c216cb96b72e1213b452
    2f8c9ba40db5d945b11b69b982c1bb9e3f3fac2bc369488f76b2383565d3fff9
    21f9664c97637da9768812f615c68b13b52e
    c0875924c1c7987947deafd8780acf49
    """
  )

  private func seal(_ message: [UInt8], appendingTo output: inout [UInt8]) throws {
    try AuthenticatedCipher.seal(
      message.span,
      key: key,
      nonce: nonce,
      associatedData: associated.span,
      appendingTo: &output
    )
  }

  private func open(_ sealed: [UInt8]) throws -> [UInt8] {
    var output: [UInt8] = [1, 2, 3]
    defer { if output.count == 3 { #expect(output == [1, 2, 3]) } }
    try AuthenticatedCipher.open(
      sealed.span,
      key: key,
      nonce: nonce,
      associatedData: associated.span,
      appendingTo: &output
    )
    #expect(output.prefix(3) == [1, 2, 3])
    return Array(output.dropFirst(3))
  }

  @Test func `the draft's example is sealed and opened`() throws {
    var output: [UInt8] = [7]
    try seal(message, appendingTo: &output)
    #expect(output == [7] + sealed)
    #expect(try open(sealed) == message)
  }

  @Test func `in place gives the same as aside`() throws {
    var buffer: [UInt8] = [1, 2, 3] + message
    try AuthenticatedCipher.sealInPlace(
      &buffer,
      from: 3,
      key: key,
      nonce: nonce,
      associatedData: associated.span
    )
    #expect(buffer == [1, 2, 3] + sealed)
    let count = try AuthenticatedCipher.openInPlace(
      &buffer,
      from: 3,
      key: key,
      nonce: nonce,
      associatedData: associated.span
    )
    #expect(count == message.count)
    #expect(buffer == [1, 2, 3] + message)
  }

  @Test func `sealing in place does not move a buffer with room for the tag`() throws {
    var buffer = [UInt8](repeating: 5, count: 1 << 20)
    buffer.reserveCapacity(buffer.count + AuthenticatedCipher.tagByteCount)
    let before = unsafe buffer.withUnsafeBytes { UInt(bitPattern: $0.baseAddress) }
    try AuthenticatedCipher.sealInPlace(
      &buffer,
      from: 0,
      key: key,
      nonce: nonce,
      associatedData: associated.span
    )
    let after = unsafe buffer.withUnsafeBytes { UInt(bitPattern: $0.baseAddress) }
    #expect(before == after)
  }

  @Test func `nothing can be sealed, and its tag counts`() throws {
    var output: [UInt8] = []
    try seal([], appendingTo: &output)
    #expect(output.count == 16)
    #expect(try open(output) == [])
    var buffer = output
    #expect(
      try AuthenticatedCipher.openInPlace(
        &buffer,
        from: 0,
        key: key,
        nonce: nonce,
        associatedData: associated.span
      ) == 0
    )
    #expect(buffer.isEmpty)
    output[0] ^= 1
    #expect(throws: SodiumError.notAuthentic) { try open(output) }
  }

  @Test func `any changed bit is noticed, and nothing comes out`() {
    for bit in 0..<sealed.count * 8 {
      var changed = sealed
      changed[bit / 8] ^= 1 << UInt8(bit % 8)
      #expect(throws: SodiumError.notAuthentic) { try open(changed) }
    }
  }

  @Test func `in place, a forgery leaves nothing that could be used`() {
    var buffer = sealed
    buffer[4] ^= 1
    #expect(throws: SodiumError.notAuthentic) {
      try AuthenticatedCipher.openInPlace(
        &buffer,
        from: 0,
        key: key,
        nonce: nonce,
        associatedData: associated.span
      )
    }
    #expect(!buffer.starts(with: message.prefix(8)))
  }

  @Test func `other associated data, nonce or key is noticed`() {
    for wrong in 0..<3 {
      let otherKey = wrong == 0 ? SecretBytes(copying: counting(32)) : key
      let otherNonce = wrong == 1 ? counting(24) : nonce
      let otherData = wrong == 2 ? associated + [0] : associated
      #expect(throws: SodiumError.notAuthentic) {
        var output: [UInt8] = []
        try AuthenticatedCipher.open(
          sealed.span,
          key: otherKey,
          nonce: otherNonce,
          associatedData: otherData.span,
          appendingTo: &output
        )
      }
    }
  }

  @Test(arguments: 0..<16)
  func `an input too short for a tag is not authentic`(_ count: Int) {
    #expect(throws: SodiumError.notAuthentic) { try open(Array(sealed[..<count])) }
    var buffer = Array(sealed[..<count])
    #expect(throws: SodiumError.notAuthentic) {
      try AuthenticatedCipher.openInPlace(
        &buffer,
        from: 0,
        key: key,
        nonce: nonce,
        associatedData: associated.span
      )
    }
  }

  @Test(arguments: [0, 12, 23, 25])
  func `a nonce of another length is refused`(_ count: Int) {
    var output: [UInt8] = []
    #expect(throws: SodiumError.wrongLength(what: "nonce", count: count)) {
      try AuthenticatedCipher.seal(
        message.span,
        key: key,
        nonce: counting(count),
        associatedData: associated.span,
        appendingTo: &output
      )
    }
    #expect(output.isEmpty)
  }

  @Test(arguments: [0, 16, 31, 33])
  func `a key of another length is refused`(_ count: Int) {
    var buffer = message
    let short = SecretBytes(copying: counting(count))
    #expect(throws: SodiumError.wrongLength(what: "key", count: count)) {
      try AuthenticatedCipher.sealInPlace(
        &buffer,
        from: 0,
        key: short,
        nonce: nonce,
        associatedData: associated.span
      )
    }
    #expect(buffer == message)
  }
}
