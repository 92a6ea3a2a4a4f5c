import Foundation
import Glibc
import TestSupport
import Testing

/// Machines that receive and are killed at any moment.
@Suite("Resuming after a kill", .serialized)
struct ResumeTests {
  /// 16 MiB: less than a pack, so that nothing has its name before the end.
  private static let byteCount = 16 << 20

  private func makePlace() throws -> Place {
    let place = try Place()
    try place.initialize(key: .recovery)
    try place.call("mkdir", place.path("source"))
    for number in 0..<16 {
      try place.call(
        "dd",
        "if=/dev/urandom",
        "of=" + place.path("source/\(number)"),
        "bs=1M",
        "count=1",
        "iflag=fullblock",
        "status=none"
      )
    }
    return place
  }

  /// A command that serves a folder, and notes its process.
  private func serve(_ place: Place, _ folder: String) -> String {
    "echo $$ > '\(place.path("pid"))'; exec '\(Programs.kist)' serve --stdio --repo '\(place.path(folder))'"
  }

  /// Waits until so much lies in `tmp` there, and kills what serves; the bytes that had reached the disk.
  private func kill(
    _ running: Running,
    of place: Place,
    _ folder: String,
    at byteCount: Int
  ) throws -> Int {
    while running.isRunning, try unfinished(place, folder) < byteCount { usleep(2000) }
    let text = String(decoding: try place.bytes("pid"), as: UTF8.self)
    let id = try #require(pid_t(text.trimmingCharacters(in: .whitespacesAndNewlines)))
    if running.isRunning { Glibc.kill(id, SIGKILL) }
    let outcome = try running.wait()
    #expect(outcome.status != 0, "\(outcome)")
    return try unfinished(place, folder)
  }

  private func unfinished(_ place: Place, _ folder: String) throws -> Int {
    let path = place.path(folder) + "/tmp"
    guard FileManager.default.fileExists(atPath: path) else { return 0 }
    var sum = 0
    for name in try FileManager.default.contentsOfDirectory(atPath: path)
    where !name.hasSuffix(".heads") {
      var status = stat()
      if unsafe stat(path + "/" + name, &status) == 0 { sum += Int(status.st_size) }
    }
    return sum
  }

  @Test func `a mirror that is killed is sent what had not reached its disk, and no more`() throws {
    let place = try makePlace()
    let backup = try place.kist("backup", "--quiet", place.path("source"))
    try #require(backup.status == 0, "\(backup)")
    var reached: [Int] = []
    for goal in [1 << 20, 4 << 20, 9 << 20] {
      let push = try place.start([
        "mirror", "push", "--init", "--limit-upload", "6M", "--via", serve(place, "mirror"),
      ])
      reached.append(try kill(push, of: place, "mirror", at: goal))
      let listed = try place.files(below: "mirror/records")
      #expect(listed.isEmpty, "nothing half is visible")
    }
    let last = try place.kist(
      "mirror",
      "push",
      "--json",
      "--via",
      serve(place, "mirror")
    )
    try #require(last.status == 0, "\(last)")
    let sent = try #require(try JSON.summary(last.output)["sent"] as? [String: Any])
    let bytes = try JSON.number(sent, "bytes")
    print("reached the disk: \(reached); sent in the end: \(bytes)")
    // The object of which a part was there, and the block of 1 MiB in memory are lost in each round.
    #expect(bytes + (9 << 20) < Self.byteCount + (4 << 20))
    try place.requireClean("--repo", place.path("mirror"), "--without-key", "--read-data")
    #expect(try place.files(below: "mirror/tmp").isEmpty)
  }

  @Test func `a backup to a server that is killed goes on from what had reached its disk`() throws {
    let place = try makePlace()
    let repository = "pipe:" + serve(place, "repository")
    let backup = try place.start([
      "backup", "--repo", repository, "--limit-upload", "6M", place.path("source"),
    ])
    let reached = try kill(backup, of: place, "repository", at: 8 << 20)
    #expect(try place.files(below: "repository/packs").isEmpty)
    let again = try place.kist(
      "backup",
      "--repo",
      repository,
      "--json",
      place.path("source")
    )
    try #require(again.status == 0, "\(again)")
    let stored = try JSON.number(try JSON.summary(again.output), "data_stored")
    print("reached the disk: \(reached); stored in the end: \(stored)")
    // Up to four packs are filled at once: of each, the last block and object.
    #expect(stored < Self.byteCount - (2 << 20))
    try place.requireClean("--read-data")
    #expect(try place.kist("restore", "latest", "--target", place.path("out")).status == 0)
    try place.requireEqual("source", "out")
  }
}
