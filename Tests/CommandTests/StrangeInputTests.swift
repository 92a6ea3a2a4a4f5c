import Foundation
import Glibc
import Testing

@Suite("Strange input", .serialized)
struct StrangeInputTests {
  private func run(_ place: Place, _ line: String) throws -> Outcome {
    try place.run(["/bin/sh", "-c", line])
  }

  private func filled() throws -> Place {
    let place = try Place()
    try place.initialize()
    try place.write([1, 2, 3], to: "source/a")
    try place.write([4, 5], to: "source/deep/b")
    try #require(try place.kist("backup", "-q", place.path("source")).status == 0)
    return place
  }

  @Test func `a variable that is no text is taken as it is, or refused`() throws {
    let place = try filled()
    let kist = Programs.kist
    for name in ["KIST_REPOSITORY", "KIST_CACHE_DIR", "KIST_STATE_DIR", "KIST_PROFILE"] {
      let outcome = try run(place, "export \(name)=\"$(printf '/x\\377')\"; \(kist) snapshots")
      #expect(outcome.status == 2, "\(name): \(outcome)")
      #expect(outcome.errors.contains("\(name) is not UTF-8: /x\\xff"), "\(name): \(outcome)")
    }
    // As text, this password and the path of this file would be others.
    let made = try run(
      place,
      """
      printf 'horse\\377\\n' > "$(printf '\(place.path("password"))\\377')"
      \(kist) key add -q --new-password-file /dev/stdin < "$(printf '\(place.path("password"))\\377')"
      """
    )
    #expect(made.status == 0, "\(made)")
    let word = try run(place, "export KIST_PASSWORD=\"$(printf 'horse\\377')\"; \(kist) snapshots")
    #expect(word.status == 0, "\(word)")
    let other = try run(
      place,
      "export KIST_PASSWORD=\"$(printf 'horse\\357\\277\\275')\"; \(kist) snapshots"
    )
    #expect(other.status == 12, "\(other)")
    let file = try run(
      place,
      """
      unset KIST_PASSWORD
      export KIST_PASSWORD_FILE="$(printf '\(place.path("password"))\\377')"
      \(kist) snapshots
      """
    )
    #expect(file.status == 0, "\(file)")
  }

  @Test func `a stop ends the waiting for a pipe that nobody writes to`() throws {
    let place = try filled()
    try place.call("mkfifo", place.path("pipe"))
    for arguments in [
      ["snapshots", "--password-file", place.path("pipe")],
      ["backup", "--files-from", place.path("pipe")],
      ["backup", place.path("source"), "--exclude-file", place.path("pipe")],
    ] {
      let running = try place.start(arguments)
      Pause.seconds(0.7)
      #expect(running.isRunning, "it waits for the pipe: \(arguments)")
      let start = Date()
      running.send(SIGTERM)
      let outcome = try running.wait()
      #expect(Date().timeIntervalSince(start) < 1, "\(arguments)")
      #expect(outcome.status == 130 && outcome.errors.contains("stopped as asked"), "\(outcome)")
    }
    let fed = try run(
      place,
      "(sleep 0.3; echo correct horse > \(place.path("pipe"))) & "
        + "\(Programs.kist) snapshots --password-file \(place.path("pipe"))"
    )
    #expect(fed.status == 0, "\(fed)")
  }

  @Test func `something else in the place of a fixed file is damage, and named once`() throws {
    let place = try filled()
    for name in ["store", "kist", "tmp"] {
      for change in ["mkdir -p", "ln -s \(name)"] {
        if name == "tmp", change.hasPrefix("mkdir") { continue }
        let copy = place.path("copy")
        let made = try run(
          place,
          "rm -rf \(copy) && cp -r \(place.repository) \(copy) && rm -r \(copy)/\(name) && "
            + "cd \(copy) && \(change) \(name)"
        )
        #expect(made.status == 0, "\(made)")
        let outcome = try place.kist("snapshots", "--repo", copy)
        #expect(outcome.status == 20, "\(change) \(name): \(outcome)")
        #expect(outcome.errors.contains("`\(name)` of the repository is no"), "\(outcome)")
      }
    }
    try place.call("ln", "-s", "loop", place.path("loop"))
    for path in ["loop", "source/a", "source/a/b"] {
      let outcome = try place.kist("snapshots", "--repo", place.path(path))
      #expect(outcome.status == 10, "\(path): \(outcome)")
    }
  }

  @Test func `a state or cache folder that cannot be used is named, with what to do`() throws {
    let place = try filled()
    for (name, words) in [("KIST_STATE_DIR", "state folder"), ("KIST_CACHE_DIR", "--cache-dir")] {
      let outcome = try place.kist(
        "backup",
        place.path("source"),
        changing: [name: place.path("source/a/x")]
      )
      #expect(outcome.status == 1, "\(outcome)")
      #expect(outcome.errors.contains(words), "\(outcome)")
      #expect(outcome.errors.contains(place.path("source/a/x")), "\(outcome)")
      #expect(outcome.errors.contains("unharmed"), "\(outcome)")
    }
  }

  @Test func `tags and hosts that would not be seen are refused`() throws {
    let place = try filled()
    let source = place.path("source")
    for name in ["", "a\nb", "a\u{1B}[1m", "\u{7F}", "\u{202E}x", "a\u{2028}b"] {
      for arguments in [
        ["backup", "--tag", name, source], ["backup", "--host", name, source],
        ["tag", "add", name, "latest"], ["key", "add", "--recovery", "--label", name],
      ] {
        let outcome = try place.start(arguments).wait()
        #expect(outcome.status == 2, "\(arguments): \(outcome)")
        #expect(!outcome.errors.contains("\u{1B}"), "\(arguments): \(outcome)")
      }
    }
    #expect(try place.kist("backup", "--tag", "a,,b", source).status == 2)
    #expect(try place.snapshotIDs().count == 1)
    let seen = try place.kist("tag", "add", "été,👩‍🔬,a b", "latest")
    #expect(seen.status == 0, "\(seen)")
    #expect(try place.kist("tag", "set", "", "latest").status == 0)
  }

  @Test func `an empty pattern or path names nothing`() throws {
    let place = try filled()
    for command in ["find", "history"] {
      let outcome = try place.kist(command, "")
      #expect(outcome.status == 2 && outcome.errors.contains("names nothing"), "\(outcome)")
    }
  }

  @Test func `diff says which of the two snapshots lacks a path`() throws {
    let place = try filled()
    try place.call("rm", place.path("source/a"))
    #expect(try place.kist("backup", "-q", place.path("source")).status == 0)
    for (first, second, words) in [
      ("latest~1:a", "latest:a", "the second snapshot, "),
      ("latest:a", "latest~1", "the first snapshot, "),
    ] {
      let outcome = try place.kist("diff", first, second)
      #expect(outcome.status == 1, "\(outcome)")
      #expect(
        outcome.errors.contains(words) && outcome.errors.contains(" has no a\n"),
        "\(outcome)"
      )
    }
    let both = try place.kist("diff", "latest:x", "latest~1:y")
    #expect(both.errors.contains(" has no x\n") && both.errors.contains("no y either"), "\(both)")
  }

  @Test func `stats counts what is whole beside a damaged folder, and names that`() throws {
    let place = try filled()
    // Trees of the second snapshot are in a pack of their own.
    let before = Set(try place.files(below: "repository/packs"))
    try place.write([9], to: "source/deep/c")
    #expect(try place.kist("backup", "-q", place.path("source")).status == 0)
    let added = try place.files(below: "repository/packs").filter { !before.contains($0) }
    for pack in added {
      var bytes = try place.bytes(pack)
      for index in bytes.indices.dropFirst(64).dropLast(bytes.count / 2) { bytes[index] ^= 4 }
      try place.write(bytes, to: pack)
    }
    let outcome = try place.kist("stats")
    #expect(outcome.status == 20, "\(outcome)")
    #expect(outcome.output.contains("2 snapshots"), "\(outcome)")
    #expect(outcome.errors.contains(place.path("source")), "\(outcome)")
    let json = try place.kist("stats", "--json")
    #expect(json.status == 20)
    #expect(try JSON.number(JSON.summary(json.output), "snapshots_count") == 2)
    #expect(json.errors.contains("{\"message_type\":\"error\""))
  }
}
