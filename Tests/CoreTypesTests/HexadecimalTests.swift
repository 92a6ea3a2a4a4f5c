import CoreTypes
import Testing

@Suite("Hexadecimal") struct HexadecimalTests {
  @Test func `every byte has two digits and reads back in either case`() {
    for byte in 0...255 as ClosedRange<UInt8> {
      let text = Hexadecimal.text(of: [byte])
      #expect(text.utf8.count == 2)
      #expect(text == text.lowercased())
      #expect(Hexadecimal.bytes(of: text) == [byte])
      #expect(Hexadecimal.bytes(of: text.uppercased()) == [byte])
    }
    #expect(Hexadecimal.text(of: [0x00, 0xAB, 0xFF]) == "00abff")
  }

  @Test func `nothing is the empty text`() {
    #expect(Hexadecimal.text(of: []) == "")
    #expect(Hexadecimal.bytes(of: "") == [])
  }

  @Test(arguments: ["0", "abc", "0g", "g0", " 0", "0x", "ä0", "00 ", "-1", "/0", ":0", "@0", "`0"])
  func `a missing or wrong digit is refused`(_ text: String) {
    #expect(Hexadecimal.bytes(of: text) == nil)
  }
}
