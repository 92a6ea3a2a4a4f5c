import Profiles
import Testing

@Suite("Lines of keys")
struct KeyLinesTests {
  private let lines = KeyLines(
    Array(
      """
      # profiles.a.host = "no key"
      [profiles.a]
      host = "x"
        tags = ["a",
          "b"]
      "exclude-caches" = true

      [ profiles . 'b c' ]
      retention.last = 3
      repository = \"""
      host = "in a text"
      tags = \"""
      host = '''one line'''
      mirrors = []
      [[profiles.d]]
      paths = 1
      """.utf8
    )
  )

  @Test(arguments: [
    ("profiles", 2), ("profiles.a", 2), ("profiles.a.host", 3), ("profiles.a.tags", 4),
    ("profiles.a.tags[1]", 4), ("profiles.a.exclude-caches", 6), ("profiles.b c", 8),
    ("profiles.b c.retention", 9), ("profiles.b c.retention.last", 9),
    ("profiles.b c.repository", 10), ("profiles.b c.host", 13), ("profiles.b c.mirrors", 14),
    ("profiles.d", 15), ("profiles.d.paths", 16),
  ])
  func `a key is found where it stands`(_ key: String, _ line: Int) {
    #expect(lines.line(of: key) == line)
  }

  @Test(arguments: ["", "host", "profiles.b c.tags", "profiles.e", "profiles.a.host.x", "["])
  func `what is not there has no line`(_ key: String) {
    #expect(lines.line(of: key) == nil)
  }
}
