import Testing

@testable import Sodium

@Suite("Ed25519") struct SigningKeyTests {
  // Source: RFC 8032 §7.1, tests 1 to 3.
  private static let vectors = [
    (
      "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
      "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
      """
      e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555f\
      b8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b
      """
    ),
    (
      "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
      "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
      """
      92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da08\
      5ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00
      """
    ),
    (
      "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
      "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
      """
      6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18\
      ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a
      """
    ),
  ]

  @Test(arguments: vectors)
  func `the vectors of the RFC hold`(_ vector: (String, String, String, String)) {
    let (seed, publicKey, message, signature) = vector
    let key = SigningKey(seed: SecretBytes(copying: bytes(seed)))
    #expect(key.publicKey == bytes(publicKey))
    #expect(key.sign(bytes(message)) == bytes(signature))
    #expect(
      SigningKey.verify(
        signature: bytes(signature),
        message: bytes(message),
        publicKey: bytes(publicKey)
      )
    )
  }

  @Test func `another message, signature or key does not verify`() {
    let key = SigningKey.random()
    let message = Array("record".utf8)
    let signature = key.sign(message)
    func verifies(_ signature: [UInt8], _ message: [UInt8], _ publicKey: [UInt8]) -> Bool {
      SigningKey.verify(signature: signature, message: message, publicKey: publicKey)
    }
    #expect(verifies(signature, message, key.publicKey))
    #expect(!verifies(signature, message + [0], key.publicKey))
    #expect(!verifies(signature, message, SigningKey.random().publicKey))
    for place in signature.indices {
      var changed = signature
      changed[place] ^= 1
      #expect(!verifies(changed, message, key.publicKey))
    }
    #expect(!verifies(signature, message, [UInt8](repeating: 0, count: 32)))
  }

  @Test(arguments: [0, 1, 31, 33, 63, 65, 128])
  func `keys and signatures of another length do not verify`(_ count: Int) {
    let key = SigningKey.random()
    let signature = key.sign([1])
    #expect(
      !SigningKey.verify(signature: counting(count), message: [1], publicKey: key.publicKey)
    )
    #expect(!SigningKey.verify(signature: signature, message: [1], publicKey: counting(count)))
  }
}
