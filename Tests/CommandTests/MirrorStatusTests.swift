import Foundation
import Glibc
import Testing

/// `kist mirror status` and `--all`.
@Suite("Standing of mirrors")
struct MirrorStatusTests {
  private let place: Place

  init() throws {
    place = try Place()
    try place.write(
      Array(
        """
        [profiles.laptop]
        repository = "\(place.repository)"
        mirrors = ["\(place.path("one"))", "\(place.path("two"))"]
        [profiles.desk]
        repository = "\(place.repository)/"
        mirrors = ["\(place.path("two"))", "\(place.path("three"))"]
        [profiles.other]
        repository = "\(place.path("elsewhere"))"
        mirrors = ["\(place.path("four"))"]
        """.utf8
      ),
      to: ".config/kist/config.toml"
    )
    try place.call("chmod", "600", place.path(".config/kist/config.toml"))
    try place.initialize(key: .recovery)
    try backup(seed: 1)
  }

  private func backup(seed: UInt64) throws {
    try place.fill("source", files: 3, bytes: 3000, seed: seed)
    let made = try place.kist("backup", "--quiet", place.path("source"))
    try #require(made.status == 0, "\(made)")
  }

  /// The standings by last part of the destination, and the exit status.
  private func status(_ arguments: String...) throws -> (Int32, [String: [String: Any]]) {
    let outcome = try place.start(["mirror", "status", "--json"] + arguments).wait()
    var found: [String: [String: Any]] = [:]
    for line in try JSON.lines(outcome.output) {
      found[URL(fileURLWithPath: try JSON.text(line, "destination")).lastPathComponent] = line
    }
    return (outcome.status, found)
  }

  private func push(_ arguments: String...) throws -> Outcome {
    try place.start(["mirror", "push"] + arguments).wait()
  }

  @Test func `a mirror is never reached, current, behind, and current again`() throws {
    let (none, before) = try status()
    #expect(none == 24)
    #expect(before.keys.sorted() == ["one", "three", "two"])
    #expect(before.values.allSatisfy { $0["state"] as? String == "never reached" })
    try #require(try push("--init", place.path("one")).status == 0)
    let (alone, one) = try status(place.path("one"))
    #expect(alone == 0)
    #expect(one["one"]?["state"] as? String == "current", "\(one)")
    #expect(one["one"]?["last_success"] is String)
    try backup(seed: 2)
    try backup(seed: 3)
    let (behind, two) = try status(place.path("one"))
    let standing = try #require(two["one"])
    #expect(behind == 24)
    #expect(standing["state"] as? String == "behind")
    #expect(try JSON.number(standing, "snapshots_behind") == 2)
    #expect(try JSON.number(standing, "bytes_behind") > 6000)
    let shown = try place.kist("mirror", "status", place.path("one"))
    #expect(shown.output.contains("behind by 2 snapshots"), "\(shown)")
    try #require(try push("--all", "--init").status == 0)
    #expect(try status().0 == 0)
  }

  @Test func `--connect sees what another machine brought, and who is not there`() throws {
    try #require(try push("--all", "--init").status == 0)
    try backup(seed: 2)
    let other = ["KIST_STATE_DIR": place.path("state-2"), "KIST_CACHE_DIR": place.path("cache-2")]
    try #require(try place.kist("mirror", "push", place.path("one"), changing: other).status == 0)
    try #require(
      try place.kist("check", "--repo", place.path("two"), "-q", "--read-data").status == 0
    )
    try place.call("rm", "-rf", place.path("three"))
    #expect(try status(place.path("one")).1["one"]?["state"] as? String == "behind")
    let (code, all) = try status("--connect")
    #expect(code == 24)
    #expect(all["one"]?["state"] as? String == "current")
    #expect(all["two"]?["state"] as? String == "behind")
    #expect(all["two"]?["verified_extent"] as? String == "all data")
    #expect(all["three"]?["state"] as? String == "unreachable")
    #expect(all["three"]?["reachable"] as? Bool == false)
    #expect((all["three"]?["obstacle"] as? String)?.contains("no repository") ?? false)
  }

  @Test func `a check over there is told by the mirror, and damage by this machine`() throws {
    let serve =
      "pipe:KIST_STATE_DIR='\(place.path("state-2"))' KIST_CACHE_DIR='\(place.path("c2"))'"
      + " '\(Programs.kist)' serve --stdio --repo '\(place.path("one"))'"
    let other = ["KIST_STATE_DIR": place.path("state-2"), "KIST_CACHE_DIR": place.path("c2")]
    try #require(try push("--init", serve).status == 0)
    try #require(
      try place.kist(
        "check",
        "--repo",
        place.path("one"),
        "--without-key",
        "--read-data",
        changing: other
      ).status == 0
    )
    let outcome = try place.kist("mirror", "status", "--json", "--connect", serve)
    let standing = try #require(try JSON.lines(outcome.output).first)
    #expect(outcome.status == 0, "\(outcome)")
    #expect(standing["verified_by"] as? String == "mirror")
    #expect(standing["verified_extent"] as? String == "all data")
    // One byte of a pack.
    let pack = try #require(try place.files(below: "one/packs").first)
    var bytes = try place.bytes(pack)
    bytes[bytes.count / 2] ^= 1
    try place.call("chmod", "u+w", place.path(pack))
    try place.write(bytes, to: pack)
    #expect(
      try place.kist("check", "--repo", place.path("one"), "--read-data").status == 20
    )
    let damaged = try place.kist("mirror", "status", "--json", serve)
    #expect(damaged.status == 24)
    #expect(try JSON.lines(damaged.output).first?["state"] as? String == "damaged")
    let healed = try place.kist(
      "check",
      "--repo",
      place.path("one"),
      "--read-data",
      "--repair-from",
      place.repository
    )
    #expect(healed.status == 0, "\(healed)")
    #expect(try place.kist("mirror", "status", serve).status == 0)
  }

  @Test func `a store under several names is told once`() throws {
    try #require(try push("--init", place.path("one")).status == 0)
    try place.call("ln", "-s", place.path("one"), place.path("link"))
    try #require(try push(place.path("link")).status == 0)
    let shown = try place.kist("mirror", "status", place.path("one"), place.path("link"))
    #expect(shown.status == 0, "\(shown)")
    let rows = shown.output.split(separator: "\n").filter { $0.contains("  current") }
    #expect(rows.count == 1 && rows[0].hasPrefix(place.path("one")), "\(shown)")
    #expect(
      shown.output.contains(
        "\(place.path("one")): the same copy is reached as \(place.path("link"))\n"
      ),
      "\(shown)"
    )
    // What came under the second name is known of the first.
    try backup(seed: 2)
    try #require(try push(place.path("link")).status == 0)
    let (code, found) = try status(place.path("one"), place.path("link"))
    #expect(code == 0 && found["one"]?["state"] as? String == "current", "\(found)")
    #expect(found["link"]?["same_as"] as? String == place.path("one"))
    // And what came under the first is known of the second: it has no state of its own.
    try backup(seed: 3)
    try #require(try push(place.path("one")).status == 0)
    let (again, told) = try status(place.path("one"), place.path("link"))
    #expect(again == 0 && told["link"]?["state"] as? String == "current", "\(told)")
    #expect(told["link"]?["snapshots_behind"] as? Int == 0, "\(told)")
  }

  @Test func `another repository in a mirror's place answers, and is none`() throws {
    try #require(try push("--init", place.path("one")).status == 0)
    try place.call("rm", "-rf", place.path("one"))
    try #require(try place.kist("init", "-q", "--repo", place.path("one")).status == 0)
    let (code, found) = try status("--connect", place.path("one"))
    #expect(code == 24)
    #expect(found["one"]?["state"] as? String == "another repository", "\(found)")
    #expect(found["one"]?["reachable"] as? Bool == true)
    let shown = try place.kist("mirror", "status", "--connect", place.path("one"))
    #expect(shown.output.contains("holds another repository"), "\(shown)")
    #expect(!shown.output.contains("not reachable"), "\(shown)")
  }

  @Test func `a run that was stopped is told, and a wish that cannot be is no failure`() throws {
    let stopped = try place.start([
      "mirror", "push", "--init", "--limit-upload", "1K", place.path("one"),
    ])
    while stopped.isRunning, !FileManager.default.fileExists(atPath: place.path("one/kist")) {
      Pause.seconds(0.01)
    }
    Pause.seconds(0.3)
    stopped.send(SIGINT)
    #expect(try stopped.wait().status == 130)
    let (code, found) = try status(place.path("one"))
    #expect(code == 24 && found["one"]?["state"] as? String == "stopped", "\(found)")
    let shown = try place.kist("mirror", "status", place.path("one"))
    #expect(shown.output.contains("was stopped") && !shown.output.contains("failed"), "\(shown)")
    #expect(try push("--init", place.path("one")).status == 0)
    #expect(try status(place.path("one")).0 == 0)
    let wish = try push(place.path("one"), "--latest", "1")
    #expect(wish.status == 22, "\(wish)")
    #expect(try status(place.path("one")).1["one"]?["last_failure"] is NSNull)
  }

  @Test func `a snapshot's name is not taken for a place`() throws {
    for arguments in [
      ["-P", "laptop", "mirror", "push", "latest"], ["mirror", "sync", "latest~1"],
    ] {
      let refused = try place.start(arguments).wait()
      #expect(refused.status == 2 && refused.errors.contains("DESTINATION latest"), "\(refused)")
    }
    let serve = "'\(Programs.kist)' serve --stdio --repo '\(place.path("far"))'"
    let chosen = try push("--init", "--via", serve, "latest")
    #expect(chosen.status == 0 && chosen.output.contains("chosen: 1 snapshot"), "\(chosen)")
    try place.call("mkdir", place.path("latest"))
    let line = "cd '\(place.root)' && '\(Programs.kist)' mirror push --init latest"
    #expect(try place.run(["/bin/sh", "-c", line]).status == 0)
  }

  @Test func `a run that failed is remembered until one goes well`() throws {
    try #require(try push("--init", place.path("one")).status == 0)
    try place.call("mv", place.path("one"), place.path("away"))
    #expect(try push(place.path("one")).status == 10)
    let (code, found) = try status(place.path("one"))
    #expect(code == 24)
    #expect(found["one"]?["state"] as? String == "failed")
    #expect((found["one"]?["last_failure"] as? String)?.contains("no repository") ?? false)
    try place.call("mv", place.path("away"), place.path("one"))
    #expect(try push(place.path("one")).status == 0)
    #expect(try status(place.path("one")).0 == 0)
    // A destination that was mistyped is not remembered.
    #expect(try push(place.path("on")).status == 10)
    #expect(try status().1["on"] == nil)
  }

  @Test func `a mirror is forgotten when asked, and a damaged note stops nothing`() throws {
    try #require(try push("--init", place.path("five")).status == 0)
    #expect(try status().1["five"] != nil)
    let notes = try place.files(below: "state").filter { $0.contains("/mirrors/") }
    try place.write([1, 2, 3], to: try #require(notes.first))
    let damaged = try place.kist("mirror", "status")
    #expect(damaged.status == 24)
    #expect(damaged.errors.contains("cannot be read"), "\(damaged)")
    try #require(try push(place.path("five")).status == 0)
    #expect(try status(place.path("five")).0 == 0)
    #expect(
      try place.kist("mirror", "status", "--forget", place.path("five")).status == 0
    )
    #expect(try status().1["five"] == nil)
    #expect(
      try place.kist("mirror", "status", "--forget", place.path("five")).status == 1
    )
  }

  @Test func `whatever stands in the place of a note counts as none`() throws {
    try #require(try push("--init", place.path("one")).status == 0)
    let note = place.path(
      try #require(try place.files(below: "state").first { $0.contains("/mirrors/") })
    )
    for maker in [["mkdir"], ["ln", "-s", "/nowhere"], ["mkfifo"], ["truncate", "-s", "2M"]] {
      try place.call("rm", "-rf", note)
      let made = try place.run(maker + [note])
      try #require(made.status == 0, "\(made)")
      let outcome = try place.kist("mirror", "status", place.path("one"))
      #expect(outcome.status == 24 && outcome.output.contains("  unknown  "), "\(outcome)")
      #expect(outcome.errors.contains("cannot be read"), "\(outcome)")
      let all = try place.kist("mirror", "status")
      #expect(all.status == 24 && all.errors.contains("cannot be read"), "\(maker): \(all)")
    }
    // A run that cannot note what came of it is done all the same.
    try place.call("rm", "-f", note)
    try place.call("mkdir", note)
    let pushed = try push(place.path("one"))
    #expect(pushed.status == 0 && pushed.errors.contains("cannot be noted"), "\(pushed)")
  }

  @Test func `a failure is told with the address as it was typed, and stays in the status`() throws
  {
    try place.write(Array("#!/bin/sh\necho 'no route to nas' >&2\nexit 255\n".utf8), to: "bin/ssh")
    try place.call("chmod", "755", place.path("bin/ssh"))
    let address = "ssh://ann@nas:2222/srv/x"
    try place.write(
      Array(
        "[profiles.far]\nrepository = \"\(place.repository)\"\nmirrors = [\"\(address)\"]\n".utf8
      ),
      to: "far.toml"
    )
    try place.call("chmod", "600", place.path("far.toml"))
    let far = [
      "PATH": place.path("bin") + ":/usr/bin:/bin", "KIST_CONFIG": place.path("far.toml"),
      "KIST_PROFILE": "far",
    ]
    let failed = try place.kist("mirror", "push", changing: far)
    #expect(failed.status == 1, "\(failed)")
    #expect(failed.errors.contains("no route to nas\n"), "\(failed)")
    #expect(failed.errors.contains("connects to \(address) ended with status 255"), "\(failed)")
    #expect(failed.errors.contains("stands above"), "\(failed)")
    let status = try place.kist("mirror", "status", changing: far)
    #expect(status.status == 24, "\(status)")
    #expect(status.output.contains("failed: the command that connects to \(address)"), "\(status)")
  }

  @Test func `one mirror of one is counted as people do`() throws {
    let alone = try place.kist("-P", "other", "--repo", place.repository, "mirror", "push", "--all")
    #expect(alone.output.hasSuffix("no mirror done\n"), "\(alone)")
    let made = try place.kist(
      "-P",
      "other",
      "--repo",
      place.repository,
      "mirror",
      "push",
      "--all",
      "--init"
    )
    #expect(made.output.hasSuffix("\n1 mirror done\n"), "\(made)")
  }

  @Test func `--all goes on after a failure, names each, and ends with the highest status`() throws
  {
    try #require(try push("--init", place.path("two")).status == 0)
    try place.write([1], to: "three/file")
    try backup(seed: 2)
    let outcome = try push("--all", "--json")
    #expect(outcome.status == 10, "\(outcome)")
    let round = try #require(
      try JSON.lines(outcome.output).last { $0["message_type"] as? String == "mirrors" }
    )
    let mirrors = try #require(round["mirrors"] as? [[String: Any]])
    #expect(try mirrors.map { try JSON.number($0, "status") }.sorted() == [0, 10, 10])
    let named = try place.kist("-P", "laptop", "mirror", "sync", "--all")
    #expect(named.status == 10)
    #expect(named.output.contains("1 of 2 mirrors done"), "\(named)")
    #expect(named.errors.contains("there is no repository"), "\(named)")
    let made = try place.kist("-P", "laptop", "mirror", "sync", "--all", "--init")
    #expect(made.status == 0, "\(made)")
    for mistake in [["--all", place.path("two")], ["--all", "--via", "true"]] {
      #expect(try place.start(["mirror", "push"] + mistake).wait().status == 2)
    }
    let strange = try place.kist("mirror", "push", "--all", "--repo", place.path("two"))
    #expect(strange.status == 2, "\(strange)")
    #expect(strange.errors.contains("no profile names a mirror"))
  }
}
