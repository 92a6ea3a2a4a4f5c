import Testing

@Suite("Output that cannot be written", .serialized)
struct LostOutputTests {
  private func run(_ place: Place, _ line: String) throws -> Outcome {
    try place.run(["/bin/sh", "-c", line])
  }

  private func filled() throws -> Place {
    let place = try Place()
    try place.initialize()
    try place.write([1, 2, 3], to: "source/a")
    try #require(try place.kist("backup", "-q", place.path("source")).status == 0)
    try place.write([4], to: "source/b")
    try #require(try place.kist("backup", "-q", place.path("source")).status == 0)
    return place
  }

  @Test func `every command that cannot write what it says ends with 21`() throws {
    let place = try filled()
    let commands = [
      "backup \(place.path("source"))", "backup --json \(place.path("source"))", "snapshots",
      "snapshots --json", "ls latest", "find a", "history \(place.path("source/a"))",
      "diff latest~1 latest", "stats", "stats --json", "restore latest -t \(place.path("out"))",
      "restore latest --json -t \(place.path("out"))", "dump latest:a", "tag add x latest",
      "check", "check --json", "check --without-key", "key list", "key add --recovery",
      "mirror push --init \(place.path("second"))", "inspect config", "inspect packs",
      "inspect records", "inspect snapshot", "key export --to \(place.path("keys"))",
      "init --repo \(place.path("other"))", "completion bash", "--help", "backup --help", "help",
      "--version", "key",
    ]
    for command in commands {
      let outcome = try run(place, "\(Programs.kist) \(command) > /dev/full")
      #expect(outcome.status == 21, "\(command): \(outcome)")
      #expect(outcome.errors.contains("no space left for the output"), "\(command): \(outcome)")
    }
    // The work is done all the same, but for a key that nobody has seen.
    let keys = try JSON.array(try place.kist("key", "list", "--json").output)
    #expect(keys.count == 1, "\(keys)")
    try place.requireEqual("source", "out")
    #expect(try place.snapshotIDs().count == 4)
  }

  @Test func `damage is told on standard error though the report is lost`() throws {
    let place = try filled()
    for pack in try place.files(below: "repository/packs") {
      var bytes = try place.bytes(pack)
      bytes[bytes.count / 2] ^= 4
      try place.write(bytes, to: pack)
    }
    for options in ["", "--json"] {
      let line = "\(Programs.kist) check --read-data \(options) > /dev/full"
      let outcome = try run(place, line)
      #expect(outcome.status == 21, "\(outcome)")
      #expect(outcome.errors.contains("pack "), "\(outcome)")
      #expect(outcome.errors.contains("ended with status 20"), "\(outcome)")
    }
  }

  @Test func `a stream that is closed is not given to a file`() throws {
    let place = try filled()
    let made = try run(place, "\(Programs.kist) backup \(place.path("source")) <&- >&- 2>&-")
    #expect(made.status == 0, "\(made)")
    let listed = try run(place, "\(Programs.kist) snapshots >&-")
    #expect(listed.status == 1, "\(listed)")
    try place.requireClean("--read-data")
  }

  @Test func `a reader that has enough is no error`() throws {
    let place = try filled()
    let line = "(\(Programs.kist) backup \(place.path("source")); echo $? >&2) | true"
    let outcome = try run(place, line)
    #expect(outcome.errors.hasSuffix("0\n"), "\(outcome)")
  }
}
