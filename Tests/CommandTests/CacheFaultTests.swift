import TestSupport
import Foundation
import Glibc
import Testing

@Suite("Faults in caches", .serialized)
struct CacheFaultTests {
  /// A place with a folder and a snapshot of it.
  private func prepared() throws -> Place {
    let place = try Place()
    try place.initialize(key: .recovery)
    try place.fill("source", files: 40, bytes: 3000, seed: 50)
    try requireSaved(place)
    return place
  }

  private func requireSaved(_ place: Place) throws {
    let saved = try place.kist("backup", place.path("source"))
    try #require(saved.status == 0, "\(saved)")
  }

  private static let mark = "suspect"

  /// The LMDB file whose path has this in it.
  private func file(_ part: String, of place: Place) throws -> String {
    try #require(
      try place.files(below: "cache").first { $0.hasSuffix("data.mdb") && $0.contains(part) }
    )
  }

  /// Has every row with a key of 32 bytes say that it is a gigabyte long: beyond the file's end.
  private func makeFatal(_ name: String, of place: Place) throws {
    try change(name, of: place) { bytes, node in bytes[node + 3] |= 0x40 }
  }

  /// Has every object of an index stand under a name beside its own, so that it is not found.
  private func hideObjects(_ name: String, of place: Place) throws {
    try change(name, of: place) { bytes, node in
      guard Int(bytes[node]) | Int(bytes[node + 1]) << 8 == 52 else { return }
      bytes[node + 8 + 31] ^= 1
    }
  }

  /// Calls `body` with the place of each row that has a key of 32 bytes, and writes what it made of the file.
  private func change(
    _ name: String,
    of place: Place,
    _ body: (inout [UInt8], _ node: Int) -> Void
  ) throws {
    var bytes = try place.bytes(name)
    func number(_ offset: Int) -> Int { Int(bytes[offset]) | Int(bytes[offset + 1]) << 8 }
    var changed = 0
    for page in stride(from: 8192, to: bytes.count, by: 4096)
    where number(page + 10) == 2 && number(page) == page / 4096 {
      for index in 0..<(number(page + 12) - 16) / 2 {
        let node = page + number(page + 16 + 2 * index)
        guard number(node + 6) == 32 else { continue }
        let before = bytes
        body(&bytes, node)
        if bytes != before { changed += 1 }
      }
    }
    #expect(changed > 0)
    try place.write(bytes, to: name)
  }

  /// What `ls --json` prints of entries, without the line that names the snapshot.
  private func entries(_ output: String) -> [Substring] {
    output.split(separator: "\n").filter { !$0.hasPrefix("{\"message_type\":\"snapshot\"") }
  }

  @Test(arguments: ["/catalog/", "/stores/"])
  func `a page beyond which the file ends is met, and the command runs again`(
    _ part: String
  ) throws {
    let place = try prepared()
    let name = try file(part, of: place)
    let expected = try place.kist("ls", "latest", "--json")
    for command in [["ls", "latest", "--json"], ["check", "--json"], ["backup", "--json"]] {
      try makeFatal(name, of: place)
      let isBackup = command[0] == "backup"
      let outcome = try place.start(command + (isBackup ? [place.path("source")] : [])).wait()
      #expect(outcome.status == 0, "\(outcome)")
      let warning = try #require(try JSON.lines(outcome.errors).first)
      #expect(try JSON.text(warning, "message_type") == "warning")
      #expect(try JSON.text(warning, "message").contains(place.path(name).dropLast(9)))
      if command[0] == "ls" { #expect(entries(outcome.output) == entries(expected.output)) }
      #expect(try place.files(below: "cache").count == 7, "no mark and no damaged file stays")
      let again = try place.kist("ls", "latest", "--json")
      #expect(again.errors.isEmpty && entries(again.output) == entries(expected.output), "\(again)")
    }
    try place.requireClean("--read-data")
  }

  @Test(arguments: ["", "--without-key"])
  func `an index that hides objects makes no check say that they are missing`(
    _ key: String
  ) throws {
    let place = try prepared()
    try hideObjects(try file("/stores/", of: place), of: place)
    let checked = try place.start(["check"] + (key.isEmpty ? [] : [key])).wait()
    #expect(checked.status == 0, "\(checked)")
    #expect(checked.errors.contains("runs again"), "\(checked)")
  }

  @Test func `a cache that is damaged again and again ends the command with 1`() throws {
    let place = try prepared()
    let name = try file("/catalog/", of: place)
    try makeFatal(name, of: place)
    for form in [[], ["--json"]] {
      let outcome = try place.start(["ls"] + form, changing: ["KIST_RERUN": "3"]).wait()
      #expect(outcome.status == 1, "\(outcome)")
      #expect(outcome.output.isEmpty)
      if form.isEmpty {
        #expect(outcome.errors.contains("the repository is unharmed"))
        #expect(outcome.errors.contains("--cache-dir"))
      } else {
        let failure = try #require(try JSON.lines(outcome.errors).last)
        #expect(try JSON.number(failure, "code") == 1)
      }
      let mark = try #require(try place.files(below: "cache").first { $0.hasSuffix(Self.mark) })
      if form.isEmpty { try place.call("rm", place.path(mark)) }
    }
    let outcome = try place.kist("ls")
    #expect(outcome.status == 0 && outcome.errors.isEmpty, "the mark is enough: \(outcome)")
  }

  @Test func `a command that has read its password from a pipe is not run again`() throws {
    let place = try prepared()
    try makeFatal(try file("/catalog/", of: place), of: place)
    let pipe = place.path("pipe")
    try place.call("mkfifo", pipe)
    let script =
      "echo 'correct horse' > '\(pipe)' & exec '\(Programs.kist)' ls --password-file '\(pipe)'"
    let outcome = try place.run(["sh", "-c", script])
    #expect(outcome.status == 1, "\(outcome)")
    #expect(outcome.errors.contains("Run the command again"))
    let again = try place.kist("ls")
    #expect(again.status == 0 && again.errors.isEmpty, "\(again)")
  }

  @Test func `what another process has open is made anew beside it`() throws {
    let place = try prepared()
    try place.fill("large", files: 300, bytes: 60_000, seed: 51)
    let backup = try place.start(["backup", place.path("large")])
    while backup.isRunning, try place.files(below: "repository/tmp").isEmpty { usleep(1000) }
    for part in ["/catalog/", "/stores/", "/scan/"] {
      try place.write([], to: try file(part, of: place).dropLast(8) + Self.mark)
    }
    #expect(backup.isRunning)
    let checked = try place.kist("snapshots")
    #expect(checked.status == 0, "\(checked)")
    let saved = try backup.wait()
    #expect(saved.status == 0, "\(saved)")
    #expect(try place.snapshotIDs().count == 2)
    try place.requireClean("--read-data")
    #expect(try place.kist("restore", "latest", "--target", place.path("out")).status == 0)
    try place.requireEqual("large", "out")
  }

  // With KIST_TEST_ALL_BITS=n so many bits instead of a few.
  @Test func `a flipped bit stops no command, and harms no snapshot`() throws {
    let variables = ProcessInfo.processInfo.environment
    let rounds = variables["KIST_TEST_ALL_BITS"].map { max(200, Int($0) ?? 0) } ?? 4
    let seed = TestSeed.make(for: "bits of caches")
    var random = SplitMix64(seed: seed)
    let place = try prepared()
    // A file that changed within the last two seconds is read again, by design.
    Pause.seconds(2.5)
    try requireSaved(place)
    let listed = entries(try place.kist("ls", "latest", "--json").output)
    try place.call("cp", "-a", place.cache, place.path("sound"))
    let commands = [
      ["backup", place.path("source")], ["ls", "latest", "--json"], ["check"],
      ["restore", "latest", "--target", place.path("out")],
    ]
    var repeated = 0
    for round in 0..<rounds {
      try place.call("rm", "-rf", place.cache, place.path("out"))
      try place.call("cp", "-a", place.path("sound"), place.cache)
      let names = try place.files(below: "cache").filter { $0.hasSuffix("data.mdb") }
      let name = names[Int(random.next() % UInt64(names.count))]
      var bytes = try place.bytes(name)
      let bit = Int(random.next() % UInt64(bytes.count * 8))
      bytes[bit / 8] ^= 1 << UInt8(bit % 8)
      try place.write(bytes, to: name)
      let command = commands[round % commands.count]
      let comment: Comment =
        "KIST_TEST_SEED=\(seed), round \(round), \(name), bit \(bit), \(command)"
      let outcome = try place.start(command).wait()
      try #require(outcome.status == 0, "\(comment): \(outcome)")
      if outcome.errors.contains("runs again") { repeated += 1 }
      switch command[0] {
      case "ls": #expect(entries(outcome.output) == listed, comment)
      case "restore": try place.requireEqual("source", "out")
      case "backup":
        try place.call("rm", "-rf", place.cache)
        let out = place.path("out")
        #expect(try place.kist("restore", "latest", "--target", out).status == 0, comment)
        try place.requireEqual("source", "out")
      default: break
      }
    }
    print("of \(rounds) flipped bits, \(repeated) had the command run again")
    try place.call("rm", "-rf", place.cache)
    try place.requireClean("--read-data")
  }
}
