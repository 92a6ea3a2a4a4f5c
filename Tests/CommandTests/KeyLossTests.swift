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
    #expect(refused.errors.contains("the other is for a recovery key"), "\(refused)")
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

  /// What may be lost of that without which nothing opens, and what is said of it.
  enum Loss: String, CaseIterable, Sendable {
    case damagedConfiguration, noConfiguration, damagedSlots, noSlots, damagedKeyring, noKeyring

    var words: String {
      switch self {
      case .damagedConfiguration: "(file `kist`) is damaged"
      case .noConfiguration: "is gone"
      case .damagedSlots: "none of 2 key slots can be tried"
      case .noSlots: "no key slots"
      case .damagedKeyring, .noKeyring: "The password is right, but"
      }
    }
  }

  private func lose(_ loss: Loss) throws {
    switch loss {
    case .damagedConfiguration: try damage(["repository/kist"])
    case .noConfiguration: try place.call("rm", place.path("repository/kist"))
    case .damagedSlots: try damage(try place.files(below: "repository/slots"))
    case .noSlots: try place.call("sh", "-c", "rm '\(place.repository)'/slots/*")
    case .damagedKeyring: try damage(try place.files(below: "repository/keyring"))
    case .noKeyring: try place.call("sh", "-c", "rm '\(place.repository)'/keyring/*")
    }
  }

  @Test(arguments: Loss.allCases)
  func `what opens nothing any more is said plainly, with what may still help`(loss: Loss) throws {
    try lose(loss)
    for command in [["check"], ["snapshots"], ["backup", place.path("source")]] {
      let refused = try kist(command + recovery)
      #expect(refused.status == 20, "\(command): \(refused)")
      #expect(refused.errors.contains(loss.words) || command == ["check"], "\(refused)")
      let help = loss == .noSlots ? "kist mirror pull" : "kist check --repair-from COPY"
      for advice in [help, "kist key export", "nobody can read this repository", "kist init"] {
        #expect(refused.errors.contains(advice), "\(command): \(refused)")
      }
    }
    let healing =
      loss == .noSlots
      ? ["mirror", "pull", copy] : ["check", "--without-key", "--repair-from", copy]
    let healed = try kist(healing)
    #expect(healed.status == 0, "\(healed)")
    #expect(try kist(["check"] + recovery).status == 0)
  }

  @Test func `a configuration that was lost is damage over a line too, and with more that is lost`()
    throws
  {
    try lose(.noConfiguration)
    let serve = "pipe:'\(Programs.kist)' serve --stdio --repo '\(place.repository)'"
    let far = try place.start(["snapshots", "-r", serve] + recovery).wait()
    #expect(far.status == 20 && far.errors.contains("is gone"), "\(far)")
    try place.write([1], to: "repository/a-stranger")
    #expect(try kist(["snapshots"]).status == 20)
    try place.call("rm", place.path("repository/store"))
    #expect(try kist(["snapshots"]).status == 20)
    let healed = try kist(["check", "--repair-from", copy] + recovery)
    #expect(healed.status == 0, "\(healed)")
  }

  @Test(arguments: [Loss.damagedSlots, .noSlots, .damagedKeyring, .noKeyring])
  func `a check without the key says that nobody can open it, and not to back up again`(
    loss: Loss
  ) throws {
    try lose(loss)
    let checked = try kist(["check", "--without-key", "--read-data"])
    #expect(checked.status == 20, "\(checked)")
    #expect(checked.errors.contains("nobody can open this repository"), "\(checked)")
    #expect(!checked.errors.lowercased().contains("back up"), "\(checked)")
    #expect(!checked.output.contains("no errors"), "\(checked)")
    #expect(checked.errors.contains("kist key export"), "\(checked)")
    let json = try kist(["check", "--without-key", "--json"])
    #expect(json.status == 20, "\(json)")
    let said = try JSON.lines(json.errors).filter { $0["code"] as? Int == 20 }
    #expect(try said.count == 1 && JSON.text(said[0], "message").contains("nobody can open"))
  }

  @Test(arguments: [Loss.noSlots, .noKeyring])
  func `a push of what nobody can open goes through, and says so`(loss: Loss) throws {
    let before = try place.snapshotIDs()
    try lose(loss)
    let new = place.path("new")
    let pushed = try kist(["mirror", "push", "--init", new])
    #expect(pushed.status == 20, "\(pushed)")
    #expect(pushed.output.contains("sent: "), "\(pushed)")
    #expect(pushed.errors.contains("nobody can open this repository"), "\(pushed)")
    let again = try kist(["mirror", "push", "--json", new])
    #expect(again.status == 20, "\(again)")
    #expect(try JSON.number(try #require(try JSON.lines(again.errors).last), "code") == 20)
    // The data is whole there: with the keys it opens.
    let folder = loss == .noSlots ? "slots" : "keyring"
    try place.call("sh", "-c", "cp '\(copy)/\(folder)'/* '\(new)/\(folder)/'")
    let listed = try place.start(["snapshots", "--json", "-r", new] + recovery).wait()
    #expect(try JSON.array(listed.output).map { try JSON.text($0, "id") } == before)
    guard loss == .noSlots else { return }
    // Whoever leaves the slots at home knows that.
    let apart = try kist(["mirror", "push", "--init", "--no-keys", place.path("apart")])
    #expect(apart.status == 0, "\(apart)")
    let check = ["check", "--without-key", "--repo", place.path("apart")]
    #expect(try kist(check).status == 20)
    let meant = try kist(check + ["--no-keys"])
    #expect(meant.status == 0 && !meant.errors.contains("nobody can open"), "\(meant)")
  }

  @Test func `a check that finds a damaged slot says what helps against that`() throws {
    try damage(try slots("password"))
    let found = try kist(["check"] + recovery)
    #expect(found.status == 20, "\(found)")
    #expect(!found.errors.contains("Back up the same files"), "\(found)")
    for advice in ["--repair-from COPY", "kist key list", "kist key remove", "on paper"] {
      #expect(found.errors.contains(advice), "\(advice): \(found)")
    }
    let keyless = try kist(["check", "--without-key"])
    #expect(keyless.status == 20, "\(keyless)")
    #expect(keyless.errors.contains("kist key remove"), "\(keyless)")
    #expect(!keyless.errors.contains("nobody can open"), "\(keyless)")
    let pack = try #require(try place.files(below: "repository/packs").first)
    try damage([pack])
    let both = try kist(["check", "--read-data"] + recovery)
    #expect(both.errors.contains("Back up the same files again"), "\(both)")
    #expect(both.errors.contains("kist key remove"), "\(both)")
    // As it says, where there is no copy.
    let id = try #require(try slots("damaged").first).suffix(64)
    #expect(try kist(["key", "remove", String(id)] + recovery).status == 0)
    let after = try kist(["check"] + recovery)
    #expect(!after.errors.contains("kist key remove"), "\(after)")
  }

  @Test func `a damaged keyring entry beside a sound one is named with what helps`() throws {
    let entries = try place.files(below: "repository/keyring")
    // Another key of each kind, as after a rotation, would be there: here a copy under another name is damaged.
    let stray = "repository/keyring/" + String(repeating: "ab", count: 32)
    try place.call("cp", place.path(try #require(entries.first)), place.path(stray))
    let found = try kist(["check"] + recovery)
    #expect(found.status == 20, "\(found)")
    #expect(found.errors.contains("of a damaged keyring entry"), "\(found)")
    #expect(!found.errors.contains("Back up the same files"), "\(found)")
  }
}
