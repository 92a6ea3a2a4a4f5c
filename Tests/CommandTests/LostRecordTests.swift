import Foundation
import TestSupport
import Testing

/// `check --repair` where a record is damaged or gone, and no copy has it.
@Suite("Lost records")
struct LostRecordTests {
  private let place: Place
  /// The snapshots, oldest first.
  private let snapshots: [String]

  init() throws {
    place = try Place()
    try place.initialize()
    for number in 0..<4 {
      try place.fill("source/\(number)", files: 2, bytes: 30_000, seed: UInt64(number) + 51)
      let saved = try place.kist("backup", "--quiet", place.path("source"))
      try #require(saved.status == 0, "\(saved)")
    }
    snapshots = try place.snapshotIDs()
    try #require(snapshots.count == 4)
  }

  private func file(_ record: String, of store: String = "repository") -> String {
    "\(store)/records/\(record)"
  }

  private func lose(_ record: String, _ how: String, of store: String = "repository") throws {
    let file = file(record, of: store)
    var bytes = try place.bytes(file)
    try place.call("chmod", "u+w", place.path(file))
    switch how {
    case "gone": try place.call("rm", "-f", place.path(file))
    case "flipped":
      bytes[bytes.count / 2] ^= 4
      try place.write(bytes, to: file)
    case "cut": try place.write(Array(bytes.prefix(bytes.count / 3)), to: file)
    case "empty": try place.write([], to: file)
    default: Issue.record("\(how)")
    }
  }

  private func run(
    _ arguments: String...,
    status: Int32 = 0,
    machine: String? = nil,
    sourceLocation: SourceLocation = #_sourceLocation
  ) throws -> Outcome {
    let changes = machine.map {
      ["KIST_STATE_DIR": place.path("state-\($0)"), "KIST_CACHE_DIR": place.path("cache-\($0)")]
    }
    let outcome = try place.start(arguments, changing: changes ?? [:]).wait()
    #expect(outcome.status == status, "\(arguments): \(outcome)", sourceLocation: sourceLocation)
    return outcome
  }

  /// Everything that stays restores, here and from a copy that knows nothing but what came.
  private func requireOrder(without lost: Set<String>) throws {
    _ = try run("check", "--read-data")
    _ = try run("check", "--without-key")
    #expect(try place.snapshotIDs() == snapshots.filter { !lost.contains($0) })
    // What only the lost record added is used again by this one.
    let saved = try run("backup", "--json", place.path("source"))
    #expect(try JSON.number(JSON.summary(saved.output), "data_added") < 20_000, "\(saved)")
    _ = try run("mirror", "push", "--init", "--quiet", place.path("mirror"))
    let fresh = [
      "KIST_CACHE_DIR": place.path("fresh"), "KIST_STATE_DIR": place.path("fresh-state"),
    ]
    for arguments in [
      ["check", "--read-data"], ["restore", "latest", "--target", place.path("out")],
    ] {
      let outcome = try place.start(
        arguments + ["--repo", place.path("mirror")],
        changing: fresh
      ).wait()
      #expect(outcome.status == 0, "\(outcome)")
    }
    try place.requireEqual("source", "out")
  }

  @Test(arguments: zip([0, 1, 3], ["cut", "flipped", "flipped"]))
  func `a damaged record is given up, and everything else is whole and goes on`(
    _ number: Int,
    _ how: String
  ) throws {
    let lost = snapshots[number]
    try lose(lost, how)
    let found = try run("check", status: 20)
    for words in ["records/\(lost.prefix(8))", "--repair-from COPY", "kist check --repair`"] {
      #expect(found.errors.contains(words), "\(found)")
    }
    #expect(!found.errors.contains("Back up the same files"), "\(found)")
    let keyless = try run("check", "--without-key", status: 20)
    #expect(keyless.errors.contains("with the password"), "\(keyless)")
    let mended = try run("check", "--repair")
    #expect(mended.errors.contains("given up: record \(lost.prefix(8))"), "\(mended)")
    #expect(mended.output.contains("in order again"), "\(mended)")
    #expect(try !place.files(below: "repository/records").contains(file(lost)))
    try requireOrder(without: [lost])
  }

  @Test func `two at once are given up, one of them gone without a trace, in one record`() throws {
    try lose(snapshots[1], "gone")
    try lose(snapshots[3], "empty")
    let before = try place.files(below: "repository/records").count
    let mended = try run("check", "--repair", "--json")
    let repaired = try JSON.lines(mended.output).first { $0["records_given_up"] != nil }
    #expect(try JSON.number(try #require(repaired), "records_given_up") == 2, "\(mended)")
    // One is written, one damaged file is removed.
    #expect(try place.files(below: "repository/records").count == before)
    try requireOrder(without: [snapshots[1], snapshots[3]])
  }

  @Test func `a newest record that nobody removed is needed for no backup any more`() throws {
    try lose(snapshots[3], "flipped")
    let refused = try run("backup", place.path("source"), status: 20)
    #expect(refused.errors.contains("`kist check --repair` names it and gives it up"), "\(refused)")
    // Another machine has seen it too.
    _ = try run("check", "--repair", machine: "other")
    _ = try run("backup", "--quiet", place.path("source"))
    try place.requireClean()
  }

  @Test func `a record that was seen and is gone without a trace is an older copy, and stays told`()
    throws
  {
    try lose(snapshots[3], "gone")
    let before = try place.files(below: "repository")
    #expect(try run("check", "--repair", status: 23).errors.contains("older than"))
    // An older one that is damaged too does not make it damage.
    try lose(snapshots[1], "flipped")
    let refused = try run("check", "--repair", status: 23)
    #expect(refused.errors.contains("older than"), "\(refused)")
    #expect(try place.files(below: "repository") == before)
    // A machine that never saw it has nothing to compare with.
    _ = try run("check", "--repair", machine: "other")
    _ = try run("check", machine: "other")
    _ = try run("backup", "--quiet", place.path("source"), status: 23)
  }

  @Test func `an older mirror takes what comes, keeps what it has, and gives it back`() throws {
    let mirror = place.path("older")
    _ = try run("mirror", "push", "--init", "--quiet", mirror)
    for lost in [snapshots[1], snapshots[3]] { try lose(lost, "flipped") }
    _ = try run("check", "--repair")
    try place.fill("source/late", files: 2, bytes: 9000, seed: 9)
    _ = try run("backup", "--quiet", place.path("source"))
    #expect(try place.snapshotIDs().count == 3)
    _ = try run("mirror", "push", "--quiet", mirror)
    _ = try run("check", "--read-data", "--repo", mirror)
    _ = try run("mirror", "pull", "--quiet", mirror)
    #expect(try Set(place.snapshotIDs()).isSuperset(of: snapshots))
    try place.requireClean("--read-data")
    _ = try run("mirror", "push", "--init", "--quiet", place.path("next"))
    _ = try run("check", "--read-data", "--repo", place.path("next"))
  }

  @Test func `a mirror that lacks a parent is refused with what to do, and taken after the repair`()
    throws
  {
    try lose(snapshots[1], "gone")
    let refused = try run("mirror", "push", "--init", place.path("mirror"), status: 22)
    #expect(refused.errors.contains("Run `kist check` on the repository that gives"), "\(refused)")
    _ = try run("check", "--repair")
    let server =
      "pipe:KIST_CACHE_DIR='\(place.path("there"))' exec '\(Programs.kist)' serve --stdio "
      + "--role append --repo '\(place.path("mirror"))'"
    // What only adds may come to a mirror that nothing is removed from.
    _ = try run("mirror", "push", "--quiet", server)
    _ = try run("check", "--repo", place.path("mirror"))
  }

  @Test(arguments: ["flipped", "gone"])
  func `a lost enrolment is made good by the machine whose key it was`(_ how: String) throws {
    let mirror = place.path("older")
    _ = try run("mirror", "push", "--init", "--quiet", mirror)
    let all = try place.files(below: "repository/records").map { String($0.suffix(64)) }
    let enrolment = try #require(Set(all).subtracting(snapshots).first)
    try lose(enrolment, how)
    let found = try run("check", status: 20)
    #expect(found.errors.contains("let their writer sign"), "\(found)")
    #expect(try place.snapshotIDs().isEmpty)
    _ = try run("check", "--repair")
    try requireOrder(without: [])
    // The record that was lost comes back, and neither disturbs the other.
    _ = try run("mirror", "push", "--quiet", mirror)
    _ = try run("mirror", "pull", "--quiet", mirror)
    try place.requireClean()
    _ = try run("check", "--repo", mirror)
  }

  @Test func `what another machine signed counts again when that machine has written`() throws {
    _ = try run("backup", "--quiet", place.path("source"), machine: "other")
    let before = Set(try place.files(below: "repository/records").map { String($0.suffix(64)) })
    let theirs = try #require(Set(try place.snapshotIDs()).subtracting(snapshots).first)
    let sizes = try before.subtracting(snapshots).subtracting([theirs]).map {
      (id: $0, time: try FileManager.default.attributesOfItem(atPath: place.path(file($0))))
    }
    let newest = try #require(
      sizes.max {
        ($0.time[.modificationDate] as? Date ?? .distantPast)
          < ($1.time[.modificationDate] as? Date ?? .distantPast)
      }
    )
    _ = try run("backup", "--quiet", place.path("source"))
    try lose(newest.id, "flipped")
    let partly = try run("check", "--repair", status: 20)
    #expect(partly.errors.contains("count again when that machine"), "\(partly)")
    #expect(try !place.snapshotIDs().contains(theirs))
    _ = try run("check", "--read-data", status: 20)
    _ = try run("backup", "--quiet", place.path("source"), machine: "other")
    #expect(try place.snapshotIDs().contains(theirs))
    try place.requireClean("--read-data")
  }

  @Test func `tags that only a lost record said are gone, and the snapshot stays`() throws {
    let before = Set(try place.files(below: "repository/records"))
    _ = try run("tag", "add", "keep", "latest")
    let added = try #require(
      Set(try place.files(below: "repository/records")).subtracting(before).first
    )
    try lose(String(added.suffix(64)), "flipped")
    _ = try run("check", "--repair")
    #expect(try place.snapshotIDs() == snapshots)
    #expect(try JSON.array(run("snapshots", "--json", "--tag", "keep").output).isEmpty)
    try place.requireClean()
  }

  @Test func `a damaged file that is left over is told calmly, and goes with the next repair`()
    throws
  {
    try lose(snapshots[1], "flipped")
    let damaged = try place.bytes(file(snapshots[1]))
    _ = try run("check", "--repair")
    // As after a crash between the record and the removal.
    try place.write(damaged, to: file(snapshots[1]))
    for arguments in [["check"], ["check", "--without-key"]] {
      let told = try place.start(arguments).wait()
      #expect(told.status == 0 && told.errors.contains("damaged, and given up"), "\(told)")
    }
    _ = try run("backup", "--quiet", place.path("source"))
    // A copy that lacks it too is asked in vain, and that is no fault.
    _ = try run("mirror", "push", "--init", "--quiet", place.path("mirror"))
    _ = try run("check", "--repair-from", place.path("mirror"))
    let removed = try run("check", "--repair")
    #expect(removed.output.contains("removed: 1 damaged file"), "\(removed)")
    #expect(try !place.files(below: "repository/records").contains(file(snapshots[1])))
    #expect(try run("check").errors.isEmpty)
  }

  @Test func `a machine that holds its files keeps the damaged one, and the repair is done`() throws
  {
    try lose(snapshots[1], "flipped")
    let server =
      "pipe:KIST_CACHE_DIR='\(place.path("there"))' exec '\(Programs.kist)' serve --stdio "
      + "--role full --hold 30 --repo '\(place.repository)'"
    let mended = try run("check", "--repair", "--repo", server)
    #expect(mended.errors.contains("may not be removed there yet"), "\(mended)")
    #expect(try place.files(below: "repository/records").contains(file(snapshots[1])))
    _ = try run("check", "--repo", server)
    _ = try run("mirror", "push", "--init", "--quiet", place.path("mirror"))
  }

  @Test func `what a copy has comes back, and only what it lacks too is given up`() throws {
    let mirror = place.path("mirror")
    _ = try run("mirror", "push", "--init", "--quiet", mirror)
    _ = try run("backup", "--quiet", place.path("source"))
    let late = try #require(Set(try place.snapshotIDs()).subtracting(snapshots).first)
    for lost in [late, snapshots[1]] { try lose(lost, "flipped") }
    let mended = try run("check", "--repair-from", mirror, "--repair")
    #expect(mended.errors.contains("given up: record \(late.prefix(8))"), "\(mended)")
    #expect(!mended.errors.contains("given up: record \(snapshots[1].prefix(8))"), "\(mended)")
    #expect(try place.snapshotIDs() == snapshots)
    try place.requireClean()
  }

  @Test func `a copy of chosen snapshots gives up nothing`() throws {
    let copy = place.path("copy")
    _ = try run("mirror", "push", "--init", "--quiet", copy, snapshots[3])
    // It has one file of all records.
    let records = try #require(try place.files(below: "copy/records").first)
    try lose(String(records.suffix(64)), "flipped", of: "copy")
    let before = try place.files(below: "copy/records")
    #expect(try place.kist("check", "--repair", "--repo", copy).status != 0)
    #expect(try place.files(below: "copy/records") == before)
    _ = try run("check", "--repair-from", place.repository, "--repo", copy)
  }

  @Test func `of a file of all records only the damaged one is given up`() throws {
    _ = try run("mirror", "push", "--init", "--quiet", place.path("mirror"))
    try place.call("rm", "-rf", place.repository)
    try place.call("mv", place.path("mirror"), place.repository)
    let joint = try #require(try place.files(below: "repository/records").first)
    // Somewhere in it stands the record of each snapshot.
    try lose(String(joint.suffix(64)), "flipped")
    let mended = try run("check", "--repair")
    #expect(mended.output.contains("saved from damaged files: 4 records"), "\(mended)")
    #expect(try !place.files(below: "repository/records").contains(joint))
    let left = try place.snapshotIDs()
    #expect(left.count == 3 && Set(left).isSubset(of: snapshots))
    try requireOrder(without: Set(snapshots).subtracting(left))
  }

  @Test func `a file of all records that cannot be read at all is given up as one`() throws {
    _ = try run("mirror", "push", "--init", "--quiet", place.path("mirror"))
    try place.call("rm", "-rf", place.repository)
    try place.call("mv", place.path("mirror"), place.repository)
    let joint = try #require(try place.files(below: "repository/records").first)
    try lose(String(joint.suffix(64)), "empty")
    _ = try run("check", "--repair")
    try place.requireClean("--read-data")
    let saved = try run("backup", "--json", place.path("source"))
    #expect(try JSON.number(JSON.summary(saved.output), "data_added") < 20_000, "\(saved)")
    _ = try run("restore", "latest", "--target", place.path("out"))
    try place.requireEqual("source", "out")
    _ = try run("mirror", "push", "--init", "--quiet", place.path("next"))
    _ = try run("check", "--read-data", "--repo", place.path("next"))
  }
}
