import Files
import Patterns
import Scanning
import Testing
import Trees

@Suite("Rules in a folder") struct RuleScopeTests {
  /// Paths below the place that a walk with these rules comes to; folders end with a slash.
  private func walked(
    _ place: Place,
    _ rules: SourceRules,
    from root: String = ""
  ) throws
    -> [String]
  {
    let top = root.isEmpty ? place.path : place.path + "/" + root
    var found: [String] = []
    func walk(_ handle: DirectoryHandle, _ path: String, _ scope: RuleScope) throws {
      let names = try handle.entries().map(\.name).sorted { $0.lexicographicallyPrecedes($1) }
      let content = scope.entering(handle, names: names)
      for name in content.names where !content.scope.excludes(name) {
        let status = try handle.status(of: name)
        guard !content.scope.excludes(name, status) else { continue }
        let below = path + String(decoding: name, as: UTF8.self)
        guard status.kind == .directory else {
          found.append(below)
          continue
        }
        found.append(below + "/")
        try walk(handle.openSubdirectory(name), below + "/", content.scope.below(name))
      }
    }
    try walk(.open(path: top), "", .root(rules, path: Array(top.utf8)))
    return found
  }

  private func patterns(
    _ texts: String...,
    in letterCase: LetterCase = .exact
  ) throws
    -> PatternList
  {
    PatternList(try texts.map { try PathPattern(Array($0.utf8), letterCase: letterCase) })
  }

  @Test func `without rules everything counts`() throws {
    let place = try Place()
    try place.write("a", to: "x/.gitignore")
    try place.write("a", to: "x/a")
    #expect(try walked(place, SourceRules()) == ["x/", "x/.gitignore", "x/a"])
  }

  @Test func `either list of patterns leaves out, and a negation works in its own`() throws {
    let place = try Place()
    for name in ["a.log", "b.LOG", "keep.log", "d/c.tmp", "d/e"] { try place.write("", to: name) }
    var rules = SourceRules()
    rules.excludes = try patterns("*.log", "!keep.log", "/nowhere")
    rules.foldedExcludes = try patterns("*.TMP", "!a.log", in: .folded)
    #expect(try walked(place, rules) == ["b.LOG", "d/", "d/e", "keep.log"])
  }

  @Test func `a pattern that begins with a slash is about the whole path`() throws {
    let place = try Place()
    try place.write("", to: "x/a")
    try place.write("", to: "y/x/a")
    var rules = SourceRules()
    rules.excludes = try patterns(place.path + "/x")
    #expect(try walked(place, rules) == ["y/", "y/x/", "y/x/a"])
  }

  @Test func `a marked folder keeps nothing but the mark`() throws {
    let place = try Place()
    let tag = "Signature: 8a477f597d28d172789f06886806bc55\n# more"
    try place.write(tag, to: "cache/CACHEDIR.TAG")
    try place.write("", to: "cache/junk/deep")
    try place.write("Signature: none", to: "other/CACHEDIR.TAG")
    try place.write("", to: "other/good")
    try place.write("", to: "skip/.nobackup")
    try place.write("", to: "skip/x")
    try place.write("yes, really", to: "header/.mark")
    try place.write("", to: "header/x")
    try place.write("no", to: "wrong/.mark")
    try place.write("", to: "wrong/x")
    try place.makeFolder("folder/CACHEDIR.TAG")
    var rules = SourceRules()
    rules.markers = [
      .cache, FolderMarker(name: Array(".nobackup".utf8), header: []),
      FolderMarker(name: Array(".mark".utf8), header: Array("yes".utf8)),
    ]
    #expect(
      try walked(place, rules) == [
        "cache/", "cache/CACHEDIR.TAG", "folder/", "folder/CACHEDIR.TAG/", "header/",
        "header/.mark", "other/", "other/CACHEDIR.TAG", "other/good", "skip/", "skip/.nobackup",
        "wrong/", "wrong/.mark", "wrong/x",
      ]
    )
  }

  @Test func `only regular files are too large`() throws {
    let place = try Place()
    try place.write("12345", to: "five")
    try place.write("123456", to: "six/six")
    var rules = SourceRules()
    rules.sizeLimit = 5
    #expect(try walked(place, rules) == ["five", "six/"])
    rules.sizeLimit = 0
    try place.write("", to: "zero")
    #expect(try walked(place, rules) == ["six/", "zero"])
  }

  @Test func `lists of git count in their folders and below, and deeper ones first`() throws {
    let place = try Place()
    try place.write("*.o\nbuild/\n/top\n", to: ".gitignore")
    try place.write("!keep.o\n", to: "a/.gitignore")
    for name in ["x.o", "a/keep.o", "a/x.o", "a/build/y", "build", "top", "a/top"]
    where name != "build" {
      try place.write("", to: name)
    }
    try place.write("", to: "b/build")
    var rules = SourceRules()
    rules.ignoreFiles = .git
    #expect(
      try walked(place, rules) == [
        ".gitignore", "a/", "a/.gitignore", "a/keep.o", "a/top", "b/", "b/build",
      ]
    )
  }

  @Test func `a repository in a repository has its own rules`() throws {
    let place = try Place()
    try place.write("*.o\n", to: ".gitignore")
    try place.write("", to: "inner/.git/config")
    try place.write("", to: "inner/x.o")
    try place.write("", to: "outer/x.o")
    var rules = SourceRules()
    rules.ignoreFiles = .git
    #expect(
      try walked(place, rules) == [
        ".gitignore", "inner/", "inner/.git/", "inner/.git/config", "inner/x.o", "outer/",
      ]
    )
  }

  @Test func `lists above the root count as far up as the work tree reaches`() throws {
    let place = try Place()
    try place.write("*.c\n", to: ".gitignore")
    try place.write("", to: "tree/.git/config")
    try place.write("*.o\n/sub/deep/x\n", to: "tree/.gitignore")
    try place.write("*.p\n", to: "tree/sub/.gitignore")
    for name in ["a.c", "a.o", "a.p", "x", "y"] { try place.write("", to: "tree/sub/deep/" + name) }
    var rules = SourceRules()
    rules.ignoreFiles = .git
    #expect(try walked(place, rules, from: "tree/sub/deep") == ["a.c", "y"])
    // Without a work tree, folders above say nothing.
    try place.write("*.o", to: "plain/.gitignore")
    try place.write("", to: "plain/sub/a.o")
    #expect(try walked(place, rules, from: "plain/sub") == ["a.o"])
  }

  @Test func `a list that is too long or no file leaves nothing out`() throws {
    let place = try Place()
    try place.write(String(repeating: "*\n", count: 600_000), to: "long/.gitignore")
    try place.write("", to: "long/a")
    try place.makeFolder("folder/.gitignore")
    try place.write("", to: "folder/a")
    var rules = SourceRules()
    rules.ignoreFiles = .git
    #expect(
      try walked(place, rules) == [
        "folder/", "folder/.gitignore/", "folder/a", "long/", "long/.gitignore", "long/a",
      ]
    )
  }
}

@Suite("Rules as a snapshot records them") struct RecordedRuleTests {
  @Test func `each rule stands once, in order, with its parts on lines`() throws {
    var rules = SourceRules()
    #expect(rules.recorded.isEmpty)
    rules.excludes = PatternList([
      try PathPattern(Array("*.o".utf8)), try PathPattern([0x61, 0xFF, 0x0A, 0x62]),
      try PathPattern(Array("!é".utf8)),
    ])
    rules.markers = [.cache, FolderMarker(name: Array(".x".utf8), header: [])]
    rules.sizeLimit = 10
    rules.mounts = .one
    rules.ignoreFiles = .git
    #expect(
      rules.recorded.map { "\($0.name)=\($0.value)" } == [
        "exclude=*.o\na\\xff\\x0ab\n!é",
        "exclude-if-present=CACHEDIR.TAG:Signature: 8a477f597d28d172789f06886806bc55\n.x",
        "exclude-larger-than=10", "git-ignore=yes", "one-file-system=yes",
      ]
    )
  }

  @Test func `more patterns than fit are counted`() throws {
    var rules = SourceRules()
    let long = [UInt8](repeating: 0x61, count: 4000)
    rules.excludes = PatternList(try (0..<20).map { _ in try PathPattern(long) })
    let value = try #require(rules.recorded.first?.value)
    #expect(value.utf8.count <= 65_535)
    #expect(value.hasSuffix("\n… and 4 more"))
  }
}

@Suite("Paths that a pattern stands for") struct PathExpansionTests {
  private func expanded(_ place: Place, _ pattern: String) throws -> [String] {
    try PathExpansion.paths(matching: place.bytes(pattern)).map {
      String(String(decoding: $0, as: UTF8.self).dropFirst(place.path.count + 1))
    }
  }

  @Test func `names match in any folder of the path`() throws {
    let place = try Place()
    for name in ["a/x.c", "a/y.c", "a/.z.c", "b/x.c", "b/x.h", "c"] {
      try place.write("", to: name)
    }
    #expect(try expanded(place, "a/*.c") == ["a/.z.c", "a/x.c", "a/y.c"])
    #expect(try expanded(place, "*/x.?") == ["a/x.c", "b/x.c", "b/x.h"])
    #expect(try expanded(place, "[ab]/x.c") == ["a/x.c", "b/x.c"])
    #expect(try expanded(place, "*") == ["a", "b", "c"])
    #expect(try expanded(place, "*/none") == [])
    #expect(try expanded(place, "c/*") == [])
    #expect(try expanded(place, "missing/plain") == ["missing/plain"])
    #expect(throws: PatternError.self) { try expanded(place, "[a") }
  }
}
