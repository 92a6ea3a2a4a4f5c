import Foundation
import Glibc
import Testing

/// A repository on another machine, used as a person uses it: here, behind a pipe and a real sshd.
@Suite("Remote repositories")
struct RemoteTests {
  private let place: Place

  init() throws {
    place = try Place()
    try place.fill("source", files: 60, bytes: 30_000, seed: 31)
  }

  /// What `--repo` takes: a server with caches of its own, as on another machine.
  private func pipe(_ options: String = "") -> String {
    "pipe:KIST_CACHE_DIR='\(place.path("there-cache"))' KIST_STATE_DIR='\(place.path("there-state"))' "
      + "exec '\(Programs.kist)' serve --stdio --repo '\(place.path("there"))' \(options)"
  }

  private func kist(_ repository: String, _ arguments: String...) throws -> Outcome {
    try place.start(arguments, changing: ["KIST_REPOSITORY": repository]).wait()
  }

  private func require(_ repository: String, _ arguments: String...) throws {
    let outcome = try place.start(arguments, changing: ["KIST_REPOSITORY": repository]).wait()
    try #require(outcome.status == 0, "\(arguments): \(outcome)")
  }

  /// The first session of a person with this repository.
  private func useEverything(_ repository: String) throws {
    #expect(try kist(repository, "snapshots").status == 10)
    try require(repository, "init", "--quiet")
    #expect(try kist(repository, "init", "--quiet").status == 1)
    try require(repository, "backup", "--quiet", place.path("source"))
    try place.fill("source/more", files: 3, bytes: 9000, seed: 32)
    let second = try kist(repository, "backup", "--json", place.path("source"))
    try #require(second.status == 0, "\(second)")
    #expect(try JSON.number(JSON.summary(second.output), "files_new") == 3)
    let listed = try kist(repository, "ls", "latest")
    #expect(listed.output.contains("more/part-0/file-2"), "\(listed)")
    #expect(try JSON.array(kist(repository, "snapshots", "--json").output).count == 2)
    try require(repository, "restore", "latest", "--target", place.path("out"))
    try place.requireEqual("source", "out")
    try require(repository, "check", "--read-data")
    try require(repository, "check", "--without-key", "--read-data")
    try require(repository, "key", "list")
    try require(repository, "key", "add", "--recovery")
    try require(repository, "inspect", "packs")
    // What came over the line is a repository like any other.
    try place.requireClean("--read-data", "--repo", place.path("there"))
  }

  @Test func `every command works over a pipe, from init to check`() throws {
    try useEverything(pipe())
    // Another machine, which knows nothing yet.
    let fresh = ["KIST_REPOSITORY": pipe(), "KIST_CACHE_DIR": place.path("third-cache")]
    let again = try place.start(
      ["backup", "--json", place.path("source")],
      changing: fresh.merging(["KIST_STATE_DIR": place.path("third-state")]) { $1 }
    ).wait()
    try #require(again.status == 0, "\(again)")
    #expect(try JSON.number(JSON.summary(again.output), "data_added") < 20_000, "\(again)")
    // A mirror to and from it, and a key that goes.
    try require(pipe(), "mirror", "push", "--init", place.path("mirror"))
    try place.requireClean("--read-data", "--repo", place.path("mirror"))
    try place.write(Array("a new one\n".utf8), to: "password")
    try require(pipe(), "key", "passwd", "--new-password-file", place.path("password"))
    #expect(try kist(pipe(), "snapshots").status == 12)
  }

  @Test func `each object goes over the line once, and nothing else of size`() throws {
    try require(pipe(), "init", "--quiet")
    func traffic() throws -> (out: Double, back: Double) {
      let outcome = try kist(pipe(), "backup", "--verbose", place.path("source"))
      try #require(outcome.status == 0, "\(outcome)")
      let line = try #require(outcome.output.split(separator: "\n").last { $0.hasSuffix(" in") })
      return (try bytes(line.split(separator: ",")[0]), try bytes(line.split(separator: ",")[1]))
    }
    func bytes(_ text: Substring) throws -> Double {
      let parts = text.split(separator: " ")
      let factor = ["B": 1.0, "KiB": 1024, "MiB": 1_048_576][String(parts[1])]
      return try #require(Double(parts[0])) * (try #require(factor))
    }
    let stored = 60.0 * 30_000
    let first = try traffic()
    #expect(first.out > stored && first.out < stored * 1.06 + 40_000, "\(first)")
    #expect(first.back < 20_000, "\(first)")
    let second = try traffic()
    #expect(second.out < 20_000 && second.back < 20_000, "\(second)")
  }

  @Test func `with the role append backups go in, and nothing comes out`() throws {
    try require(pipe(), "init", "--quiet")
    try require(pipe(), "backup", "--quiet", place.path("source"))
    let append = pipe("--role append")
    try place.fill("source/more", files: 3, bytes: 9000, seed: 33)
    // Also from a machine that knows nothing of the repository yet.
    try place.call("rm", "-rf", place.cache)
    let made = try kist(append, "backup", "--json", place.path("source"))
    try #require(made.status == 0, "\(made)")
    #expect(try JSON.number(JSON.summary(made.output), "data_added") < 60_000, "\(made)")
    try require(append, "snapshots")
    try require(append, "check", "--without-key")
    for arguments in [
      ["ls", "latest"], ["restore", "latest", "--target", place.path("out")], ["check"],
      ["check", "--read-data"], ["key", "add", "--recovery"],
    ] {
      let outcome = try place.start(arguments, changing: ["KIST_REPOSITORY": append]).wait()
      #expect(outcome.status == 22, "\(arguments): \(outcome)")
      #expect(outcome.errors.contains("its role does not allow"), "\(outcome)")
    }
    #expect(try kist(pipe("--role read"), "backup", place.path("source")).status == 22)
    try require(pipe("--role read"), "restore", "latest", "--target", place.path("out"))
    try place.requireEqual("source", "out")
    try place.fill("source/large", files: 1, bytes: 900_000, seed: 34)
    let full = try kist(pipe("--role append --quota 2M"), "backup", place.path("source"))
    #expect(full.status == 21, "\(full)")
    // Nothing that was refused counts as damage, here or there.
    try require(pipe(), "check", "--read-data")
    try place.requireClean("--read-data", "--repo", place.path("there"))
  }

  @Test func `what is held there stays, a client is told until when, and its new password works`()
    throws
  {
    try require(pipe(), "init", "--quiet")
    try require(pipe(), "backup", "--quiet", place.path("source"))
    for wrong in ["0", "-1", "30h", "", "9999999999"] {
      let outcome = try kist(pipe("--hold='\(wrong)'"), "snapshots")
      #expect(outcome.status == 1, "\(wrong): \(outcome)")
    }
    try place.write(Array("second\n".utf8), to: "new-password")
    let changed = try kist(
      pipe("--hold 30"),
      "key",
      "passwd",
      "--new-password-file",
      place.path("new-password")
    )
    #expect(changed.status == 22, "\(changed)")
    #expect(changed.errors.contains("keeps this file until 20"), "\(changed)")
    #expect(changed.errors.contains("kist serve --hold"), "\(changed)")
    // Both open it: the old one is still there.
    try require(pipe("--hold 30d"), "snapshots")
    try require(pipe(), "snapshots", "--password-file", place.path("new-password"))
    try require(pipe("--hold 30"), "backup", "--quiet", place.path("source"))
    try place.requireClean("--read-data", "--repo", place.path("there"))
  }

  @Test func `whatever is wrong with a line is said plainly`() throws {
    for (repository, status, words) in [
      ("pipe:", 2, "pipe: needs a command"),
      ("pipe:echo 'Last login: today'", 1, "Last login: today"),
      ("pipe:exit 127", 1, "kist is installed where it leads"),
      ("pipe:cat", 1, "it only sends back what it is sent"),
      ("ssh://host", 2, "it names no folder"),
      ("ssh://-oProxyCommand=x/y", 2, "begins with -"),
      (pipe(), 10, "there is no repository"),
    ] as [(String, Int32, String)] {
      let outcome = try kist(repository, "snapshots")
      #expect(outcome.status == status, "\(repository): \(outcome)")
      #expect(outcome.errors.contains(words), "\(repository): \(outcome)")
    }
    try require(pipe(), "init", "--quiet")
    let noisy = "pipe:echo Welcome; " + pipe().dropFirst("pipe:".count)
    try require(noisy, "snapshots")
    let served = try kist(pipe(), "serve", "--stdio")
    #expect(served.status == 2, "\(served)")
  }

  @Test
  func `a server that dies in the middle leaves a whole repository, and the next run goes on`()
    throws
  {
    try require(pipe(), "init", "--quiet")
    // The line ends after so many reads, wherever that is; the program must not hold bytes back.
    for count in [3, 9, 30, 60] {
      let cut =
        "pipe:dd bs=16k count=\(count) status=none | { " + pipe().dropFirst("pipe:".count) + "; }"
      let outcome = try kist(cut, "backup", "--quiet", place.path("source"))
      #expect(outcome.status == 1, "\(count): \(outcome)")
      try place.requireClean("--read-data", "--repo", place.path("there"))
    }
    // What came whole was saved by the next, and the rest is gone.
    try require(pipe(), "backup", "--quiet", place.path("source"))
    #expect(try place.files(below: "there/tmp") == [])
    try require(pipe(), "check", "--read-data")
  }

  @Test func `ten connections at once keep working and end right`() throws {
    /// What a machine of its own knows.
    func machine(_ name: String, _ repository: String) -> [String: String] {
      [
        "KIST_REPOSITORY": repository, "KIST_CACHE_DIR": place.path(name + "-cache"),
        "KIST_STATE_DIR": place.path(name + "-state"),
      ]
    }
    let via = ["--via", String(pipe().dropFirst("pipe:".count))]
    try require(pipe(), "init", "--quiet")
    try require(pipe(), "backup", "--quiet", place.path("source"))
    for name in ["m0", "m1"] {
      let here = machine(name, place.path(name))
      let made = try place.start(["mirror", "pull", "--init"] + via, changing: here).wait()
      try #require(made.status == 0, "\(made)")
      try place.fill("source-" + name, files: 20, bytes: 30_000, seed: 40)
      let saved = try place.start(["backup", place.path("source-" + name)], changing: here).wait()
      try #require(saved.status == 0, "\(saved)")
    }
    for number in UInt64(0)..<3 {
      try place.fill("far-\(number)", files: 20, bytes: 30_000, seed: 50 + number)
    }
    let runs = try [
      (["backup", place.path("far-0")], machine("f0", pipe())),
      (["backup", place.path("far-1")], machine("f1", pipe())),
      (["backup", place.path("far-2")], machine("f2", pipe())),
      (["mirror", "push"] + via, machine("m0", place.path("m0"))),
      (["mirror", "sync"] + via, machine("m1", place.path("m1"))),
      (["mirror", "pull", "--init"] + via, machine("m2", place.path("m2"))),
      (["mirror", "pull", "--init"] + via, machine("m3", place.path("m3"))),
      (["restore", "latest", "-t", place.path("out")], machine("f3", pipe("--role read"))),
      (["check", "--without-key", "--read-data"], machine("f4", pipe())),
      (["check", "--read-data"], machine("f5", pipe())),
    ].map { arguments, changes in
      (arguments, try place.start(arguments, changing: changes))
    }
    for (arguments, run) in runs {
      let outcome = try run.wait()
      #expect(outcome.status == 0, "\(arguments): \(outcome)")
    }
    try place.requireClean("--read-data", "--repo", place.path("there"))
    #expect(try JSON.array(kist(pipe(), "snapshots", "--json").output).count == 6)
    for name in ["m0", "m1", "m2", "m3"] {
      try place.requireClean("--read-data", "--repo", place.path(name))
    }
    #expect(try place.files(below: "there/tmp") == [])
  }

  @Test func `an older state over there is noticed, and nothing is written to it`() throws {
    try require(pipe(), "init", "--quiet")
    try require(pipe(), "backup", "--quiet", place.path("source"))
    try place.call("cp", "-a", place.path("there"), place.path("older"))
    try require(pipe(), "backup", "--quiet", place.path("source"))
    try place.call("rm", "-rf", place.path("there"))
    try place.call("mv", place.path("older"), place.path("there"))
    let outcome = try kist(pipe(), "backup", place.path("source"))
    #expect(outcome.status == 23, "\(outcome)")
    let checked = try place.kist("check", "--repo", place.path("there"))
    #expect(checked.status == 23, "whole, and older: \(checked)")
  }

  @Test func `damage on the line is told as received so, and harms nothing`() throws {
    try require(pipe(), "init", "--quiet")
    try require(pipe(), "backup", "--quiet", place.path("source"))
    // One byte of what the server says, in the middle of an object, is another one.
    try place.write(
      Array(
        """
        import os, sys
        at = int(sys.argv[1])
        while data := bytearray(os.read(0, 65536)):
            if 0 <= at < len(data): data[at] ^= 1
            at -= len(data)
            while data: del data[:os.write(1, data)]

        """.utf8
      ),
      to: "flip"
    )
    let server = pipe().dropFirst("pipe:".count).replacing("exec ", with: "")
    let noisy = "pipe:\(server) | exec python3 '\(place.path("flip"))' 900000"
    let restored = try kist(noisy, "restore", "latest", "--target", place.path("out"))
    let words = "What is damaged was received so from pipe:"
    // What was read with others is read again alone: so it may have come whole after all.
    #expect(restored.status == 0 || restored.errors.contains(words), "\(restored)")
    let checked = try kist(noisy, "check", "--read-data")
    #expect(checked.status == 20 && checked.errors.contains(words), "\(checked)")
    // It was the line: everything is whole there, and comes whole without the noise.
    try require(pipe(), "restore", "latest", "--target", place.path("out"))
    try place.requireEqual("source", "out")
    try require(pipe(), "check", "--read-data")
    try place.requireClean("--read-data", "--repo", place.path("there"))
    // Of a folder here, nothing like it is said.
    let pack = try #require(try place.files(below: "there/packs").first)
    try place.call("chmod", "600", place.path(pack))
    var bytes = try place.bytes(pack)
    bytes[bytes.count / 2] ^= 1
    try place.write(bytes, to: pack)
    let here = try place.kist("check", "--read-data", "--repo", place.path("there"))
    #expect(here.status == 20 && !here.errors.contains("received so"), "\(here)")
  }

  @Test func `a server that says nothing is named while it is waited for, and can be stopped`()
    throws
  {
    for arguments in [
      ["snapshots", "--verbose", "--repo", "pipe:exec sleep 60"],
      ["mirror", "push", "--verbose", "--via", "exec sleep 60", "--repo", place.repository],
    ] {
      if arguments[0] == "mirror" { try place.initialize() }
      let run = try place.start(arguments)
      Pause.seconds(6)
      run.send(SIGINT)
      let start = Date()
      let outcome = try run.wait()
      #expect(outcome.status == 130, "\(outcome)")
      #expect(Date().timeIntervalSince(start) < 10, "\(outcome)")
      #expect(outcome.errors.contains("waiting for"), "\(outcome)")
    }
  }

  // MARK: A real sshd

  @Test(.enabled(if: SecureShell.isThere, "there is no sshd here: apt-get install openssh-server"))
  func `every command works over ssh, with a forced command`() throws {
    let shell = try SecureShell(
      in: place,
      command:
        "KIST_CACHE_DIR='\(place.path("there-cache"))' KIST_STATE_DIR='\(place.path("there-state"))' "
        + "'\(Programs.kist)' serve --stdio --repo '\(place.path("there"))'"
    )
    defer { shell.stop() }
    let changes = ["PATH": shell.path]
    func over(_ arguments: String...) throws -> Outcome {
      try place.start(
        arguments + ["--repo", "ssh://127.0.0.1:\(shell.port)/whatever/the/client/says"],
        changing: changes
      ).wait()
    }
    for arguments in [["init", "--quiet"], ["backup", "--quiet", place.path("source")]] {
      let outcome = try place.start(
        arguments + ["--repo", "ssh://127.0.0.1:\(shell.port)/elsewhere"],
        changing: changes
      ).wait()
      try #require(outcome.status == 0, "\(arguments): \(outcome)")
    }
    let restored = try over("restore", "latest", "--target", place.path("out"))
    try #require(restored.status == 0, "\(restored)")
    try place.requireEqual("source", "out")
    let checked = try over("check", "--read-data")
    #expect(checked.status == 0, "\(checked)")
    // The host is there, and nobody listens.
    shell.stop()
    let gone = try over("snapshots")
    #expect(gone.status == 1 && gone.errors.contains("status 255"), "\(gone)")
  }
}
