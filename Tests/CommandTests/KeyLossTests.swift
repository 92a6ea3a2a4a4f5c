import Foundation
import Testing

@Suite("Lost and damaged keys", .serialized)
struct KeyLossTests {
  private let place: Place

  /// A repository with a password and a recovery key, a snapshot, and a copy.
  init() throws {
    place = try Place()
    try place.initialize(key: .recovery)
    try place.write([1, 2, 3], to: "source/file")
    let saved = try place.kist("backup", "-q", place.path("source"))
    try #require(saved.status == 0, "\(saved)")
    let pushed = try place.kist("mirror", "push", "--init", "-q", copy)
    try #require(pushed.status == 0, "\(pushed)")
  }

  private var copy: String { place.path("copy") }

  /// The options that open it by the recovery key.
  private var recovery: [String] {
    ["--recovery-key", "--password-file", place.path("recovery-key")]
  }

  private func kist(_ arguments: [String], password: String = "correct horse") throws -> Outcome {
    // With `-r` the recovery key is not put in by the place.
    try place.start(
      arguments + ["-r", place.repository],
      changing: ["KIST_PASSWORD": password]
    ).wait()
  }

  /// The files of the slots that are for a password, or for a recovery key.
  private func slots(_ kind: String) throws -> [String] {
    let listed = try kist(["key", "list", "--json"] + recovery)
    return try JSON.array(listed.output).filter { try JSON.text($0, "kind").hasPrefix(kind) }
      .map { "repository/slots/" + (try JSON.text($0, "id")) }
  }

  private func damage(_ files: [String]) throws {
    for file in files {
      var bytes = try place.bytes(file)
      bytes[bytes.count / 2] ^= 1
      try place.call("chmod", "u+w", place.path(file))
      try place.write(bytes, to: file)
    }
  }

  @Test(arguments: ["here", "over a line"])
  func `the right password is not called wrong where its slot is damaged`(way: String) throws {
    try damage(try slots("password"))
    var line = ["snapshots"]
    if way != "here" {
      line += ["-r", "pipe:'\(Programs.kist)' serve --stdio --repo '\(place.repository)'"]
    } else {
      line += ["-r", place.repository]
    }
    let refused = try place.start(line).wait()
    #expect(refused.status == 20, "\(refused)")
    #expect(
      refused.errors.contains("1 of 2 key slots is damaged and could not be tried"),
      "\(refused)"
    )
    #expect(!refused.errors.contains("wrong password"), "\(refused)")
    for advice in ["--recovery-key", "kist check --repair-from COPY", "kist key list"] {
      #expect(refused.errors.contains(advice), "\(refused)")
    }
    #expect(try place.start(line + recovery).wait().status == 0)
    guard way == "here" else { return }
    let listed = try kist(["key", "list"] + recovery)
    #expect(listed.status == 0 && listed.output.contains("damaged"), "\(listed)")
    let healed = try kist(["check", "--repair-from", copy])
    #expect(healed.status == 0, "\(healed)")
    #expect(try place.start(line).wait().status == 0)
  }

  @Test func `a damaged recovery slot may be that of the recovery key that was given`() throws {
    try damage(try slots("recovery key"))
    let refused = try kist(["snapshots"] + recovery)
    #expect(refused.status == 20, "\(refused)")
    #expect(refused.errors.contains("The recovery key may be right"), "\(refused)")
    #expect(refused.errors.contains("leave --recovery-key out"), "\(refused)")
    #expect(try kist(["snapshots"]).status == 0)
  }

  @Test func `who gives a wrong password is told of the recovery key, or that there is none`()
    throws
  {
    let wrong = try kist(["snapshots"], password: "wrong")
    #expect(wrong.status == 12, "\(wrong)")
    #expect(wrong.errors.contains("it opens none of 2 key slots"), "\(wrong)")
    #expect(wrong.errors.contains("if you have kept it: --recovery-key"), "\(wrong)")
    #expect(!wrong.errors.contains("nobody can read"), "\(wrong)")
    for slot in try slots("recovery key") { try place.call("rm", place.path(slot)) }
    let last = try kist(["snapshots"], password: "wrong")
    #expect(last.status == 12, "\(last)")
    #expect(last.errors.contains("does not open the only key slot"), "\(last)")
    #expect(last.errors.contains("Without the password nobody can read"), "\(last)")
    #expect(!last.errors.contains("--recovery-key"), "\(last)")
    let none = try kist(["snapshots"] + recovery)
    #expect(none.status == 12, "\(none)")
    #expect(none.errors.contains("no recovery key opens this repository"), "\(none)")
    for page in [["--help"], ["help", "key"]] {
      #expect(try place.start(page).wait().output.contains("--recovery-key"))
    }
  }
}
