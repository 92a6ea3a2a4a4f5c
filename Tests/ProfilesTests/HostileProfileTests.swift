import Foundation
import Profiles
import TestSupport
import Testing

@Suite("Hostile profile files")
struct HostileProfileTests {
  private func error(_ bytes: [UInt8]) -> ProfileError? {
    do {
      _ = try ProfileFile(bytes, home: nil)
      return nil
    } catch {
      return error
    }
  }

  @Test(arguments: [
    "[", "[[", "[ ", "[:a]", "a = 1\n [[#x]]", "[]", "[[]]", "b = [}", "b = [1, }]",
    "b = [ # x\n}", "b = {a = 1, }", "d = 2020-01-01T", "d = 2020-01-01Tx", "d = [2020-01-01t:]",
    "s = \"\"\"x\"\"\"\"\"\n[:", "s = '''\n'''\n[=", "s = \"\\\"\"\n[\"\n[}", "k = [\n[1],\n[}]",
    "s = \"\"\"\\\n\"\"\"\n[}",
  ])
  func `what the library would end the process for is refused before`(_ text: String) {
    guard case .syntax = error(Array(text.utf8)) else {
      Issue.record("\(text) gives \(String(describing: error(Array(text.utf8))))")
      return
    }
  }

  @Test(arguments: [
    "k = [\n[1],\n[],\n[{a = 1}, {}]\n]", "s = \"\"\"\n[:\n\"\"\"\"\"\nx = 1",
    "s = '\\'\nx = 1", "d = 2020-01-01T10:00:00Z", "s = \"[}\" # [}\nx = 1",
    "x = 1 # [\n[ \"a b\" . c ]\n", "s = '''\n[}\n'''''\nx = 1",
  ])
  func `what is TOML passes to the end`(_ text: String) {
    // Each has a key that no profile file has, which is the answer to TOML that was understood.
    guard case .unknownKey = error(Array(text.utf8)) else {
      Issue.record("\(text) gives \(String(describing: error(Array(text.utf8))))")
      return
    }
  }

  /// `KIST_TEST_PROFILE_FILES=n` tries n files.
  @Test func `spoilt files of every kind are read or refused, and never trap`() {
    var random = SplitMix64(seed: TestSeed.make(for: "hostile profile files"))
    let texts = [
      "[profiles.a]\npaths = [\"/x\"] # é\n[profiles.a.retention]\nlast = 1\n",
      """
      a.b.'c'="x\\u0041"
      b=[1,2.5,true,{a=1}] # c
      [[x.y]]
      d=2020-01-01T10:00:00+01:00
      e='''
      ab'''
      f=\"""x\\
       y\"""
      g=0x1F
      h=inf
      i={b="c",d.e=07:00:00}
      """,
    ].map { Array($0.utf8) }
    let signs = Array("[]{}=.,\"'#\n\r\t \\-_+0aeE:ZT\u{1}é".utf8)
    let given = ProcessInfo.processInfo.environment["KIST_TEST_PROFILE_FILES"].flatMap { Int($0) }
    var refused = 0
    for round in 0..<(given ?? 10_000) {
      var bytes = texts[round & 1]
      for _ in 0...(random.next() % 6) {
        let place = Int(random.next() % UInt64(bytes.count))
        let sign = signs[Int(random.next() % UInt64(signs.count))]
        switch random.next() % 5 {
        case 0: bytes[place] = sign
        case 1: bytes[place] = UInt8(truncatingIfNeeded: random.next())
        case 2, 3: bytes.insert(sign, at: place)
        default: if bytes.count > 1 { bytes.remove(at: place) }
        }
      }
      if error(bytes) != nil { refused += 1 }
    }
    #expect(refused > 1_000)
    Cases.tell(.decoders, given ?? 10_000, "profile files")
  }
}
