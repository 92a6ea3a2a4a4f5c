import Testing

@Suite("Mistakes that people make") struct MistakeTests {
  @Test func `words of other programs are answered`() throws {
    let place = try Place()
    for (arguments, answer) in [
      (["forget", "--keep-daily", "7"], "does not exist yet"), (["copy"], "kist mirror push"),
      (["-q", "version"], "kist --version"), (["frobnicate"], "there is no command frobnicate"),
      (["repair", "index"], "--repair-from"), (["rebuild-index"], "made anew"),
      (["cache", "--cleanup"], "may simply be removed"), (["recover"], "kist check"),
      (["rewrite", "--forget"], "kist tag"), (["migrate"], "one format"),
      (["self-update"], "tools/install"), (["unlock"], "Nothing stays locked"),
      (["cat", "config"], "kist inspect"), (["mount", "/mnt"], "does not exist yet"),
      (["list", "packs"], "kist inspect packs"), (["list", "locks"], "Nothing stays locked"),
      (["bakcup", "x"], "Did you mean backup?"), (["snapshto"], "Did you mean snapshots?"),
      (["snap"], "Did you mean snapshots?"), (["stat"], "Did you mean stats?"),
      (["help", "nosuch"], "there is no command nosuch"),
      (["nosuch", "--help"], "no command nosuch"),
      (["help", "bakcup"], "Did you mean backup?"),
      (["help", "key", "lsit"], "Did you mean list?"),
      (["help", String(repeating: "x", count: 100_000)], "there is no command x"),
      (["-r"], "-r needs a value"), (["-q", "--repo"], "--repo needs a value"),
      // Else the parser takes the next argument, and one folder less is backed up.
      (["backup", "--tag=", "one", "two"], "--tag= has no value"),
      (["--repo=", "one", "snapshots"], "--repo= has no value"),
      (["backup", "one", "-t="], "-t= has no value"),
    ] {
      let outcome = try place.start(arguments).wait()
      #expect(outcome.status == 2 && outcome.errors.contains(answer), "\(arguments): \(outcome)")
    }
    for words in [
      ["help", "backup"], ["help"], ["help", "key", "add"], ["mirror", "--help"], ["help", "help"],
      [],
    ] {
      #expect(try place.start(words).wait().status == 0, "\(words)")
    }
    let empty = try place.kist("snapshot")
    #expect(empty.status == 2 && empty.errors.contains("`kist snapshots` lists"), "\(empty)")
    let typo = try place.kist("snapshot", "s")
    #expect(typo.status == 10, "\(typo)")
    try place.initialize()
    let split = try place.kist("snapshot", "s")
    #expect(split.status == 1 && split.errors.contains("`kist snapshots` lists"), "\(split)")
  }

  @Test func `addresses that are no folder and no ssh host are refused before anything is done`()
    throws
  {
    let place = try Place()
    try place.initialize()
    // Whoever starts ssh all the same is found out.
    try place.write(Array("#!/bin/sh\ntouch '\(place.path("started"))'\n".utf8), to: "bin/ssh")
    try place.call("chmod", "755", place.path("bin/ssh"))
    let path = ["PATH": place.path("bin") + ":/usr/bin:/bin"]
    let addresses = [
      ("http://host/x", "kist does not know http:"), ("s3://bucket/x", "kist does not know s3:"),
      ("rest:http://ann:hidden@host/", "rest:http://ann:…@host/ is no repository"),
      ("ssh://ann:hidden@host/x", "ssh://ann:…@host/x is no destination"),
      ("SSH://host/x", "kist does not know SSH:"), ("sftp:host:/x", "kist does not know sftp:"),
      ("rest:http://host/", "kist does not know rest:"),
      ("ann@host:/srv/x", "Write ssh://ann@host/srv/x"), ("host:/srv/x", "Write ssh://host/srv/x"),
      ("ann@host:x", "Write ssh://ann@host/~/x"), ("ssh://a b/x", "space or control character"),
      ("ssh://a\u{1B}[31m/x", "a\\x1b[31m/x is no destination"),
      ("ssh://a\nb/x", "space or control character"), ("ssh://-l/x", "begins with -"),
      ("ssh://ann@-oProxyCommand=x/y", "begins with -"), ("ssh://-F@host/x", "begins with -"),
      ("ssh://a$(id)/x", "has the character $"), ("ssh://@host/x", "is empty"),
      ("ssh://ann@/x", "needs a host"), ("ssh://host:99999/x", "no number from 1 to 65535"),
    ]
    for (address, words) in addresses {
      for arguments in [["--repo", address, "snapshots"], ["mirror", "push", address]] {
        let outcome = try place.start(arguments, changing: path).wait()
        #expect(outcome.status == 2, "\(arguments): \(outcome)")
        #expect(outcome.errors.contains(words), "\(arguments): \(outcome)")
        #expect(!outcome.errors.contains("\u{1B}"), "\(outcome)")
      }
    }
    #expect(try place.run(["test", "-e", place.path("started")]).status == 1)
    // A folder of such a name can be named.
    let folder = try place.start(["--repo", "./host:/srv/x", "snapshots"]).wait()
    #expect(folder.status == 10, "\(folder)")
  }

  @Test func `a new password instead of a forgotten one leaves the recovery key`() throws {
    let place = try Place()
    try place.initialize()
    let made = try place.kist("key", "add", "--recovery")
    #expect(made.status == 0, "\(made)")
    let key = try #require(
      made.output.split(separator: "\n").first { $0.contains("-") && !$0.contains(" ") }
    )
    try place.write(Array(key.utf8), to: "paper")
    try place.write(Array("another horse".utf8), to: "new")
    let changed = try place.kist(
      "key",
      "passwd",
      "--recovery-key",
      "--password-file",
      place.path("paper"),
      "--new-password-file",
      place.path("new")
    )
    #expect(changed.status == 0, "\(changed)")
    let still = try place.kist(
      "snapshots",
      "--recovery-key",
      "--password-file",
      place.path("paper")
    )
    #expect(still.status == 0, "\(still)")
    #expect(try place.kist("snapshots", "--password-file", place.path("new")).status == 0)
  }

  @Test func `what will not help is said at once`() throws {
    let place = try Place()
    try place.initialize()
    try place.write([1], to: "source/a.txt")
    #expect(try place.kist("backup", place.path("source")).status == 0)
    let none = try place.kist("restore", "latest", "-t", place.path("out"), "--include", "/b/*")
    #expect(none.status == 0 && none.errors.contains("nothing matched"), "\(none)")
    let typo = try place.kist("check", "--repair-from", place.path("nope"))
    #expect(typo.status == 10, "\(typo)")
    let password = try place.kist("key", "add")
    #expect(password.errors.contains("--new-password-file"), "\(password)")
    let pipe = try place.kist("mirror", "push", "pipe:exit 3")
    #expect(pipe.status != 0, "\(pipe)")
    let endless = try place.kist("mirror", "push", "--via", "yes")
    #expect(endless.status == 1, "\(endless)")
    #expect(try place.files(below: ".").allSatisfy { !$0.contains("pipe:") })
  }

  @Test func `an argument that is no text names nothing else`() throws {
    let place = try Place()
    try place.initialize()
    // The replacement character is what the other byte becomes in a text.
    try place.write([1], to: "source/b\u{FFFD}")
    let line = "exec \(Programs.kist) backup \"$(printf '\(place.path("source"))/b\\377')\""
    let outcome = try place.run(["/bin/sh", "-c", line])
    #expect(outcome.status == 2 && outcome.errors.contains("\\xff"), "\(outcome)")
    #expect(try place.snapshotIDs().isEmpty)
  }

  @Test func `what is lost of keys and records is said by every command`() throws {
    let place = try Place()
    try place.initialize()
    try place.write([1], to: "source/a")
    #expect(try place.kist("backup", place.path("source")).status == 0)
    let records = try place.files(below: "repository/records")
    let sizes = try records.map { try place.bytes($0).count }
    let enrolment = try #require(zip(sizes, records).min { $0.0 < $1.0 }?.1)
    try place.call("mv", place.path(enrolment), place.path("kept"))
    try place.call("rm", "-rf", place.state)
    for command in [["snapshots"], ["backup", place.path("source")]] {
      let outcome = try place.start(command).wait()
      #expect(outcome.errors.contains("kist check"), "\(command): \(outcome)")
    }
    try place.call("mv", place.path("kept"), place.path(enrolment))
    try place.call("rm", "-rf", place.path("repository/slots"))
    try place.call("mkdir", place.path("repository/slots"))
    for command in [["check"], ["check", "--without-key"]] {
      let checked = try place.start(command).wait()
      #expect(checked.status == 20 && checked.errors.contains("no key slots"), "\(checked)")
    }
  }

  @Test func `a result that cannot be written is no success`() throws {
    let place = try Place()
    try place.initialize()
    for command in ["snapshots --json", "stats --json", "key list", "inspect config"] {
      let line = "\(Programs.kist) \(command) > /dev/full"
      let outcome = try place.run(["/bin/sh", "-c", line])
      #expect(outcome.status == 21, "\(command): \(outcome)")
    }
    try place.write([1], to: "source/a")
    let line = "\(Programs.kist) backup --json -v \(place.path("source")) > /dev/full"
    #expect(try place.run(["/bin/sh", "-c", line]).status == 21)
    #expect(try place.snapshotIDs().count == 1, "the work itself is done all the same")
  }
}
