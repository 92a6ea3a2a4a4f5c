import TestSupport
import Testing

@testable import Sodium

// Vectors not from RFC 7693 were computed with hashlib.blake2b(key=, person=) of Python 3.
@Suite("BLAKE2b") struct Blake2bTests {
  private let key = SecretBytes(copying: counting(32))

  private func plain(_ message: [UInt8]) -> Hash256 { Blake2b.hash256(message.span) }

  private func keyed(_ personal: Personalisation, _ message: [UInt8]) -> Hash256 {
    Blake2b.keyed256(key: key, personal: personal, message.span)
  }

  @Test func `known messages have their known hash`() {
    #expect(
      plain(Array("abc".utf8)).bytes
        == bytes("bddd813c634239723171ef3fee98579b94964e3bb1cb3e427262c8c068d52319")
    )
    #expect(
      plain([]).bytes
        == bytes("0e5751c026e543b2e8ab2eb06099daa1d1e5df47778f7787faab45cdf12fe3a8")
    )
  }

  @Test func `key and personalisation enter the hash`() {
    #expect(
      keyed(Personalisation("kist chunk data"), countedMessage).bytes
        == bytes("b975f81b67c76c5525594f688a3428ee16713d726a96f092ba6362a4c5758a12")
    )
    #expect(
      keyed(Personalisation("kist chunk tree"), []).bytes
        == bytes("6de7d613192f2c3fda655aab97d7b247690622dd528622fbd5c78bcc4076adcd")
    )
  }

  @Test func `the words are the bytes, most significant first`() {
    let hash = plain(Array("abc".utf8))
    #expect(hash.a == 0xBDDD_813C_6342_3972)
    #expect(hash.b == 0x3171_EF3F_EE98_579B)
    #expect(hash.c == 0x9496_4E3B_B1CB_3E42)
    #expect(hash.d == 0x7262_C8C0_68D5_2319)
  }

  @Test func `values of other lengths are derived, open or guarded`() {
    let message = countedMessage
    let nonce = Blake2b.derive(
      key: key,
      personal: Personalisation("kist obj nonce"),
      byteCount: 24,
      message.span
    )
    #expect(nonce == bytes("bc8a658509bda6f3df6e0312f5ba2e6d209f03fe024ef821"))
    let key64 = SecretBytes(copying: counting(64))
    let personal = Personalisation("exactly 16 bytes")
    let open = Blake2b.derive(key: key64, personal: personal, byteCount: 64, message.span)
    let guarded = Blake2b.deriveSecret(
      key: key64,
      personal: personal,
      byteCount: 64,
      message.span
    )
    #expect(
      open
        == bytes(
          """
          7c4075cc8c7264a091686098806954b8cdbd004ce4662fb861b7b9dc832be7ec
          d8285f9b3bbfb02c4f2b52ad7decb9e1adee31bdbf0f5894538d83a289a306cf
          """
        )
    )
    #expect(guarded.copy() == open)
  }

  @Test func `a part of a buffer has the hash of its bytes`() {
    let part = Array(countedMessage[100..<900])
    let personal = Personalisation("kist chunk data")
    let hashes = unsafe countedMessage.withUnsafeBytes { buffer in
      let range = unsafe UnsafeRawBufferPointer(rebasing: buffer[100..<900])
      return unsafe [
        Blake2b.hash256(range), Blake2b.keyed256(key: key, personal: personal, range),
      ]
    }
    #expect(hashes == [plain(part), keyed(personal, part)])
    #expect(hashes[0] != hashes[1])
  }

  @Test func `a stream has the hash of the whole, wherever it is cut`() {
    let seed: UInt64 = 5
    var random = SplitMix64(seed: seed)
    let personal = Personalisation("kist record")
    for _ in 0..<50 {
      let message = random.bytes(Int.random(in: 0...3000, using: &random))
      var plainStream = Blake2bStream()
      var keyedStream = Blake2bStream(key: key, personal: personal)
      var start = 0
      while start < message.count {
        let end = min(message.count, start + Int.random(in: 0...400, using: &random))
        plainStream.update(message.span.extracting(start..<end))
        unsafe message.withUnsafeBytes { buffer in
          unsafe keyedStream.update(UnsafeRawBufferPointer(rebasing: buffer[start..<end]))
        }
        start = end
      }
      let found = [plainStream.finish(), keyedStream.finish()]
      #expect(found == [plain(message), keyed(personal, message)], "seed \(seed)")
    }
  }

  @Test func `personalisations are at most sixteen ASCII characters`() {
    #expect(Personalisation(ascii: "exactly 16 bytes") == Personalisation("exactly 16 bytes"))
    #expect(Personalisation(ascii: "seventeen letters") == nil)
    #expect(Personalisation(ascii: "schlüssel") == nil)
    #expect(Personalisation(ascii: "a") != Personalisation(ascii: "b"))
    #expect(Personalisation(ascii: "") != nil)
  }

  @Test func `a key of no bytes ends the process, and is not taken for none`() async {
    await #expect(processExitsWith: .failure) {
      _ = Blake2b.keyed256(
        key: SecretBytes(copying: []),
        personal: Personalisation("x"),
        [1].span
      )
    }
  }
}
