import Sodium
import Testing

@testable import Sealing

@Suite("Recovery keys")
struct RecoveryKeyTests {
  private static let digits = Array("0123456789ABCDEFGHJKMNPQRSTVWXYZ")

  @Test func `a key is fourteen groups of four digits and reads back`() throws {
    for _ in 0..<50 {
      let key = RecoveryKey()
      let groups = key.text.split(separator: "-")
      #expect(groups.count == 14)
      #expect(groups.allSatisfy { $0.count == 4 })
      #expect(key.text.allSatisfy { $0 == "-" || RecoveryKeyTests.digits.contains($0) })
      #expect(try RecoveryKey(text: key.text).secret.copy() == key.secret.copy())
    }
  }

  @Test func `lower case, spaces, no hyphens and mistaken letters are accepted`() throws {
    for _ in 0..<50 {
      let key = RecoveryKey()
      let spellings = [
        key.text.lowercased(), key.text.replacing("-", with: " ") + "\n",
        key.text.replacing("-", with: ""), key.text.replacing("1", with: "I"),
        key.text.replacing("1", with: "l"), key.text.replacing("0", with: "O"),
        key.text.replacing("0", with: "o"),
      ]
      for text in spellings {
        #expect(try RecoveryKey(text: text).secret.copy() == key.secret.copy(), "\(text)")
      }
    }
  }

  /// Of a key of the vectors: 20 bits of a hash let one change in a million pass, so of random keys one in 650 has one that does.
  @Test func `every change of one digit is refused`() throws {
    let text = "000G-40R4-0M30-E209-185G-R38E-1W81-24GK-2GAH-C5RR-34D1-P70X-3RFG-8Y95"
    let characters = Array(try RecoveryKey(text: text).text)
    for position in characters.indices where characters[position] != "-" {
      for digit in RecoveryKeyTests.digits where digit != characters[position] {
        var changed = characters
        changed[position] = digit
        #expect(throws: SealingError.notARecoveryKey, "position \(position)") {
          try RecoveryKey(text: String(changed))
        }
      }
    }
  }

  @Test func `what is no key is refused`() {
    let text = RecoveryKey().text
    for wrong in [
      "", "-", "0", String(text.dropLast()), text + "0", text.replacing("-", with: "_"),
      "U" + text.dropFirst(), "ä" + text.dropFirst(), String(repeating: "0", count: 56),
    ] {
      #expect(throws: SealingError.notARecoveryKey, "\(wrong)") { try RecoveryKey(text: wrong) }
    }
  }
}
