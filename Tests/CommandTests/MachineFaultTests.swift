import Foundation
import Glibc
import Testing

/// What this machine may not do with a file says nothing about what is in it.
@Suite("Rights, limits and disks that keep files from being read")
struct MachineFaultTests {
  private let place: Place

  init() throws {
    place = try Place()
    try place.initialize(key: .recovery)
    for round in 0..<8 {
      try place.fill("source/\(round)", files: 2, bytes: 3000, seed: UInt64(83 + round))
      let saved = try place.kist("backup", "-q", place.path("source"))
      try #require(saved.status == 0, "\(saved)")
    }
    let pushed = try place.kist("mirror", "push", "--init", "-q", place.path("mirror"))
    try #require(pushed.status == 0, "\(pushed)")
  }

  private static let storeAnew = "store anew"

  /// Nothing that was said or noted while files could not be read stays.
  private func expectNoTrace(_ comment: Comment) throws {
    let checked = try place.kist("check")
    #expect(checked.status == 0 && checked.errors.isEmpty, "\(comment): \(checked)")
    let pushed = try place.kist("mirror", "push", place.path("mirror"))
    #expect(pushed.status == 0 && pushed.output.contains("nothing new"), "\(comment): \(pushed)")
    let saved = try place.kist("backup", "--json", place.path("source"))
    #expect(
      try JSON.number(JSON.summary(saved.output), "data_added") < 10_000,
      "\(comment): \(saved)"
    )
  }

  @Test func `too few open files are told as such, and are no damage`() throws {
    var told = 0
    for limit in [18, 20, 22, 24] {
      for command in ["check", "check --read-data", "check --without-key"] {
        let line = "ulimit -n \(limit); exec '\(Programs.kist)' \(command)"
        let outcome = try place.run(["sh", "-c", line])
        #expect([0, 1].contains(outcome.status), "\(limit), \(command): \(outcome)")
        guard outcome.status == 1 else { continue }
        #expect(outcome.errors.contains("Too many open files"), "\(limit), \(command): \(outcome)")
        #expect(!outcome.errors.contains(Self.storeAnew), "\(limit), \(command): \(outcome)")
        if outcome.errors.contains("of the repository"), outcome.errors.contains("ulimit -n") {
          #expect(outcome.errors.contains("This says nothing about the data"), "\(outcome)")
          told += 1
        }
      }
    }
    #expect(told > 0)
    try expectNoTrace("after too few open files")
  }

  @Test(.enabled(if: geteuid() == 0, "not root: files of somebody else are NOT tested"))
  func `a pack that may not be read is told with its name, and is no damage`() throws {
    let pack = try #require(try place.files(below: "repository/packs").first)
    try place.call("chmod", "0", place.path(pack))
    // As somebody who cannot read what nobody may read.
    let user = ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups"]
    try place.call("chown", "-R", "65534:65534", place.root)
    let probe = try place.run(user + [Programs.kist, "--version"])
    guard probe.status == 0 else {
      return print("not tested: another user may not run \(Programs.kist): \(probe.errors)")
    }
    for caches in ["warm", "cold"] {
      if caches == "cold" { try place.call("rm", "-rf", place.path("cache/stores")) }
      for arguments in [["check"], ["check", "--read-data"], ["check", "--without-key"]] {
        let outcome = try place.run(user + [Programs.kist] + arguments)
        #expect(outcome.status == 1, "\(caches), \(arguments): \(outcome)")
        let words = "cannot use packs/\(pack.suffix(67)) of the repository: Permission denied"
        #expect(outcome.errors.contains(words), "\(caches), \(arguments): \(outcome)")
        #expect(!outcome.errors.contains(Self.storeAnew), "\(outcome)")
      }
    }
    try place.call("chmod", "400", place.path(pack))
    try expectNoTrace("with the right to read it again")
  }

  @Test(.enabled(if: geteuid() == 0, "not root: files of somebody else are NOT tested"))
  func `with a cold cache a pack that may not be read is passed over, and the rest goes on`() throws
  {
    let pack = try #require(try place.files(below: "repository/packs").first)
    try place.call("chmod", "0", place.path(pack))
    let user = ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups"]
    try place.call("chown", "-R", "65534:65534", place.root)
    let probe = try place.run(user + [Programs.kist, "--version"])
    guard probe.status == 0 else {
      return print("not tested: another user may not run \(Programs.kist): \(probe.errors)")
    }
    let words = "warning: cannot use packs/\(pack.suffix(67)) of the repository: Permission denied"
    func run(_ arguments: String...) throws -> Outcome {
      try place.call("rm", "-rf", place.path("cache/stores"), place.path("cache/repositories"))
      let outcome = try place.run(user + [Programs.kist] + arguments)
      #expect(outcome.errors.hasPrefix(words), "\(arguments): \(outcome)")
      #expect(outcome.errors.components(separatedBy: words).count == 2, "once: \(outcome)")
      return outcome
    }
    #expect(try run("snapshots").status == 0)
    var (restored, lacking) = (0, 0)
    for (number, id) in try place.snapshotIDs().enumerated() {
      let out = place.path("out-\(number)")
      let outcome = try run("restore", id, "--no-owner", "--target", out)
      #expect([0, 3].contains(outcome.status), "\(outcome)")
      let files = try place.files(below: "out-\(number)").count
      if outcome.status == 0 { #expect(files == 2 * (number + 1)) }
      if outcome.status == 3 {
        let cause = "not restored whole: " + words.dropFirst("warning: ".count)
        #expect(outcome.errors.contains(cause), "\(outcome)")
        #expect(!outcome.errors.contains("--repair-from"), "it is no damage: \(outcome)")
        lacking += 1
      }
      restored += files
    }
    #expect(restored > 0 && lacking > 0)
    let saved = try run("backup", "-q", place.path("source"))
    #expect(saved.status == 0, "\(saved)")
    let out = try run("restore", "latest", "--no-owner", "--target", place.path("out"))
    #expect(out.status == 0, "what could not be read was stored anew: \(out)")
    #expect(try place.files(below: "out").count == 16)
    try place.call("chmod", "400", place.path(pack))
    let checked = try place.kist("check")
    #expect(checked.status == 0 && checked.errors.isEmpty, "\(checked)")
    for (number, id) in try place.snapshotIDs().dropLast().enumerated() {
      let whole = try place.kist("restore", id, "--target", place.path("whole-\(number)"))
      #expect(whole.status == 0, "\(whole)")
    }
  }

  @Test(.enabled(if: FailingCalls.isPossible, "no strace, or it may not trace: EIO is NOT tested"))
  func `a damaged pack that the disk cannot read to its end holds no backup up`() throws {
    let sizes = try place.files(below: "repository/packs").map { (try place.bytes($0).count, $0) }
    let pack = try #require(sizes.max { $0.0 < $1.0 }).1
    // Neither list nor stubs: what is in it can only be searched for.
    var bytes = try place.bytes(pack)
    for offset in Array(16..<80) + Array(bytes.count - 64..<bytes.count) { bytes[offset] ^= 0xA5 }
    try place.call("chmod", "u+w", place.path(pack))
    try place.write(bytes, to: pack)
    try place.call("cp", "-a", place.repository, place.path("damaged"))
    for first in [1, 3, 5, 6] {
      // With what is remembered of the repository, which is put back.
      try place.call("rm", "-rf", place.repository, place.cache, place.state)
      try place.call("cp", "-a", place.path("damaged"), place.repository)
      let (outcome, calls) = try place.kist(
        ["backup", "-q", place.path("source")],
        answering: "pread64:error=EIO:when=\(first)+",
        only: [place.path(pack)]
      )
      #expect(outcome.status == 0, "\(first): \(outcome)")
      #expect(outcome.errors.contains("warning: "), "\(first): \(outcome)")
      let id = pack.suffix(64)
      let isNamed = outcome.errors.contains(id) || outcome.errors.contains(id.prefix(8))
      #expect(isNamed, "\(first): \(outcome)")
      if first < 5 { #expect(calls.contains { $0.contains("(INJECTED)") }, "\(first)") }
    }
    let out = try place.kist("restore", "latest", "--target", place.path("out"))
    #expect(out.status == 0, "\(out)")
    try place.requireEqual("source", "out")
  }

  @Test(.enabled(if: FailingCalls.isPossible, "no strace, or it may not trace: EIO is NOT tested"))
  func `a disk that cannot read a pack is told as such, with what to do`() throws {
    let packs = try place.files(below: "repository/packs")
    for (arguments, name) in [(["check"], packs[0]), (["check", "--read-data"], packs[3])] {
      let (outcome, calls) = try place.kist(
        arguments,
        answering: "pread64:error=EIO",
        only: [place.path(name)]
      )
      #expect(calls.contains { $0.contains("(INJECTED)") }, "\(arguments)")
      #expect(outcome.status == 20, "\(arguments): \(outcome)")
      let words = "the disk could not read packs/\(name.suffix(67)): Input/output error"
      #expect(outcome.errors.contains(words), "\(arguments): \(outcome)")
      #expect(outcome.errors.contains("look at it (`dmesg`, `smartctl -a`)"), "\(outcome)")
      // A backup does that by now, for as long as the disk fails.
      #expect(outcome.errors.contains(Self.storeAnew), "\(arguments): \(outcome)")
    }
    try expectNoTrace("after EIO")
  }

  @Test(
    .enabled(if: FailingCalls.isPossible, "no strace, or it may not trace: EIO is NOT tested"),
    arguments: ["warm", "cold"]
  )
  func `a repair takes nothing away that the disk cannot read for a while`(_ cache: String) throws {
    let before =
      try place.files(below: "repository/packs") + place.files(below: "repository/records")
    let record = try #require(try place.files(below: "repository/records").last)
    let packs = try place.files(below: "repository/packs")
    for unread in [packs.map(place.path), packs.map(place.path) + [place.path(record)]] {
      if cache == "cold" { try place.call("rm", "-rf", place.cache) }
      for more in [[], ["--repair-from", place.path("mirror")]] {
        let (outcome, calls) = try place.kist(
          ["check", "--read-data", "--repair"] + more,
          answering: "pread64:error=EIO",
          only: unread
        )
        #expect(calls.contains { $0.contains("(INJECTED)") })
        #expect(outcome.status != 0, "\(outcome)")
        let after =
          try place.files(below: "repository/packs") + place.files(below: "repository/records")
        #expect(Set(before).isSubset(of: after), "\(outcome)")
      }
    }
    // The disk reads again.
    let whole = try place.kist("check", "--read-data")
    #expect(whole.status == 0, "\(whole)")
    let restored = try place.kist("restore", "latest", "--target", place.path("out"))
    #expect(restored.status == 0, "\(restored)")
    try place.requireEqual("source", "out")
  }
}
