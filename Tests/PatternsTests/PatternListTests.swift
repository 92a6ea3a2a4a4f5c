import Testing

@testable import Patterns

@Suite("Pattern list") struct PatternListTests {
  private func list(_ patterns: String...) throws -> PatternList {
    PatternList(try patterns.map { try PathPattern(Array($0.utf8)) })
  }

  private func isMatch(_ list: PatternList, _ path: String) -> Bool {
    list.verdict(for: Array(path.utf8)).isMatch
  }

  @Test func `no pattern matches nothing`() throws {
    let verdict = try list().verdict(for: Array("/foo".utf8))
    #expect(verdict == PatternList.Verdict(isMatch: false, mayMatchBelow: false))
    #expect(try list().isEmpty)
  }

  @Test func `the last match decides`() throws {
    let list = try list("*.log", "!keep.log", "/var/keep.log")
    #expect(isMatch(list, "/home/a.log"))
    #expect(!isMatch(list, "/home/keep.log"))
    #expect(isMatch(list, "/var/keep.log"))
    #expect(try !isMatch(self.list("!keep.log"), "/keep.log"))
  }

  @Test func `a negation that comes first changes nothing`() throws {
    #expect(isMatch(try list("!keep.log", "*.log"), "/keep.log"))
  }

  @Test func `all but one folder can be said`() throws {
    let list = try list("/home/*", "!/home/user")
    #expect(isMatch(list, "/home/other"))
    #expect(!isMatch(list, "/home/user"))
    #expect(!isMatch(list, "/home/user/deep/file"))
  }

  @Test func `a folder below which nothing can match is known`() throws {
    let list = try list("/home/user/*.txt", "/srv/**/x")
    #expect(list.verdict(for: Array("/home".utf8)).mayMatchBelow)
    #expect(!list.verdict(for: Array("/home/other".utf8)).mayMatchBelow)
    #expect(list.verdict(for: Array("/srv/a/b/c".utf8)).mayMatchBelow)
    #expect(!list.verdict(for: Array("/etc".utf8)).mayMatchBelow)
  }

  @Test func `asking folder by folder says what asking for the whole path says`() throws {
    let list = try list("*.o", "/a/**/b", "!b/keep", "c/d/e")
    for path in ["/a/x/b/keep", "/a/b", "/c/d/e/f", "/x/c/d", "/a/x.o", "/q"] {
      var position = list.top
      let names = path.split(separator: "/").map { Array($0.utf8) }
      for (index, name) in names.enumerated() {
        let whole =
          "/"
          + names[...index].map { String(decoding: $0, as: UTF8.self) }
          .joined(separator: "/")
        let verdict = list.verdict(for: Array(whole.utf8))
        #expect(list.verdict(for: name.span, in: position) == verdict, "\(whole)")
        position = list.position(below: name.span, in: position)
        #expect(list.verdict(at: position) == verdict)
      }
    }
  }

  @Test func `patterns bound to the top match no relative path`() throws {
    let list = try list("/foo", "bar")
    #expect(!isMatch(list, "foo"))
    #expect(isMatch(list, "foo/bar"))
  }
}

@Suite("Pattern file") struct PatternFileTests {
  private func patterns(_ text: String, _ variables: [String: String] = [:]) throws -> [String] {
    try PatternFile.patterns(in: Array(text.utf8)) { name in
      variables[String(decoding: name, as: UTF8.self)].map { Array($0.utf8) }
    }.map { String(decoding: $0, as: UTF8.self) }
  }

  @Test func `comments, empty lines and white space are left out`() throws {
    #expect(try patterns("# note\n\n  *.o \t\r\n\t# also\n!a b\n#") == ["*.o", "!a b"])
  }

  @Test func `variables are put in, and a dollar sign can be written`() throws {
    let variables = ["HOME": "/home/a", "X1": "é"]
    #expect(
      try patterns("$HOME/tmp\n${HOME}x\n$X1$X1\n", variables) == ["/home/a/tmp", "/home/ax", "éé"]
    )
    #expect(try patterns("a$$b\n$\n$/x\n${HOME", variables) == ["a$b", "$", "$/x", "${HOME"])
  }

  @Test func `a variable that is not set is refused with its line`() {
    #expect(throws: PatternError.unsetVariable(name: Array("CACHE".utf8), line: 2)) {
      try patterns("*.o\n$CACHE/\n")
    }
    #expect(throws: PatternError.unsetVariable(name: [], line: 1)) { try patterns("${}/x") }
  }

  @Test func `byte order marks are understood`() throws {
    #expect(try patterns("\u{FEFF}*.o\n") == ["*.o"])
    let little: [UInt8] = [0xFF, 0xFE, 0x2A, 0, 0x0A, 0, 0xE9, 0, 0x0D]
    let big: [UInt8] = [0xFE, 0xFF, 0, 0x2A, 0, 0x0A, 0, 0xE9]
    for bytes in [little, big] {
      let found = try PatternFile.patterns(in: bytes) { _ in nil }
      #expect(found == [Array("*".utf8), Array("é".utf8)])
    }
    #expect(try PatternFile.patterns(in: [0xFF, 0xFE]) { _ in nil } == [])
  }

  @Test func `entries keep dollar signs, lines keep everything`() {
    let text = Array(" $HOME/a \n#x\n\n b#\n".utf8)
    #expect(PatternFile.entries(in: text) == [Array("$HOME/a".utf8), Array("b#".utf8)])
    #expect(
      PatternFile.lines(in: text).map { String(decoding: $0, as: UTF8.self) }
        == [" $HOME/a ", "#x", "", " b#"]
    )
    #expect(PatternFile.lines(in: []).isEmpty)
  }
}
