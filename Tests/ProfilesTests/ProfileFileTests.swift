import Profiles
import TestSupport
import Testing

@Suite("Profile file")
struct ProfileFileTests {
  private func file(_ text: String, home: String? = "/home/ann") throws -> ProfileFile {
    try ProfileFile(Array(text.utf8), home: home)
  }

  private func error(_ text: String) -> ProfileError? {
    do {
      _ = try file(text)
      return nil
    } catch {
      return error as? ProfileError
    }
  }

  @Test func `every key is read`() throws {
    let profile = try file(
      """
      # My machine
      [profiles.laptop]
      repository = "/mnt/disk/backup.kist"
      password-command = "secret-tool lookup kist laptop"
      paths = ["~", "/etc"]
      excludes = ["*.iso", "~/.cache", "!~/.cache/keep", "/tmp"]
      exclude-files = ["~/.config/kist/excludes"]
      exclude-if-present = [".nobackup"]
      exclude-larger-than = "4G"
      exclude-caches = true
      one-file-system = true
      tags = ["daily"]
      host = "ada"
      mirrors = ["ssh://nas/srv/kist", "~/second"]

      [profiles.laptop.retention]
      last = 3
      hourly = 24
      daily = 7
      weekly = 5
      monthly = 12
      yearly = 10
      within = "1y6m14d12h"
      tags = ["keep"]
      """
    ).profile("laptop")
    #expect(profile.repository == "/mnt/disk/backup.kist")
    #expect(profile.password == .command("secret-tool lookup kist laptop"))
    #expect(profile.paths == ["/home/ann", "/etc"])
    #expect(profile.excludes == ["*.iso", "/home/ann/.cache", "!/home/ann/.cache/keep", "/tmp"])
    #expect(profile.excludeFiles == ["/home/ann/.config/kist/excludes"])
    #expect(profile.excludeIfPresent == [".nobackup"])
    #expect(profile.excludeLargerThan == "4G")
    #expect(profile.excludesCaches)
    #expect(profile.oneFileSystem)
    #expect(profile.tags == ["daily"])
    #expect(profile.host == "ada")
    #expect(profile.mirrors == ["ssh://nas/srv/kist", "/home/ann/second"])
    let retention = try #require(profile.retention)
    #expect(retention.last == 3)
    #expect(retention.hourly == 24)
    #expect(retention.daily == 7)
    #expect(retention.weekly == 5)
    #expect(retention.monthly == 12)
    #expect(retention.yearly == 10)
    #expect(retention.tags == ["keep"])
    let within = try #require(retention.within)
    #expect([within.years, within.months, within.days, within.hours] == [1, 6, 14, 12])
  }

  @Test func `a password in the file is refused, wherever it stands`() {
    for key in ["password", "passphrase", "recovery-key", "recovery_key", "secret", "PASSWORD"] {
      #expect(error("\(key) = \"x\"") == .secret(key))
      #expect(error("[profiles.a]\n\(key) = \"x\"") == .secret("profiles.a.\(key)"))
      #expect(
        error("[profiles.a.retention]\n\(key) = 1") == .secret("profiles.a.retention.\(key)")
      )
    }
  }

  @Test func `an unknown key is named with those that are known`() throws {
    guard case .unknownKey(let key, let known) = error("[profiles.a]\npath = [\"/x\"]") else {
      Issue.record("not refused")
      return
    }
    #expect(key == "profiles.a.path")
    #expect(known.contains("paths"))
    #expect(error("profile = 1") == .unknownKey("profile", known: ["profiles"]))
    guard
      case .unknownKey("profiles.a.retention.keep-daily", _) =
        error("[profiles.a.retention]\nkeep-daily = 1")
    else {
      Issue.record("not refused")
      return
    }
  }

  @Test(arguments: [
    ("profiles = 1", "profiles", "a number"), ("[profiles]\na = \"x\"", "profiles.a", "a text"),
    ("[profiles.a]\nrepository = 1", "profiles.a.repository", "a number"),
    ("[profiles.a]\npaths = \"/x\"", "profiles.a.paths", "a text"),
    ("[profiles.a]\npaths = [\"/x\", 2]", "profiles.a.paths[1]", "a number"),
    ("[profiles.a]\ntags = [[]]", "profiles.a.tags[0]", "a list"),
    ("[profiles.a]\nhost = true", "profiles.a.host", "true"),
    ("[profiles.a]\nexclude-caches = \"yes\"", "profiles.a.exclude-caches", "a text"),
    ("[profiles.a]\nhost = 2020-01-01", "profiles.a.host", "a date"),
    ("[profiles.a]\nretention = 7", "profiles.a.retention", "a number"),
    ("[profiles.a.retention]\nlast = \"7\"", "profiles.a.retention.last", "a text"),
    ("[[profiles.a]]\nhost = \"x\"", "profiles.a", "a list"),
  ])
  func `a wrong type is named with its key`(_ text: String, _ key: String, _ found: String) {
    guard case .wrongType(key, _, found) = error(text) else {
      Issue.record("\(text) gives \(String(describing: error(text)))")
      return
    }
  }

  @Test(arguments: [
    ("[profiles.a]\npaths = [\"x\"]", "profiles.a.paths[0]"),
    ("[profiles.a]\npaths = [\"\"]", "profiles.a.paths[0]"),
    ("[profiles.a]\npaths = [\"~ann/x\"]", "profiles.a.paths[0]"),
    ("[profiles.a]\nrepository = \"backup\"", "profiles.a.repository"),
    ("[profiles.a]\npassword-file = \"pw\"", "profiles.a.password-file"),
    (
      "[profiles.a]\npassword-file = \"/pw\"\npassword-command = \"x\"", "profiles.a.password-file"
    ),
    ("[profiles.a.retention]\nlast = -1", "profiles.a.retention.last"),
    ("[profiles.a.retention]\nlast = 9223372036854775807", "profiles.a.retention.last"),
    ("[profiles.a.retention]\nlast = 0", "profiles.a.retention"),
    ("[profiles.a.retention]", "profiles.a.retention"),
    ("[profiles.a.retention]\nwithin = \"soon\"", "profiles.a.retention.within"),
    ("[profiles.\"\"]", "profiles."),
  ])
  func `a value that makes no sense is named with its key`(_ text: String, _ key: String) {
    guard case .badValue(key, _) = error(text) else {
      Issue.record("\(text) gives \(String(describing: error(text)))")
      return
    }
  }

  @Test func `what is not TOML is refused with its line`() {
    for (text, line) in [
      ("[profiles.a]\npaths = [\"/x\"\nhost = \"y\"", 3), ("a = 1\na = 2", 2), ("[profiles", 1),
    ] {
      guard case .syntax(line, _, _) = error(text) else {
        Issue.record("\(text) gives \(String(describing: error(text)))")
        continue
      }
    }
  }

  @Test func `zero characters and broken UTF-8 are refused`() {
    #expect(error("[profiles.\"a\\u0000b\"]\nhost = \"x\"") == .notText)
    #expect(error("[profiles.a]\nhost = \"x\\U00000000y\"") == .notText)
    #expect(error("[profiles.a]\nhost = \"x\u{0}y\"") == .notText)
    #expect(throws: ProfileError.notText) { try ProfileFile([0x61, 0xFF], home: nil) }
  }

  @Test func `nesting without end and great length end in an error`() {
    let deep = 20_000
    let limit = 64 << 10
    #expect(error("a = " + String(repeating: "[", count: deep)) != nil)
    #expect(error("a = " + String(repeating: "{a=", count: deep)) != nil)
    #expect(error("a" + String(repeating: ".a", count: deep) + " = 1") != nil)
    #expect(error("[a" + String(repeating: ".a", count: deep) + "]") != nil)
    #expect(error(String(repeating: "#", count: limit + 1)) == .tooLarge(limit: limit))
    #expect(error(String(repeating: "#", count: limit)) == nil)
  }

  @Test func `random and cut files are read or refused, and never trap`() throws {
    var random = SplitMix64(seed: TestSeed.make(for: "profile file"))
    let whole = Array("[profiles.a]\npaths = [\"/x\"] # é\n[profiles.a.retention]\nlast = 1\n".utf8)
    var refused = 0
    for length in 0...whole.count {
      do {
        _ = try ProfileFile(Array(whole.prefix(length)), home: nil)
      } catch {
        refused += 1
      }
    }
    for _ in 0..<2_000 {
      var bytes = whole
      bytes[Int(random.next() % UInt64(bytes.count))] = UInt8(truncatingIfNeeded: random.next())
      do {
        _ = try ProfileFile(bytes, home: nil)
      } catch {
        refused += 1
      }
    }
    #expect(refused > 500)
  }

  @Test func `a home that is not known is said, not guessed`() {
    #expect(
      throws: ProfileError.badValue(
        "profiles.a.paths[0]",
        reason: "~ stands for nothing: HOME is not set"
      )
    ) {
      try file("[profiles.a]\npaths = [\"~\"]", home: nil)
    }
  }

  @Test func `an unknown profile is answered with those that are there`() throws {
    let file = try file("[profiles.b]\n[profiles.a]\n")
    #expect(throws: ProfileError.unknownProfile("c", known: ["a", "b"])) { try file.profile("c") }
  }

  @Test(arguments: ["", "1", "d", "1d1d", "1w", "0d", "-1d", "1d2", "999999999999999999999d"])
  func `an age that is none is refused`(_ text: String) {
    #expect(Retention.Age(text) == nil)
  }
}
