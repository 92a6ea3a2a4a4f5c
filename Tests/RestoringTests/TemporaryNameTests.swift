import Restoring
import Testing

@Suite("Temporary name") struct TemporaryNameTests {
  @Test func `a name that was made is recognised, and others are not`() {
    let name = TemporaryName.make()
    #expect(TemporaryName.isOne(name))
    #expect(name != TemporaryName.make())
    #expect(!TemporaryName.isOne(name + [0x61]))
    #expect(!TemporaryName.isOne(Array(name.dropLast())))
    #expect(!TemporaryName.isOne(Array(".kist-ABCDEF012345678901234567".utf8)))
    #expect(!TemporaryName.isOne(Array(".kist-notes".utf8)))
    #expect(!TemporaryName.isOne([]))
  }
}
