import Foundation
import TestSupport
import Testing

@Suite("JSON for scripts")
struct JSONTests {
  /// Every key of a value, and of what is in it.
  private func keys(of value: Any) -> Set<String> {
    switch value {
    case let object as [String: Any]:
      object.reduce(into: Set(object.keys)) { $0.formUnion(keys(of: $1.value)) }
    case let list as [Any]: list.reduce(into: []) { $0.formUnion(keys(of: $1)) }
    default: []
    }
  }

  /// Words between back quotes.
  private func documentedWords() throws -> Set<String> {
    let page = Vectors.formats.deletingLastPathComponent().appending(path: "Docs/JSON.md")
    let parts = try String(contentsOf: page, encoding: .utf8).split(
      separator: "`",
      omittingEmptySubsequences: false
    )
    return Set(parts.enumerated().filter { $0.offset % 2 == 1 }.map { String($0.element) })
  }

  @Test func `every command prints JSON, and every key of it stands in Docs/JSON.md`() throws {
    let place = try Place()
    try place.initialize()
    try place.fill("source", files: 4, bytes: 30_000, seed: 3)
    try place.write(Array("small".utf8), to: "source/small")
    try place.call("ln", "-s", "small", place.path("source/link"))
    let words = try documentedWords()
    let (source, copy, chosen) = (place.path("source"), place.path("copy"), place.path("chosen"))
    let commands: [[String]] = [
      ["backup", source], ["backup", "--dry-run", source], ["tag", "add", "kept", "latest"],
      ["backup", "-v", "--force", source], ["snapshots"], ["snapshots", "--group-by", "host"],
      ["ls", "latest"], ["find", "small"], ["history", source + "/small"],
      ["diff", "latest~1", "latest"], ["stats"], ["restore", "latest", "-t", place.path("out")],
      ["restore", "latest", "-v", "-t", place.path("out"), "--verify"], ["check", "--read-data"],
      ["key", "list"], ["key", "add", "--recovery"],
      ["key", "export", "--to", place.path("keys")], ["mirror", "push", "--init", copy],
      ["mirror", "status"], ["mirror", "status", "--connect"], ["mirror", "sync", copy],
      ["mirror", "push", "--init", chosen, "latest"], ["snapshots", "--repo", chosen],
      ["inspect", "config"], ["inspect", "packs"], ["inspect", "records"],
      ["inspect", "snapshot"],
    ]
    for command in commands { try requireJSON(command, in: place, words) }
    let pack = try JSON.text(
      try #require(try JSON.lines(try place.kist("inspect", "packs", "--json").output).first),
      "id"
    )
    try requireJSON(["inspect", "pack", pack], in: place, words)
    let object = try JSON.text(
      try #require(try JSON.lines(try place.kist("inspect", "pack", pack, "--json").output).first),
      "id"
    )
    try requireJSON(["inspect", "object", object], in: place, words)
    // Damage, and what becomes of it.
    try place.call("rm", place.path(try #require(try place.files(below: "repository/packs").first)))
    for command in [
      ["check"], ["restore", "latest", "-t", place.path("broken")], ["check", "--repair"],
      ["check", "--repair-from", copy], ["snapshots", "--repo", place.path("nowhere")],
    ] {
      try requireJSON(command, in: place, words, expecting: .anything)
    }
  }

  private enum Ending { case success, anything }

  private func requireJSON(
    _ command: [String],
    in place: Place,
    _ words: Set<String>,
    expecting ending: Ending = .success
  ) throws {
    let outcome = try place.start(command + ["--json"]).wait()
    if ending == .success { #expect(outcome.status == 0, "\(command): \(outcome)") }
    let lines = (outcome.output + outcome.errors).split(separator: "\n")
    #expect(!lines.isEmpty, "\(command)")
    for line in lines {
      let value = try #require(
        try? JSONSerialization.jsonObject(with: Data(line.utf8)),
        "\(command): \(line)"
      )
      let missing = keys(of: value).subtracting(words)
      #expect(missing.isEmpty, "\(command): \(missing.sorted())")
      if let object = value as? [String: Any], let type = object["message_type"] as? String {
        #expect(words.contains(type), "\(command): \(type)")
      }
    }
  }
}
