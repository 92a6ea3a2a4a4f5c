import Foundation
import Testing

/// Names that a terminal would obey are shown, and never obeyed.
@Suite("Names that steer a terminal")
struct SteeringNameTests {
  private let place: Place
  /// Overrides the direction of text, and clears the screen.
  private static let name = "a\u{202E}b\u{1B}[2Jc\u{9B}31m"

  init() throws {
    place = try Place()
    try place.initialize(key: .recovery)
    try place.write(Array("1".utf8), to: "source/\(Self.name)/file")
    try place.write(Array("2".utf8), to: "source/\(Self.name)/\(Self.name)")
  }

  /// Runs a command; neither of its outputs has a byte that a terminal obeys.
  private func expectHarmless(_ arguments: [String], named: Bool) throws {
    let outcome = try place.start(arguments).wait()
    let said = outcome.output + outcome.errors
    for scalar in said.unicodeScalars {
      let isSteering =
        (scalar.value < 0x20 && scalar != "\n" && scalar != "\t")
        || (0x7F...0x9F).contains(scalar.value) || (0x202A...0x202E).contains(scalar.value)
      guard !isSteering else {
        Issue.record("\(arguments): \(said.debugDescription)")
        return
      }
    }
    let isNamed = said.contains("\\xe2") || said.contains("\\u202e")
    #expect(isNamed || !named, "\(arguments) must name it: \(outcome)")
  }

  @Test func `no command shows a byte of a name that a terminal obeys`() throws {
    let source = place.path("source")
    let inner = source + "/" + Self.name
    try expectHarmless(["backup", "-v", source], named: true)
    try place.write(Array("changed".utf8), to: "source/\(Self.name)/file")
    try expectHarmless(["backup", "--json", "-v", source], named: false)
    for arguments in [
      ["ls", "latest"], ["ls", "-l", "latest"], ["ls", "--json", "latest"], ["find", "f*"],
      ["find", "--json", "a*"], ["diff", "latest~1", "latest"],
      ["diff", "--json", "latest~1", "latest"], ["history", inner + "/file"],
      ["restore", "-v", "latest", "-t", place.path("out")], ["dump", "latest:" + Self.name + "x"],
      ["restore", "latest:" + Self.name + "x", "-t", "x"],
      ["ls", Self.name], ["backup", inner + "x"], ["snapshots", "-r", inner],
      ["mirror", "push", inner + "/x"],
      ["check", "--repair-from", inner], ["init", "-r", place.path(Self.name + "2")],
      ["key", "export", "--to", place.path(Self.name + "3")],
    ] {
      // A history has one path, and does not repeat it.
      try expectHarmless(arguments, named: arguments[0] != "history")
    }
    try expectHarmless(["mirror", "push", "--init", place.path(Self.name)], named: false)
  }

  @Test func `findings of damage show the names escaped, those in the store's own folders too`()
    throws
  {
    try #require(try place.kist("backup", "-q", place.path("source")).status == 0)
    for pack in try place.files(below: "repository/packs") {
      try place.call("rm", place.path(pack))
    }
    try place.write([], to: "repository/" + Self.name)
    try expectHarmless(["check"], named: true)
    try expectHarmless(["check", "--json"], named: true)
    try expectHarmless(["restore", "latest", "-t", place.path("out")], named: false)
  }
}
