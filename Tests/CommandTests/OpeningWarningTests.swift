import Foundation
import TestSupport
import Testing

/// What is said of packs and records that cannot be read, before a command does its work.
@Suite("Warnings at opening")
struct OpeningWarningTests {
  private let place: Place

  init() throws {
    place = try Place()
    try place.initialize(key: .recovery)
    try backup(seed: 1)
  }

  private func backup(seed: UInt64) throws {
    try place.fill("source", files: 3, bytes: 3000, seed: seed)
    let made = try place.kist("backup", "--quiet", place.path("source"))
    try #require(made.status == 0, "\(made)")
  }

  /// Files that have a pack's name and are none.
  private func addJunk(count: Int) throws {
    var random = SplitMix64(seed: 5)
    for _ in 0..<count {
      let name = random.bytes(32).map { byte in
        let digits = String(byte, radix: 16)
        return digits.count == 1 ? "0" + digits : digits
      }.joined()
      try place.write(random.bytes(200), to: "repository/packs/\(name.prefix(2))/\(name)")
    }
  }

  private func lines(_ text: String, with part: String) -> Int {
    text.split(separator: "\n").count { $0.contains(part) }
  }

  @Test func `of many damaged packs ten are named and the rest counted, and check names all`()
    throws
  {
    try addJunk(count: 25)
    for arguments in [
      ["backup", place.path("source")], ["snapshots"],
      ["mirror", "push", "--init", place.path("one")],
    ] {
      let outcome = try place.start(arguments).wait()
      #expect(outcome.status == 0, "\(outcome)")
      #expect(lines(outcome.errors, with: "warning: pack ") == 10, "\(outcome)")
      #expect(
        outcome.errors.contains("… and 15 more findings in packs; `kist check`"),
        "\(outcome)"
      )
    }
    let json = try place.kist("backup", "--json", place.path("source"))
    let warnings = try JSON.lines(json.errors).filter { $0["message_type"] as? String == "warning" }
    #expect(json.status == 0 && warnings.count == 11, "\(json)")
    let checked = try place.kist("check")
    #expect(checked.status == 20 && lines(checked.errors, with: "pack ") == 25, "\(checked)")
    #expect(!checked.errors.contains("warning: "), "each once: \(checked)")
    let all = try place.kist("check", "--json")
    let found = try JSON.lines(all.errors).filter { $0["message_type"] as? String == "error" }
    #expect(all.status == 20 && found.count == 25, "\(all)")
  }

  @Test func `ten are named without a count`() throws {
    try addJunk(count: 10)
    let outcome = try place.kist("snapshots")
    #expect(lines(outcome.errors, with: "warning: pack ") == 10, "\(outcome)")
    #expect(!outcome.errors.contains("…"), "\(outcome)")
  }

  @Test func `a push from where a record cannot be read brings the rest, and says what to do`()
    throws
  {
    try #require(try place.kist("mirror", "push", "--init", place.path("one")).status == 0)
    let before = Set(try place.files(below: "repository/records"))
    try backup(seed: 2)
    let record = try #require(
      try place.files(below: "repository/records").first { !before.contains($0) }
    )
    let whole = try place.bytes(record)
    try place.call("chmod", "u+w", place.path(record))
    try place.write(Array(whole.dropLast()), to: record)
    for arguments in [[], ["--json"], ["--dry-run"]] {
      let outcome = try place.start(["mirror", "push", place.path("one")] + arguments).wait()
      #expect(outcome.status == 20, "\(outcome)")
      #expect(outcome.errors.contains("was not sent to"), "\(outcome)")
      #expect(outcome.errors.contains("kist check --repair-from COPY"), "\(outcome)")
      #expect(outcome.errors.contains("back up the same files again"), "\(outcome)")
    }
    // What pulls does not send it.
    #expect(try place.kist("mirror", "pull", place.path("one")).status == 0)
    try place.write(whole, to: record)
    #expect(try place.kist("mirror", "push", place.path("one")).status == 0)
  }

  @Test func `a push that lacks an object names the ways to have it back`() throws {
    try #require(try place.kist("mirror", "push", "--init", place.path("one")).status == 0)
    let before = Set(try place.files(below: "repository/packs"))
    try backup(seed: 2)
    for pack in try place.files(below: "repository/packs") where !before.contains(pack) {
      try place.call("rm", "-f", place.path(pack))
    }
    for arguments in [[place.path("one")], ["--init", place.path("two"), "latest"]] {
      let outcome = try place.start(["mirror", "push"] + arguments).wait()
      #expect(outcome.status == 20, "\(outcome)")
      #expect(outcome.errors.contains("kist check"), "\(outcome)")
      #expect(outcome.errors.contains("--repair-from COPY"), "\(outcome)")
    }
  }

  @Test func `key slots that travel are told, in either direction`() throws {
    func serve(_ name: String) -> [String] {
      ["--via", "'\(Programs.kist)' serve --stdio --repo '\(place.path(name))'"]
    }
    let made = try place.start(["mirror", "push", "--init"] + serve("one")).wait()
    #expect(made.status == 0 && !made.output.contains("key slot"), "a new copy has all: \(made)")
    try place.write(Array("another".utf8), to: "other-password")
    let added = try place.kist(
      "key",
      "add",
      "--new-password-file",
      place.path("other-password")
    )
    try #require(added.status == 0, "\(added)")
    let sent = try place.start(["mirror", "push"] + serve("one")).wait()
    #expect(sent.status == 0 && sent.output.hasPrefix("sent: 1 key slot\n"), "\(sent)")
    let next = try place.start(["mirror", "push"] + serve("one")).wait()
    #expect(next.output.hasPrefix("nothing new\n"), "\(next)")
    let slot = try #require(try place.files(below: "one/slots").last)
    try place.call("rm", "-f", place.path(slot))
    let json = try place.start(["mirror", "push", "--json"] + serve("one")).wait()
    #expect(try JSON.number(JSON.summary(json.output), "slots_sent") == 1)
    #expect(try JSON.number(JSON.summary(json.output), "slots_received") == 0)
  }
}
