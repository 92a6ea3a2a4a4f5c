import Patterns
import TestSupport
import Testing

/// Patterns and lists of them come from a person, or from whoever wrote a `.gitignore` into the source.
@Suite("Patterns, given anything")
struct DecoderTests {
  @Test func `patterns and ignore files are read or refused`() {
    let texts = [
      "*.o", "!/a/**/b?[a-z]", "/home/[!x]*/\\\\*", "**/node_modules/**", "a{b,c}", "[[:alpha:]]",
      "# x\n*.tmp \n!keep\\ \n/build/\n\\#x\n**/x\n", "[",
    ]
    var patterns = Mutations(
      of: texts.map { Array($0.utf8) },
      seed: TestSeed.make(for: "patterns")
    )
    let count = Cases.planned(40_000)
    var refused = 0
    for _ in 0..<count {
      let bytes = patterns.next()
      do throws(PatternError) {
        let pattern = try PathPattern(bytes)
        #expect(pattern.text == bytes)
      } catch {
        refused += 1
      }
      _ = IgnoreFile(bytes)
    }
    #expect(refused > count / 100)
    Cases.tell(.decoders, 2 * count, "patterns and ignore files")
  }
}
