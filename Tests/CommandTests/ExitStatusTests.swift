import Foundation
import Glibc
import Testing

@Suite("Exit status", .serialized)
struct ExitStatusTests {
  @Test func `no repository is 10, and says where it was looked for`() throws {
    let place = try Place()
    for command in [["snapshots"], ["check"], ["backup", place.root], ["ls", "latest"]] {
      let outcome = try place.start(command).wait()
      #expect(outcome.status == 10, "\(command): \(outcome)")
      #expect(outcome.errors.contains(place.repository))
      // A disk that is not mounted is likelier than one who wants another repository.
      let mount = try #require(outcome.errors.range(of: "that its disk is mounted"))
      let new = try #require(outcome.errors.range(of: "kist init"))
      #expect(mount.lowerBound < new.lowerBound, "\(outcome)")
    }
    let unnamed = try place.kist("snapshots", changing: ["KIST_REPOSITORY": ""])
    #expect(unnamed.status == 10, "\(unnamed)")
  }

  @Test func `a wrong password is 12, and nothing is written`() throws {
    let place = try Place()
    try place.initialize()
    let before = try place.files(below: "repository")
    let outcome = try place.kist("backup", place.root, changing: ["KIST_PASSWORD": "wrong"])
    #expect(outcome.status == 12, "\(outcome)")
    #expect(outcome.errors.contains("password"))
    #expect(try place.files(below: "repository") == before)
    let json = try place.kist("snapshots", "--json", changing: ["KIST_PASSWORD": "wrong"])
    let failure = try #require(try JSON.lines(json.errors).last)
    #expect(try JSON.text(failure, "message_type") == "exit_error")
    #expect(try JSON.number(failure, "code") == 12)
  }

  @Test func `init where a repository is fails with 1 and changes nothing`() throws {
    let place = try Place()
    try place.initialize()
    let before = try place.bytes("repository/kist")
    let outcome = try place.kist("init")
    #expect(outcome.status == 1, "\(outcome)")
    #expect(try place.bytes("repository/kist") == before)
    try place.write([1], to: "other/file")
    let full = try place.kist("init", "--repo", place.path("other"))
    #expect(full.status == 1, "\(full)")
    #expect(try place.files(below: "other") == ["other/file"])
  }

  @Test func `a command line that cannot be read is 2`() throws {
    let place = try Place()
    for command in [
      ["backup"], ["backup", "--jobs", "0", "x"], ["backup", "--jobs", "many", "x"], ["restore"],
      ["no-such-command"], ["snapshots", "--no-such-option"],
      ["backup", "--compression", "x", "y"],
    ] {
      let outcome = try place.start(command).wait()
      #expect(outcome.status == 2, "\(command): \(outcome)")
      #expect(!outcome.errors.isEmpty)
    }
    for command in [["--help"], ["--version"], ["help", "backup"]] {
      #expect(try place.start(command).wait().status == 0, "\(command)")
    }
  }

  @Test func `an unreadable file is 3, named, and the snapshot of the rest is kept`() throws {
    let place = try Place()
    try place.write([1, 2, 3], to: "source/open")
    try place.write([4, 5, 6], to: "source/closed")
    try place.write([7, 8, 9], to: "source/locked/inner")
    try place.call("chmod", "0", place.path("source/closed"))
    try place.call("chmod", "0", place.path("source/locked"))
    try place.call("chmod", "777", place.root)
    // Root may read everything, so the program runs as nobody then.
    let prefix =
      getuid() == 0 ? ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups"] : []
    if getuid() == 0 {
      try place.call("chown", "-R", "65534:65534", place.path("source"))
    }
    let probe = try place.run(prefix + [Programs.kist, "--version"])
    guard probe.status == 0 else {
      print("not tested: another user may not run \(Programs.kist): \(probe.errors)")
      return
    }
    let made = try place.run(prefix + [Programs.kist, "init"])
    try #require(made.status == 0, "\(made)")
    let saved = try place.run(prefix + [Programs.kist, "backup", "--json", place.path("source")])
    #expect(saved.status == 3, "\(saved)")
    let items = try JSON.lines(saved.errors).filter { $0["message_type"] as? String == "error" }
      .map { try JSON.text($0, "item") }
    #expect(Set(items) == [place.path("source/closed"), place.path("source/locked")])
    #expect(try JSON.number(JSON.summary(saved.output), "error_count") == 2)
    let restored = try place.kist("restore", "latest", "--target", place.path("restored"))
    #expect(restored.status == 0, "\(restored)")
    #expect(try place.bytes("restored/open") == [1, 2, 3])
    let listed = try JSON.array(try place.kist("snapshots", "--json").output)
    #expect(try JSON.number(try #require(listed.last), "unreadable") == 2)
    try place.requireClean("--read-data")
    // So that the folder can be removed by whoever runs the test.
    try place.call("chmod", "700", place.path("source/locked"))
  }

  @Test func `a damaged pack is 20 for check with all data, and is named`() throws {
    let place = try Place()
    try place.initialize()
    try place.fill("source", files: 20, bytes: 30_000, seed: 4)
    #expect(try place.kist("backup", place.path("source")).status == 0)
    let pack = try #require(try place.files(below: "repository/packs").first)
    var bytes = try place.bytes(pack)
    bytes[bytes.count / 2] ^= 4
    try place.write(bytes, to: pack)
    let checked = try place.kist("check", "--read-data")
    #expect(checked.status == 20, "\(checked)")
    #expect(checked.errors.contains(String(pack.split(separator: "/").last?.prefix(8) ?? "?")))
    let json = try place.kist("check", "--read-data", "--json")
    #expect(json.status == 20)
    #expect(try JSON.number(JSON.summary(json.output), "finding_count") > 0)
    #expect(try !JSON.lines(json.errors).isEmpty)
  }

  @Test func `every JSON answer is JSON`() throws {
    let place = try Place()
    let made = try place.kist("init", "--json")
    #expect(try JSON.text(try #require(try JSON.lines(made.output).first), "id").count == 64)
    try place.write([1], to: "source/line\nbreak \"quoted\"")
    try place.write([2], to: "source/plain")
    let saved = try place.kist("backup", "--json", place.path("source"))
    #expect(try JSON.text(JSON.summary(saved.output), "snapshot_id").count == 64)
    let listed = try place.kist("ls", "latest", "--json")
    #expect(listed.status == 0, "\(listed)")
    #expect(try JSON.lines(listed.output).count >= 2)
    let checked = try place.kist("check", "--json")
    #expect(try JSON.number(JSON.summary(checked.output), "finding_count") == 0)
    let restored = try place.kist("restore", "latest", "--json", "--target", place.path("out"))
    #expect(try JSON.number(JSON.summary(restored.output), "files_restored") == 2)
    let keys = try place.kist("key", "list", "--json")
    #expect(try JSON.array(keys.output).count == 1, "\(keys)")
    let empty = try place.kist("ls", "no-such-id", "--json")
    #expect(empty.status == 1, "\(empty)")
    #expect(try JSON.number(try #require(try JSON.lines(empty.errors).last), "code") == 1)
  }
}
