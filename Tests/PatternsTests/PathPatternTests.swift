import TestSupport
import Testing

@testable import Patterns

@Suite("Path pattern") struct PathPatternTests {
  @Test(arguments: [
    ("*.go", "/foo/bar/test.go", true), ("*.c", "/foo/bar/test.go", false),
    ("*", "/foo/bar/test.go", true), ("**", "/foo/bar/test.go", true),
    ("foo*", "/foo/bar/test.go", true), ("bar*", "/foo/bar/test.go", true),
    ("/bar*", "/foo/bar/test.go", false), ("bar/*", "/foo/bar/test.go", true),
    ("baz/*", "/foo/bar/test.go", false), ("bar/test.go", "/foo/bar/test.go", true),
    ("ba*/*.go", "/foo/bar/test.go", true), ("tesT.*", "/foo/bar/test.go", false),
    ("/foo/bar", "/foo/bar", true), ("/foo/bar/", "/foo/bar", true),
    ("/foo/bar", "/foo/baz", false), ("/foo///bar", "/foo/bar", true),
    ("/foo/../bar", "/foo/bar", false), ("/foo/../bar", "/bar", true),
    ("/foo/./bar", "/foo/bar", true), ("/foo/*", "/foo", false), ("/foo/*", "/foo/baz", true),
    ("/foo/*test.*", "/foo/bar/test.go", false), ("/foo/*/test.*", "/foo/bar/test.go", true),
    ("/*/*/baz/test.*", "/foo/bar/baz/test.go", true),
    ("/*/foo/bar/test.*", "/foo/bar/baz/test.go", false),
    ("/foo/bar/test.*", "bar/baz/test.go", false), ("baz/test.*", "bar/baz/test.go", true),
    ("foo/**/bar/*.go", "/home/user/foo/work/special/project/bar/test.go", true),
    ("foo/**/bar/*.go", "/home/user/foo/bar/test.go", true),
    ("foo/**/bar/*.go", "foo/bar/baz/bar/test.go", true),
    ("foo/**/bar/*.go", "bar/foo/main.go", false), ("foo/**/bar", "/x/foo/x/y/bar/main.go", true),
    ("foo/**/bar/**/x", "/home/foo/blaaa/blaz/bar/shared/work/x", true),
    ("user/**/hidden*/**/c", "/home/user/work/x/y/hidden/z/a/b/c", true),
    ("user/**/important*", "/home/user/work/x/y/hidden/x", false),
    ("/", "/anything", true), ("/**", "/foo", true), (".", "/foo", false),
    ("../foo", "/foo", false),
  ])
  func `a pattern matches as restic's does`(
    _ pattern: String,
    _ path: String,
    _ isMatch: Bool
  ) throws {
    #expect(try PathPattern(Array(pattern.utf8)).matches(Array(path.utf8)) == isMatch)
  }

  @Test func `what lies below a match matches too`() throws {
    let pattern = try PathPattern(Array("node_modules".utf8))
    #expect(pattern.matches(Array("/home/a/node_modules/left-pad/index.js".utf8)))
    #expect(!pattern.matches(Array("/home/a/node_modules2".utf8)))
  }

  @Test func `an empty pattern matches nothing`() throws {
    #expect(try !PathPattern([]).matches(Array("/foo".utf8)))
    #expect(try !PathPattern(Array("!".utf8)).matches(Array("/foo".utf8)))
  }

  @Test(arguments: [
    ("foo/bar", "/foo", true), ("baz", "/foo/bar", true), ("/foo/bar/baz", "/foo/bar", true),
    ("/foo/bar/baz", "/foo/baz", false), ("/foo/**/baz", "/foo/bar/baz/blah", true),
    ("/foo/*/qux", "/foo/bar", true), ("/foo/*/qux", "/foo/bar/boo", false),
    ("/foo", "/foo/bar", true), ("/bar/*", "/foo", false), ("/*/bar", "/foo", true),
    ("/foo/*/baz", "/bar/baz", false), ("/**/bar", "/foo/x/y", true),
  ])
  func `it is known whether something below may match`(
    _ pattern: String,
    _ path: String,
    _ may: Bool
  ) throws {
    #expect(try PathPattern(Array(pattern.utf8)).mayMatchBelow(Array(path.utf8)) == may)
  }

  @Test(arguments: [
    ("a?c", "abc", true), ("a?c", "aéc", true), ("a?c", "ac", false), ("?", "日", true),
    ("[a-c]x", "bx", true), ("[a-c]x", "dx", false), ("[^a-c]x", "dx", true),
    ("[^a-c]x", "ax", false),
    ("[a-cx-z]", "y", true), ("[é-ö]", "ï", true), ("[\\]]", "]", true), ("[\\-x]", "-", true),
    ("\\*", "*", true), ("\\*", "a", false), ("a\\?b", "a?b", true), ("*a*b*c", "xxaxxbxxc", true),
    ("*a*b*c", "xxaxxcxxb", false), ("a**b", "axxb", true), ("*.tar.*", "x.tar.gz", true),
    ("日*", "日本", true), ("*本", "日本", true),
  ])
  func `a name matches letter by letter`(_ pattern: String, _ name: String, _ isMatch: Bool) throws
  {
    #expect(try PathPattern(Array(pattern.utf8)).matches(Array(name.utf8)) == isMatch)
  }

  @Test func `bytes that are no text match as they are`() throws {
    let name: [UInt8] = [0x61, 0xFF, 0xC3, 0x62]
    #expect(try PathPattern(name).matches(name))
    #expect(try PathPattern(Array("a??b".utf8)).matches(name))
    #expect(try !PathPattern(Array("a?b".utf8)).matches(name))
    #expect(try PathPattern([0x2A, 0xFF, 0x2A]).matches(name))
    #expect(try PathPattern(name, letterCase: .folded).matches([0x41, 0xFF, 0xC3, 0x42]))
  }

  @Test(arguments: [
    "[", "a[", "[]", "[]a]", "[a", "[a-", "[a-]", "[-a]", "x/[", "**/[^]", "a\\", "[\\",
  ])
  func `a malformed pattern is refused`(_ pattern: String) {
    #expect(throws: PatternError.malformed(pattern: Array(pattern.utf8))) {
      try PathPattern(Array(pattern.utf8))
    }
  }

  @Test func `a pattern that is too long or too deep is refused`() {
    let long = [UInt8](repeating: 0x61, count: 4097)
    #expect(throws: PatternError.tooLong(byteCount: 4097, limit: 4096)) { try PathPattern(long) }
    let deep = Array(String(repeating: "/a", count: 63).utf8)
    #expect(throws: PatternError.tooDeep(pattern: deep, limit: 62)) { try PathPattern(deep) }
    #expect(throws: Never.self) { try PathPattern(Array(String(repeating: "/a", count: 62).utf8)) }
    #expect(throws: PatternError.tooDeep(pattern: Array(deep.dropFirst()), limit: 62)) {
      try PathPattern(Array(deep.dropFirst()))
    }
  }

  @Test(arguments: [
    ("*.JPG", "/a/b.jpg", true), ("*.jpg", "/a/B.JPG", true), ("ÄÖ*", "/äöü", true),
    ("[A-C]x", "/bX", true), ("straße", "/STRASSE", false), ("ΣΑ", "/σα", true),
  ])
  func `folded letters match either case`(_ pattern: String, _ path: String, _ isMatch: Bool) throws
  {
    let folded = try PathPattern(Array(pattern.utf8), letterCase: .folded)
    #expect(folded.matches(Array(path.utf8)) == isMatch)
  }

  @Test func `a hostile pattern is matched in bounded time`() throws {
    let name = [UInt8](repeating: 0x61, count: 255)
    let path = (0..<15).flatMap { _ in [UInt8(ascii: "/")] + name }
    let stars = String(repeating: "a*", count: 100) + "b"
    let depths = String(repeating: "**/a*a*/", count: 15) + "b"
    let start = ContinuousClock.now
    for text in [stars, "**/" + stars, depths] {
      let pattern = try PathPattern(Array(text.utf8))
      #expect(!pattern.matches(path))
    }
    let time = ContinuousClock.now - start
    #expect(time < .seconds(2))
  }

  /// restic's own way: every `**` is spelled out as each number of `*`, and every offset is tried.
  @Test func `random patterns match as the plain definition says`() throws {
    let seed = UInt64.random(in: 0..<UInt64.max)
    print("PathPatternTests seed", seed)
    var random = SplitMix64(seed: seed)
    let names = ["a", "b", "ab", "ba"]
    let parts = ["a", "b", "*", "**", "a*", "?b", "**"]
    var matches = 0
    for _ in 0..<4000 {
      let path = (0..<Int.random(in: 1...5, using: &random)).map { _ in
        names[Int.random(in: 0..<names.count, using: &random)]
      }
      let pattern = (0..<Int.random(in: 1...4, using: &random)).map { _ in
        parts[Int.random(in: 0..<parts.count, using: &random)]
      }
      let isAnchored = Bool.random(using: &random)
      let text = (isAnchored ? "/" : "") + pattern.joined(separator: "/")
      let whole = "/" + path.joined(separator: "/")
      let expected = PlainDefinition.matches(pattern, path, isAnchored: isAnchored)
      let found = try PathPattern(Array(text.utf8)).matches(Array(whole.utf8))
      #expect(found == expected, "\(text) on \(whole)")
      if found { matches += 1 }
    }
    #expect(matches > 400 && matches < 3900)
  }
}

/// The definition, without any thought of speed.
private enum PlainDefinition {
  static func matches(_ pattern: [String], _ path: [String], isAnchored: Bool) -> Bool {
    if let place = pattern.firstIndex(of: "**") {
      return (0...path.count).contains { count in
        var spelled = pattern
        spelled.replaceSubrange(place...place, with: Array(repeating: "*", count: count))
        return matches(spelled, path, isAnchored: isAnchored)
      }
    }
    guard pattern.count <= path.count else { return false }
    if pattern.isEmpty { return true }
    let last = isAnchored ? 0 : path.count - pattern.count
    return (0...last).contains { offset in
      pattern.indices.allSatisfy { name(pattern[$0][...], path[offset + $0][...]) }
    }
  }

  private static func name(_ pattern: Substring, _ text: Substring) -> Bool {
    guard let first = pattern.first else { return text.isEmpty }
    if first == "*" {
      return name(pattern.dropFirst(), text) || (!text.isEmpty && name(pattern, text.dropFirst()))
    }
    guard let letter = text.first, first == "?" || first == letter else { return false }
    return name(pattern.dropFirst(), text.dropFirst())
  }
}
