import Foundation
import Testing

@Suite("What newcomers type", .serialized)
struct NewcomerTests {
  private func filled() throws -> Place {
    let place = try Place()
    try place.initialize()
    try place.write([1, 2, 3], to: "source/a")
    try place.write([4, 5], to: "source/deep/b")
    try place.call("ln", "-s", "a", place.path("source/link"))
    try #require(try place.kist("backup", "-q", place.path("source")).status == 0)
    return place
  }

  @Test func `options of every command may stand before any word of it`() throws {
    let place = try filled()
    let repository = place.repository
    for line in [
      "--repo \(repository) key list", "key --repo \(repository) list",
      "-r\(repository) -q key list", "mirror --repo=\(repository) push --init \(place.path("m"))",
      "-r \(repository) mirror -v status", "--repo \(repository) tag -q add x latest",
      "-vv snapshots", "-v backup -n \(place.path("source"))",
      "backup -n -vvv \(place.path("source"))",
      "--verbose=2 backup -n \(place.path("source"))",
      "backup --verbose=2 -n \(place.path("source"))",
    ] {
      let outcome = try place.start(
        line.split(separator: " ").map(String.init),
        changing: line.contains(repository) ? ["KIST_REPOSITORY": "/nowhere"] : [:]
      ).wait()
      #expect(outcome.status == 0, "\(line): \(outcome)")
    }
    // What is behind -- is not ours.
    let command = try place.kist("backup", "-q", "--stdin-from-command", "--", "echo", "-vv")
    #expect(command.status == 0, "\(command)")
    #expect(try place.kist("dump", "latest", "stdin").output == "-vv\n")
    #expect(try place.kist("snapshots", "--verbose=many").status == 2)
    #expect(try place.kist("mirror", "--repo", repository, "psuh").errors.contains("push?"))
  }

  @Test func `restic's words for a place are answered`() throws {
    let place = try filled()
    for (line, answer) in [
      ("-r local:\(place.repository) snapshots", "as it is: \(place.repository)"),
      ("snapshots --repo2 x", "kist mirror push DESTINATION"),
      ("init --from-repo x", "mirror push --init"),
      ("restore latest deep -t x", "latest:PATH"), ("list keys", "kist key list"),
    ] {
      let outcome = try place.start(line.split(separator: " ").map(String.init)).wait()
      #expect(outcome.status == 2 && outcome.errors.contains(answer), "\(line): \(outcome)")
      #expect(!outcome.errors.contains("Did you mean"), "\(line): \(outcome)")
    }
  }

  @Test func `list snapshots is taken for what it means`() throws {
    let place = try filled()
    let listed = try place.kist("list", "snapshots")
    #expect(listed.status == 0, "\(listed)")
    #expect(try listed.output == place.kist("snapshots").output)
  }

  @Test func `what came from standard input is found by the name that it was given`() throws {
    let place = try filled()
    for name in ["db.sql", "/dumps/shop.sql", "dumps/old.sql"] {
      let saved = try place.kist(
        "backup",
        "-q",
        "--stdin-from-command",
        "--stdin-filename",
        name,
        "--",
        "echo",
        name
      )
      #expect(saved.status == 0, "\(saved)")
      let last = URL(fileURLWithPath: name).lastPathComponent
      for path in [name, "/" + name.drop { $0 == "/" }, last, "./" + name] {
        // ./ is of the working folder, which this is not.
        let status: Int32 = path.hasPrefix("./") ? 1 : 0
        guard path != "/" + last || name == last else { continue }
        for line in [
          ["dump", "latest", path], ["dump", "latest:" + path], ["ls", "latest", path],
        ] {
          let outcome = try place.start(line).wait()
          #expect(outcome.status == status, "\(line): \(outcome)")
        }
        if status == 0 {
          #expect(try place.kist("dump", "latest", path).output == name + "\n")
          #expect(try place.kist("history", path).output.contains("new"), "\(path)")
        }
      }
      let other = try place.kist("dump", "latest", "other.sql")
      #expect(other.status == 1 && other.errors.contains("has no other.sql"), "\(other)")
    }
  }

  @Test func `what other programs read is named, and which of our own variables counts`() throws {
    let place = try filled()
    let mute = ["KIST_PASSWORD": ""]
    // Without a terminal: `setsid` leaves it behind.
    func alone(_ variable: String, _ changes: String) throws -> Outcome {
      try place.run([
        "setsid", "-w", "env", changes, variable + "=x", Programs.kist, "snapshots",
      ])
    }
    let none = try alone("BORG_REPO", "KIST_REPOSITORY=")
    #expect(none.status == 10 && none.errors.contains("BORG_REPO is set"), "\(none)")
    for variable in ["RESTIC_PASSWORD", "RESTIC_PASSWORD_FILE", "BORG_PASSPHRASE"] {
      let outcome = try alone(variable, "KIST_PASSWORD=")
      #expect(outcome.status == 1 && outcome.errors.contains("\(variable) is set"), "\(outcome)")
    }
    try place.write(Array("correct horse\n".utf8), to: "password")
    let file = place.path("password")
    let two = try place.kist("snapshots", changing: ["KIST_PASSWORD_FILE": "/nowhere"])
    #expect(two.status == 0 && two.errors.contains("KIST_PASSWORD is set, and wins"), "\(two)")
    let one = try place.kist("snapshots", "-p", file, changing: ["KIST_PASSWORD_FILE": "/nowhere"])
    #expect(one.status == 0 && one.errors.isEmpty, "\(one)")
    let both = try place.kist("snapshots", "-p", file, "--password-command", "cat", changing: mute)
    #expect(both.status == 2 && both.errors.contains("not both"), "\(both)")
    let help = try place.kist("--help").output
    for name in ["KIST_PASSWORD ", "KIST_STATE_DIR", "KIST_CONFIG"] {
      #expect(help.contains(name), "\(name)")
    }
  }

  @Test func `links look as ls shows them, and a restore without work says so`() throws {
    let place = try filled()
    #expect(try place.kist("ls", "-l", "latest").output.contains("\nlrwxrwxrwx  "))
    let out = place.path("out")
    let first = try place.kist("restore", "latest", "-t", out)
    #expect(first.output.hasPrefix("restored 2 files, 2 folders"), "\(first)")
    for arguments in [[], ["-n"]] {
      let again = try place.start(["restore", "latest", "-t", out] + arguments).wait()
      #expect(again.status == 0)
      #expect(
        again.output.hasPrefix("everything was already as in the snapshot: 2 files"),
        "\(again)"
      )
    }
    try place.write([9], to: "out/a")
    let kept = try place.kist("restore", "latest", "-t", out, "--overwrite", "never")
    #expect(kept.output.hasPrefix("nothing was restored, as asked"), "\(kept)")
    #expect(try place.kist("restore", "latest", "-t", out).output.hasPrefix("restored 1 file"))
  }

  @Test func `nothing is restored into a repository or a mirror`() throws {
    let place = try filled()
    let mirror = place.path("mirror")
    #expect(try place.kist("mirror", "push", "-q", "--init", mirror).status == 0)
    try place.call("ln", "-s", mirror + "/packs", place.path("door"))
    let before = try place.files(below: "mirror")
    for target in [
      place.repository, mirror, mirror + "/packs/00", mirror + "/new/folder",
      place.path("door") + "/new", place.path("out/../mirror/"),
    ] {
      let outcome = try place.kist("restore", "latest", "--target", target)
      #expect(outcome.status == 22, "\(target): \(outcome)")
      #expect(outcome.errors.contains("Nothing was restored."), "\(outcome)")
    }
    #expect(try place.files(below: "mirror") == before)
    try place.requireClean("--repo", mirror, "--read-data")
    // What only lies beside one, or holds one, is a folder like any other.
    #expect(try place.kist("restore", "latest", "--target", place.root).status == 0)
    #expect(try place.kist("restore", "latest", "--target", place.path("packs")).status == 0)
  }

  @Test func `an older copy says which folder is to go`() throws {
    let place = try filled()
    try place.call("cp", "-r", place.repository, place.path("old"))
    try place.write([7], to: "source/new")
    #expect(try place.kist("backup", "-q", place.path("source")).status == 0)
    try place.call("rm", "-r", place.repository)
    try place.call("mv", place.path("old"), place.repository)
    for line in [
      ["backup", place.path("source")], ["tag", "add", "x", "latest"],
      ["key", "add", "--recovery"],
    ] {
      let refused = try place.start(line).wait()
      #expect(refused.status == 23, "\(line): \(refused)")
      let folder = try #require(refused.errors.split(separator: " ").last).dropLast()
      #expect(folder.hasPrefix(place.state + "/"), "\(refused)")
      #expect(try place.run(["test", "-d", String(folder)]).status == 0, "\(refused)")
    }
  }

  @Test func `a copy that is not there is named, and not the repository`() throws {
    let place = try filled()
    let check = try place.kist("check", "--repair-from", place.path("nope"))
    #expect(check.status == 10, "\(check)")
    #expect(check.errors.contains("no copy of the repository at \(place.path("nope"))"), "\(check)")
    #expect(!check.errors.contains("kist init"), "\(check)")
    let push = try place.kist("mirror", "push", place.path("nope"))
    #expect(push.status == 10 && !push.errors.contains("role"), "\(push)")
  }

  @Test func `whoever is served another folder than was asked for is told`() throws {
    let place = try filled()
    func served(_ asked: String) throws -> Outcome {
      let command =
        "SSH_ORIGINAL_COMMAND=\"kist serve --stdio --repo '\(asked)'\" "
        + "'\(Programs.kist)' serve --stdio --repo '\(place.repository)'"
      return try place.kist("--repo", "pipe:" + command, "snapshots")
    }
    let other = try served("/srv/elsewhere")
    #expect(other.status == 0, "\(other)")
    #expect(other.errors.contains("serves \(place.repository)"), "\(other)")
    #expect(other.errors.contains("not /srv/elsewhere"), "\(other)")
    #expect(try served(place.repository + "/").errors.isEmpty)
  }

  @Test func `a lost number of a copy is no lost data, and what is said of it helps`() throws {
    let place = try filled()
    for damage in ["rm -f store", "rm -f store; echo nonsense > store"] {
      try place.call("sh", "-c", "cd '\(place.repository)' && \(damage)")
      for line in [["snapshots"], ["check"], ["backup", place.path("source")]] {
        let refused = try place.start(line).wait()
        #expect(refused.status == 20, "\(line): \(refused)")
        #expect(refused.errors.contains("no data is lost"), "\(refused)")
      }
      // As the advice has it.
      let number = place.path("number")
      #expect(try place.kist("init", "-q", "--repo", number).status == 0)
      try place.call("cp", "-f", number + "/store", place.repository + "/store")
      try place.call("rm", "-r", number)
      try place.requireClean("--read-data")
      #expect(try place.kist("backup", "-q", place.path("source")).status == 0)
    }
  }

  @Test func `something else in the place of a selection is damage of that copy, and is mended`()
    throws
  {
    let place = try filled()
    let copy = place.path("copy")
    try place.write([8], to: "source/more")
    #expect(try place.kist("backup", "-q", place.path("source")).status == 0)
    #expect(try place.kist("mirror", "push", "-q", "--init", copy, "latest").status == 0)
    for damage in ["true", "ln -s /etc/passwd selection", "mkdir selection", ": > selection"] {
      try place.call("sh", "-c", "cd '\(copy)' && rm -rf selection && \(damage)")
      let check = try place.kist("check", "--repo", copy)
      #expect(check.status == 20, "\(damage): \(check)")
      #expect(check.errors.contains("missing, empty, or no file"), "\(damage): \(check)")
    }
    #expect(try place.kist("mirror", "push", copy).status == 0)
    try place.requireClean("--repo", copy, "--read-data")
  }
}
