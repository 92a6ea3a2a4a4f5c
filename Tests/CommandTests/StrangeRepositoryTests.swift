import Foundation
import TestSupport
import Testing

/// A repository that a newer program made, or to whose log somebody added, met at the command line.
@Suite("Strange repositories at the command line")
struct StrangeRepositoryTests {
  private let place: Place

  /// The store of the vectors.
  init() throws {
    place = try Place()
    let store = Vectors.formats.appending(path: "vectors/repository").path
    try place.call("cp", "-r", store, place.repository)
    // git keeps no empty folders.
    try place.call("mkdir", "-p", place.path("repository/tmp"))
    try place.call("chmod", "-R", "u+w", place.repository)
  }

  private func kist(_ arguments: [String]) throws -> Outcome {
    try place.start(arguments, changing: ["KIST_PASSWORD": "correct horse battery staple"]).wait()
  }

  /// Puts a record file of the vectors under its own name.
  private func add(_ record: [UInt8]) throws {
    try place.write(record, to: "record")
    let hashed = try place.run(["b2sum", "-l", "256", place.path("record")])
    let name = hashed.output.prefix { $0 != " " }
    try place.call("mv", place.path("record"), place.path("repository/records/\(name)"))
  }

  @Test func `what does not belong in a repository is named, and is no damage`() throws {
    let place = try Place()
    try place.initialize()
    for number in 0..<13 { try place.write([1], to: "repository/packs/note-\(number)") }
    for arguments in [["check"], ["check", "--without-key"], ["check", "--repair"]] {
      let outcome = try place.start(arguments).wait()
      #expect(outcome.status == 0, "\(outcome)")
      #expect(outcome.errors.contains("packs/note-12: does not belong in a repository; left alone"))
      #expect(outcome.errors.contains("… and 3 more that do not belong there"), "\(outcome)")
      #expect(outcome.output.contains("no errors; the data itself was not read"), "\(outcome)")
    }
    let lines = try JSON.lines(try place.kist("check", "--json").errors)
    #expect(lines.count == 13)
    #expect(try lines.allSatisfy { try JSON.text($0, "message_type") == "warning" })
  }

  @Test func `records that are forged, revoked or double are told in words, and nothing is lost`()
    throws
  {
    let before = try JSON.array(try kist(["snapshots", "--json"]).output).map {
      try JSON.text($0, "id")
    }
    try #require(before.count == 2)
    let revoked = try kist(["check"])
    #expect(revoked.status == 20, "\(revoked)")
    #expect(revoked.errors.contains("is ignored: its writer was revoked"), "\(revoked)")
    #expect(
      revoked.errors.contains("What `kist snapshots` lists is whole without them"),
      "\(revoked)"
    )
    #expect(!revoked.errors.contains("Back up the same files again"), "\(revoked)")
    for (name, record) in try Vectors.bytes("record-log/refused.txt") where name != "same-sequence"
    {
      try add(record)
    }
    for arguments in [["check"], ["check", "--without-key"], ["check", "--json"]] {
      let outcome = try kist(arguments)
      #expect(outcome.status == 20, "\(arguments): \(outcome)")
      for words in [
        "is ignored: its signature is wrong", "is ignored: its writer was never enrolled",
        "is ignored: its writer was revoked", "is ignored: it belongs to another repository",
        "is ignored: only the root key enrols and revokes", "record 00000000 is missing",
        "a list of ids is not ascending", "a list of ids is cut short", "unknown key 15",
      ] {
        #expect(outcome.errors.contains(words), "\(arguments), \(words): \(outcome)")
      }
      // No name of a case of the program's own.
      #expect(!outcome.errors.contains("malformed("), "\(arguments): \(outcome)")
    }
    let listed = try kist(["snapshots", "--json"])
    #expect(listed.status == 0, "\(listed)")
    #expect(listed.errors.contains("`kist check` names them"), "\(listed)")
    let after = try JSON.array(listed.output).map { try JSON.text($0, "id") }
    // One of them is a snapshot in order, but for a parent that nobody has.
    #expect(Set(after).isSuperset(of: before) || after.count >= 1, "\(after)")
    let restored = try kist(["restore", before[0], "-t", place.path("out")])
    #expect([0, 3].contains(restored.status), "\(restored)")
  }

  @Test func `two records of one number are both named, and both sides stay`() throws {
    let fork = try Vectors.bytes("record-log/refused.txt").first { $0.name == "same-sequence" }
    try add(try #require(fork).bytes)
    let outcome = try kist(["check"])
    #expect(outcome.status == 20, "\(outcome)")
    #expect(outcome.errors.contains("of one writer have one number"), "\(outcome)")
    #expect(outcome.errors.contains("or of which two have one number"), "\(outcome)")
  }

  @Test func `a newer format is told with what to do, and nothing is changed`() throws {
    let configurations = try Vectors.bytes("configuration/refused.txt")
    for (name, words) in [
      ("newer-version", "(format 2)"),
      ("unknown-incompatible-feature", "(format 1, features frost)"),
    ] {
      let file = try #require(configurations.first { $0.name == name }).bytes
      try place.write(file, to: "repository/kist")
      let before = try place.files(below: "repository")
      for arguments in [
        ["snapshots"], ["backup", place.root], ["check", "--without-key"], ["key", "list"],
        ["mirror", "push", "--init", place.path("mirror")],
      ] {
        let outcome = try kist(arguments)
        #expect(outcome.status == 1, "\(arguments): \(outcome)")
        #expect(outcome.errors.contains("needs a newer kist " + words), "\(arguments): \(outcome)")
        #expect(outcome.errors.contains("Its data is not damaged"), "\(arguments): \(outcome)")
        #expect(outcome.errors.contains("Update kist"), "\(arguments): \(outcome)")
        #expect(try place.files(below: "repository") == before, "\(arguments)")
      }
    }
  }

  @Test func `what only newer programs may change is read, and no command writes to it`() throws {
    let accepted = try Vectors.bytes("configuration/accepted.txt")
    let file = try #require(accepted.first { $0.name == "unknown-read-only-compatible-feature" })
    try place.write(file.bytes, to: "repository/kist")
    try place.write(Array("another one\n".utf8), to: "password")
    #expect(try kist(["snapshots"]).status == 0)
    #expect(try kist(["ls", "latest"]).status == 0)
    let slots = try place.files(below: "repository/slots")
    let before = try place.files(below: "repository")
    let password = ["--new-password-file", place.path("password")]
    for arguments in [
      ["backup", place.path("password")], ["tag", "add", "x", "latest"], ["key", "add"] + password,
      ["key", "passwd"] + password,
      ["key", "remove", String(try #require(slots.first).suffix(64))],
    ] {
      let outcome = try kist(arguments)
      #expect(outcome.status == 1, "\(arguments): \(outcome)")
      #expect(outcome.errors.contains("features frost"), "\(arguments): \(outcome)")
      #expect(try place.files(below: "repository") == before, "\(arguments)")
    }
  }
}
