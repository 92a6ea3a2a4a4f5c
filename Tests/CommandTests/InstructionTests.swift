import Foundation
import TestSupport
import Testing

/// Counts instructions with Valgrind, which are the same on any machine of a kind.
private enum Instructions {
  static let valgrind = "/usr/bin/valgrind"

  private static let options =
    "--tool=cachegrind --cache-sim=no --cachegrind-out-file=/dev/null"

  /// What takes debugging information out of a program: Valgrind 3.19 gives up over that of Swift.
  static let stripper = "/usr/bin/objcopy"

  static let areCounted =
    FileManager.default.isExecutableFile(atPath: valgrind)
    && FileManager.default.isExecutableFile(atPath: stripper)

  /// Those of all threads together, in a run of the program in `place`.
  ///
  /// Counted by cachegrind, in half the time that callgrind takes for the same number.
  static func count(_ place: Place, _ arguments: [String]) throws -> Int {
    let line = "cd \(place.root) && exec \(valgrind) \(options) -- ./kist \"$@\""
    let outcome = try place.run(["/bin/sh", "-c", line, "sh"] + arguments)
    try #require(outcome.status == 0, "\(outcome)")
    let total = try #require(
      outcome.errors.split(separator: "\n").last { $0.contains("I   refs:") },
      "\(outcome)"
    )
    let number = total.split(separator: " ").last ?? ""
    return try #require(Int(number.filter { $0 != "," }), "\(total)")
  }
}

@Suite(
  "Instructions of a run",
  .enabled(
    if: Instructions.areCounted && Cases.build == .release,
    "a debug build, no valgrind or no objcopy: instructions are NOT counted (tools/test counts them)"
  )
)
struct InstructionTests {
  /// Millions of instructions that a command may take beyond those of opening the repository, in a release build.
  ///
  /// Three tenths above the most that was counted; runs differ by less than a twentieth, and processors by more. A command
  /// that takes more has become slower on every machine: mend that, or raise the number and say why
  /// in the commit. One that takes less than two thirds has become faster: lower the number, so that
  /// it stays so.
  private static let limits = [
    ("opening", ["snapshots"], 74),
    ("first backup", ["backup", "source"], 254),
    ("unchanged backup", ["backup", "source"], 35),
    ("restore", ["restore", "latest", "--target", "out"], 143),
    ("check", ["check", "--read-data"], 172),
  ]

  // A recovery key opens the repository without Argon2id, whose cost is meant to be high.
  @Test func `backup, restore and check take no more instructions than they did`() throws {
    let place = try Place()
    try place.initialize()
    try place.call(Instructions.stripper, "--strip-debug", Programs.kist, place.path("kist"))
    let key = try recoveryKey(of: place)
    try place.write(Array((key + "\n").utf8), to: "key")
    try place.fill("source", files: 200, bytes: 4000, seed: 7)
    try place.fill("source/large", files: 1, bytes: 4 << 20, seed: 8)
    // A file counts as unchanged if it had been left alone for two seconds before it was read.
    Pause.seconds(2.5)
    // The caches that the first command makes.
    _ = try place.kist("snapshots")
    var opening = 0
    for (name, arguments, millions) in Self.limits {
      let all = try Instructions.count(
        place,
        arguments + ["--recovery-key", "--password-file", place.path("key")]
      )
      let count = all - opening
      if opening == 0 { opening = all }
      #expect(count <= millions * 1_000_000, "\(name): \(count) instructions")
      #expect(count >= millions * 1_000_000 * 2 / 3, "\(name): only \(count); lower its limit")
    }
  }

  private func recoveryKey(of place: Place) throws -> String {
    let added = try place.kist("key", "add", "--recovery")
    try #require(added.status == 0, "\(added)")
    return try #require(
      added.output.split(separator: "\n").map(String.init).first {
        $0.split(separator: "-").count > 8 && !$0.contains(" ")
      },
      "\(added)"
    )
  }
}
