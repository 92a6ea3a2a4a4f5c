import Foundation
import Testing

/// Mirrors of chosen snapshots, as a person makes and uses them.
@Suite("Mirrors of chosen snapshots, by command")
struct ChoiceTests {
  private let place: Place
  private let mirror: String
  /// Snapshots of three folders; the second has the tag `keep`.
  private let ids: [String]

  init() throws {
    place = try Place()
    mirror = place.path("mirror")
    try place.initialize(key: .recovery)
    for number in 0..<3 {
      try place.fill("folder-\(number)", files: 12, bytes: 30_000, seed: 31 + UInt64(number))
      let tags = number == 1 ? ["--tag", "keep"] : []
      let made = try place.start(["backup", "--quiet"] + tags + [place.path("folder-\(number)")])
        .wait()
      try #require(made.status == 0, "\(made)")
    }
    ids = try place.snapshotIDs()
    try #require(ids.count == 3)
  }

  /// Pushes to the mirror; the summary.
  @discardableResult
  private func push(_ arguments: String...) throws -> [String: Any] {
    let outcome = try place.start(["mirror", "push", "--json", mirror] + arguments).wait()
    try #require(outcome.status == 0, "\(outcome)")
    return try JSON.summary(outcome.output)
  }

  private func objects(_ summary: [String: Any]) throws -> Int {
    try JSON.number(try #require(summary["sent"] as? [String: Any]), "objects")
  }

  private func check(_ arguments: String...) throws -> [String: Any] {
    let outcome = try place.start(["check", "--repo", mirror, "--json"] + arguments).wait()
    #expect(outcome.status == 0, "\(outcome)")
    return try JSON.summary(outcome.output)
  }

  /// Runs a command at the mirror.
  private func there(_ arguments: String...) throws -> Outcome {
    try place.start(arguments + ["--repo", mirror]).wait()
  }

  @Test func `of two first pushes at once, one of them of everything, the copy becomes whole`()
    throws
  {
    // About a megabyte: the push of everything is still at it when the other one makes the copy.
    let slow = try place.start(
      ["mirror", "push", "--init", "--limit-upload", "300K", mirror, "--json"]
    )
    Pause.seconds(1)
    let quick = try place.kist("mirror", "push", "--init", "--tag", "keep", mirror)
    #expect(quick.status == 0, "\(quick)")
    try #require(slow.isRunning)
    let ended = try slow.wait()
    #expect(ended.status == 0, "\(ended)")
    let found = try check("--read-data")
    #expect(try JSON.number(found, "snapshots") == 3)
    #expect(try JSON.number(found, "snapshots_left_out") == 0)
    #expect(!FileManager.default.fileExists(atPath: mirror + "/selection"))
  }

  @Test
  func `a selection that lists too little is not called mended, and a push of everything mends it`()
    throws
  {
    try push("--init", "--tag", "keep")
    // What whoever may append could bring: all snapshots, and no list of what they need. CBOR, and its hash.
    let lie = """
      import hashlib, os, struct, sys
      mirror, ids = sys.argv[1], sorted(bytes.fromhex(i) for i in sys.argv[2:])
      data = b"\\xa2\\x01\\x58" + bytes([32 * len(ids)]) + b"".join(ids) + b"\\x02\\x40"
      mark = hashlib.blake2b(data, digest_size=32, person=b"").digest()
      os.chmod(mirror + "/selection", 0o600)
      open(mirror + "/selection", "wb").write(data + mark)
      """
    try place.call("python3", "-c", lie, mirror, ids[0], ids[1], ids[2])
    let told = try there("check", "--read-data", "--repair-from", place.repository)
    #expect(told.status == 20, "\(told)")
    #expect(!told.output.contains("whole again"), "\(told)")
    try push()
    #expect(try JSON.number(try check("--read-data"), "snapshots") == 3)
  }

  @Test func `a damaged list goes when the copy becomes whole`() throws {
    try push("--init", "--tag", "keep")
    for list in try place.files(below: "mirror/manifests") {
      try place.call("chmod", "u+w", place.path(list))
      var bytes = try place.bytes(list)
      bytes[bytes.count / 2] ^= 1
      try place.write(bytes, to: list)
    }
    #expect(try there("check").status == 20)
    try push()
    #expect(try JSON.number(try check("--read-data"), "snapshots") == 3)
  }

  @Test func `a snapshot that has a tag is pushed, restored, and found in order`() throws {
    let dry = try push("--init", "--dry-run", "--tag", "keep")
    #expect(!FileManager.default.fileExists(atPath: mirror))
    let sent = try push("--init", "--tag", "keep")
    #expect(try objects(sent) == objects(dry) && objects(sent) > 0)
    let again = try push("--tag", "keep")
    #expect(try objects(again) == 0)
    #expect(try JSON.number(again, "snapshots_chosen") == 1)
    for arguments in [["--read-data"], ["--without-key", "--read-data"]] {
      let outcome = try place.start(["check", "--repo", mirror, "--json"] + arguments).wait()
      #expect(outcome.status == 0, "\(outcome)")
      let summary = try JSON.summary(outcome.output)
      #expect(try JSON.number(summary, "snapshots") == 1)
      #expect(try JSON.number(summary, "snapshots_left_out") == 2)
    }
    let restored = try there("restore", ids[1], "--target", place.path("out"))
    #expect(restored.status == 0, "\(restored)")
    try place.requireEqual("folder-1", "out")
    let size = try place.run(["du", "-s", "--apparent-size", "-B1", mirror + "/packs"])
    let whole = try place.run(["du", "-s", "--apparent-size", "-B1", place.repository + "/packs"])
    let bytes = try [size, whole].map { try #require(Int($0.output.prefix { $0.isNumber })) }
    #expect(bytes[0] < bytes[1] * 7 / 10)
  }

  @Test func `what was left out is named, with where to look`() throws {
    try push("--init", ids[1])
    for arguments in [
      ["restore", ids[0], "--target", place.path("out")], ["ls", ids[0]],
      ["dump", ids[0] + ":part-0/file-0"], ["diff", ids[0], ids[1]],
      ["find", "file-0", "--snapshot", ids[0]],
      ["stats", ids[0]], ["mirror", "push", "--init", place.path("next"), ids[0]],
    ] {
      let outcome = try place.start(arguments + ["--repo", mirror]).wait()
      #expect(outcome.status == 22, "\(arguments): \(outcome)")
      #expect(outcome.errors.contains("by choice"), "\(arguments): \(outcome)")
    }
    #expect(!FileManager.default.fileExists(atPath: place.path("out")))
    // The newest is the newest of the repository, here too.
    #expect(try there("ls", "latest").status == 22)
    #expect(try there("ls", "latest~1").status == 0)
    let listed = try there("snapshots", "--json")
    let held = try JSON.array(listed.output).map { try #require($0["held"] as? Bool) }
    #expect(held == [false, true, false])
    #expect(try there("snapshots").output.contains("left out"))
    #expect(!(try place.kist("snapshots", "--json")).output.contains("held"))
    for arguments in [["find", "file-3"], ["stats"]] {
      let outcome = try place.start(arguments + ["--repo", mirror]).wait()
      #expect(outcome.status == 0, "\(arguments): \(outcome)")
      #expect(outcome.errors.contains("left out"), "\(arguments): \(outcome)")
    }
  }

  @Test func `nothing is written to it but by a mirror run`() throws {
    try push("--init", "--tag", "keep")
    let files = try place.files(below: "mirror")
    for arguments in [["backup", place.path("folder-0")], ["tag", "add", "new", ids[1]]] {
      let outcome = try place.start(arguments + ["--repo", mirror]).wait()
      #expect(outcome.status == 22, "\(outcome)")
      #expect(outcome.errors.contains("mirror push"), "\(outcome)")
    }
    #expect(try place.files(below: "mirror") == files)
  }

  @Test func `it grows by another choice, and becomes whole without one`() throws {
    try push("--init", "--tag", "keep")
    try push(ids[0])
    #expect(try JSON.number(try check(), "snapshots_left_out") == 1)
    #expect(try there("restore", ids[0], "--target", place.path("out")).status == 0)
    try place.requireEqual("folder-0", "out")
    let whole = try place.kist("mirror", "push", mirror)
    #expect(whole.status == 0 && whole.errors.contains("whole now"), "\(whole)")
    #expect(try JSON.number(try check("--read-data"), "snapshots_left_out") == 0)
    #expect(!FileManager.default.fileExists(atPath: mirror + "/selection"))
    #expect(try place.bytes("mirror/store").starts(with: Array("kist store 1\n".utf8)))
    let refused = try place.kist("mirror", "push", mirror, "--tag", "keep")
    #expect(refused.status == 22, "\(refused)")
    #expect(refused.errors.contains("whole"), "\(refused)")
    try place.fill("folder-4", files: 1, bytes: 100, seed: 4)
    let backup = try there("backup", "--quiet", place.path("folder-4"))
    #expect(backup.status == 0, "\(backup)")
  }

  @Test func `a mirror of it leaves out the same, and no key is needed for that`() throws {
    try push("--init", "--latest", "1", "--tag", "keep")
    let next = place.path("next")
    let pushed = try place.start(
      ["mirror", "push", "--init", "--repo", mirror, next],
      changing: ["KIST_PASSWORD": "wrong"]
    ).wait()
    #expect(pushed.status == 0, "\(pushed)")
    let checked = try place.kist("check", "--repo", next, "--read-data", "--json")
    #expect(checked.status == 0, "\(checked)")
    #expect(try JSON.number(try JSON.summary(checked.output), "snapshots_left_out") == 2)
    let restored = try place.kist("restore", "--repo", next, ids[1], "--target", place.path("out"))
    #expect(restored.status == 0, "\(restored)")
    try place.requireEqual("folder-1", "out")
  }

  @Test func `a damaged selection asks for everything and names what is not there`() throws {
    try push("--init", "--tag", "keep")
    var file = try place.bytes("mirror/selection")
    file[file.count / 2] ^= 1
    try place.write(file, to: "mirror/selection")
    for arguments in [[], ["--without-key"]] {
      let outcome = try place.start(["check", "--repo", mirror] + arguments).wait()
      #expect(outcome.status == 20, "\(outcome)")
      #expect(outcome.errors.contains("`selection`"), "\(outcome)")
      #expect(outcome.errors.contains("missing"), "\(outcome)")
    }
    #expect(try there("backup", place.path("folder-0")).status == 22)
    #expect(try place.kist("mirror", "push", mirror, "--tag", "keep").status == 22)
    let restored = try there("restore", ids[1], "--target", place.path("out"))
    #expect(restored.status == 0, "\(restored)")
    #expect(try place.kist("mirror", "push", mirror).status == 0)
    try place.requireClean("--repo", mirror)
  }

  @Test func `from afar it says the same`() throws {
    try push("--init", "--tag", "keep")
    let serve =
      "pipe:KIST_CACHE_DIR='\(place.path("there"))' exec '\(Programs.kist)' serve --stdio"
      + " --repo '\(mirror)'"
    func far(_ arguments: String...) throws -> Outcome {
      try place.start(arguments + ["--repo", serve]).wait()
    }
    let checked = try far("check", "--json")
    #expect(checked.status == 0, "\(checked)")
    #expect(try JSON.number(try JSON.summary(checked.output), "snapshots_left_out") == 2)
    #expect(try far("ls", ids[0]).status == 22)
    #expect(try far("restore", ids[1], "--target", place.path("out")).status == 0)
    try place.requireEqual("folder-1", "out")
    let backup = try far("backup", place.path("folder-0"))
    #expect(backup.status == 22, "\(backup)")
  }

  @Test func `a choice that cannot be meant is refused with its reason`() throws {
    let pulled = try place.kist("mirror", "pull", mirror, "--tag", "keep")
    #expect(pulled.status == 2, "\(pulled)")
    #expect(pulled.errors.contains("mirror push"), "\(pulled)")
    let nobody = try place.kist("mirror", "push", "--init", mirror, "--tag", "nothing")
    #expect(nobody.status == 1 && nobody.errors.contains("no snapshots"), "\(nobody)")
    let all = try place.kist("mirror", "push", "--all", "--tag", "keep")
    #expect(all.status == 2, "\(all)")
    #expect(!FileManager.default.fileExists(atPath: mirror))
  }

  @Test func `its status counts what it promised, and says that it is partial`() throws {
    try push("--init", "--tag", "keep")
    try place.fill("folder-5", files: 2, bytes: 9000, seed: 5)
    #expect(try place.kist("backup", "--quiet", place.path("folder-5")).status == 0)
    let status = try place.kist("mirror", "status")
    #expect(status.status == 0, "\(status)")
    #expect(status.output.contains("current") && status.output.contains("chosen snapshots only"))
    #expect(try place.kist("tag", "add", "more", ids[1]).status == 0)
    #expect(try place.kist("mirror", "status").status == 24)
    try push("--tag", "keep")
    #expect(try place.kist("mirror", "status", "--connect").status == 0)
  }
}
