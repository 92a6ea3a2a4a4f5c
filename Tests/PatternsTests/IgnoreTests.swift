import TestSupport
import Testing

@testable import Patterns

@Suite("Ignore files") struct IgnoreTests {
  /// Asks for a path below the folder of the outermost file; an excluded folder above decides, as it is not entered.
  ///
  /// `files` are by folder, "" for the outermost. A path that ends with a slash is a folder.
  private func ignores(_ files: [String: String], _ path: String) -> Bool {
    let isFolder = path.hasSuffix("/")
    let names = path.split(separator: "/").map(String.init)
    var scope = IgnoreScope()
    var folder = ""
    for (index, name) in names.enumerated() {
      if let text = files[folder] { scope = scope.adding(IgnoreFile(Array(text.utf8))) }
      let isLast = index == names.count - 1
      let entry: IgnoreScope.Entry = isLast && !isFolder ? .other : .folder
      if scope.ignores(Array(name.utf8).span, entry) { return true }
      scope = scope.below(Array(name.utf8).span)
      folder += folder.isEmpty ? name : "/" + name
    }
    return false
  }

  @Test(arguments: [
    ("*.o", "a.o", true), ("*.o", "x/y/a.o", true), ("*.o", "a.c", false),
    ("build/", "build/", true), ("build/", "build", false), ("build/", "x/build/", true),
    ("/build", "build", true), ("/build", "x/build", false), ("doc/*.txt", "doc/a.txt", true),
    ("doc/*.txt", "x/doc/a.txt", false), ("doc/*.txt", "doc/x/a.txt", false),
    ("**/foo", "foo", true), ("**/foo", "a/b/foo", true), ("**/foo/bar", "a/foo/bar", true),
    ("abc/**", "abc/x", true), ("abc/**", "abc/x/y", true), ("abc/**", "abc/", false),
    ("a/**/b", "a/b", true), ("a/**/b", "a/x/y/b", true), ("a/**/b", "b", false),
    ("foo", "x/foo/y", true), ("# c\n", "# c", false), ("\\#c", "#c", true), ("\\!c", "!c", true),
    ("a ", "a", true), ("a\\ ", "a ", true), ("a\\ ", "a", false), ("a\r\n", "a", true),
    ("[!a]x", "bx", true), ("[!a]x", "ax", false), ("[^a]x", "bx", true),
    ("[]x]", "]", true), ("[a-]", "-", true), ("[[:digit:]]", "7", true),
    ("[[:digit:]]", "x", false),
    ("[[:bogus:]]", ":]", true),
    ("?", "é", false), ("??", "é", true), ("a/***/b", "a/x/y/b", true),
    ("a**b", "axxb", true), ("/", "a", false), ("", "a", false), ("!", "a", false),
    ("**", "a/b", true),
    ("[", "[", false), ("a//b", "a/b", false), ("x/", "x/y/z", true), ("/**/a", "q/a", true),
  ])
  func `a rule counts as in git`(_ rules: String, _ path: String, _ isIgnored: Bool) {
    #expect(ignores(["": rules], path) == isIgnored)
  }

  @Test func `the last rule that matches decides`() {
    let rules = ["": "*.log\n!keep.log\n/top/keep.log\n"]
    #expect(ignores(rules, "a.log"))
    #expect(!ignores(rules, "x/keep.log"))
    #expect(ignores(rules, "top/keep.log"))
  }

  @Test func `nothing below an ignored folder comes back`() {
    #expect(ignores(["": "out/\n!out/keep\n"], "out/keep"))
    #expect(!ignores(["": "out/*\n!out/keep\n"], "out/keep"))
    #expect(ignores(["": "out/*\n!out/keep\n"], "out/other"))
  }

  @Test func `the file of a deeper folder decides first`() {
    let files = ["": "*.txt\n/a/b\n", "a": "!keep.txt\n/c\n", "a/d": "keep.txt\n"]
    #expect(!ignores(files, "a/keep.txt"))
    #expect(ignores(files, "keep.txt"))
    #expect(ignores(files, "a/other.txt"))
    #expect(ignores(files, "a/c"))
    #expect(!ignores(files, "c"))
    #expect(!ignores(files, "a/x/c"))
    #expect(ignores(files, "a/d/keep.txt"))
    #expect(ignores(files, "a/b"))
  }

  @Test func `a byte order mark before the first rule does not count`() {
    #expect(ignores(["": "\u{FEFF}a\n"], "a"))
  }

  @Test func `rules beyond the limit are counted`() {
    let file = IgnoreFile(Array(String(repeating: "x\n", count: 16_385).utf8))
    #expect(file.rules.count == 16_384)
    #expect(file.omittedCount == 1)
  }

  @Test func `random bytes are never more than rules`() {
    let seed = UInt64.random(in: 0..<UInt64.max)
    print("IgnoreTests seed", seed)
    var random = SplitMix64(seed: seed)
    let alphabet = Array("a*?[]!^-\\/#: \n\r$\u{E9}".utf8) + [0xFF, 0x00]
    for _ in 0..<2000 {
      let bytes = (0..<Int.random(in: 0..<40, using: &random)).map { _ in
        alphabet[Int.random(in: 0..<alphabet.count, using: &random)]
      }
      let scope = IgnoreScope().adding(IgnoreFile(bytes))
      _ = scope.ignores(bytes.span, .folder)
      _ = scope.below(Array("a".utf8).span).ignores(Array("a-".utf8).span, .other)
      if let pattern = try? PathPattern(bytes, letterCase: .folded) { _ = pattern.matches(bytes) }
    }
  }
}
