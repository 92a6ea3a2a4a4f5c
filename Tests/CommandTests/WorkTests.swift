import Foundation
import Testing

/// What a run of `kist` asked of the kernel: counted, so that it is the same on any machine.
///
/// Source: proc_pid_io(5); a process has the counts of the children that it waited for.
private struct Work: CustomStringConvertible {
  /// Of files, pipes and sockets; listing folders and asking for a status are not among them.
  let readCalls: Int
  let writeCalls: Int
  let bytesRead: Int
  let bytesWritten: Int

  func isWithin(reads: Int, of read: Int, writes: Int, of written: Int) -> Bool {
    readCalls <= reads && bytesRead <= read && writeCalls <= writes && bytesWritten <= written
  }

  var description: String {
    "\(readCalls) reads of \(bytesRead) bytes, \(writeCalls) writes of \(bytesWritten) bytes"
  }
}

@Suite(
  "Work of a run",
  .enabled(if: FileManager.default.isReadableFile(atPath: "/proc/self/io"), "no /proc/self/io")
)
struct WorkTests {
  private func work(_ place: Place, _ arguments: String...) throws -> Work {
    let count = "while read key value; do echo \"$key $value\"; done < /proc/$$/io"
    let line = "\(count); \"$@\" > /dev/null || exit; \(count)"
    let outcome = try place.run(["/bin/sh", "-c", line, "sh", Programs.kist] + arguments)
    try #require(outcome.status == 0, "\(outcome)")
    var counts: [String: [Int]] = [:]
    for line in outcome.output.split(separator: "\n") {
      let words = line.split(separator: " ")
      counts[String(words[0]), default: []].append(try #require(Int(words[1])))
    }
    func difference(_ key: String) throws -> Int {
      let values = try #require(counts[key + ":"])
      return values[1] - values[0]
    }
    return Work(
      readCalls: try difference("syscr"),
      writeCalls: try difference("syscw"),
      bytesRead: try difference("rchar"),
      bytesWritten: try difference("wchar")
    )
  }

  // About a quarter above what was counted; 1,000 files of 4,000 bytes, and one of 4 MiB.
  @Test func `backup, restore and check ask no more of the kernel than they did`() throws {
    let place = try Place()
    try place.initialize()
    // Opening the repository alone, and the caches that the first command makes.
    _ = try work(place, "snapshots")
    let opening = try work(place, "snapshots")
    #expect(opening.isWithin(reads: 220, of: 60_000, writes: 20, of: 2000), "\(opening)")
    try place.fill("source", files: 1000, bytes: 4000, seed: 7)
    try place.write([UInt8](repeating: 0, count: 4 << 20), to: "source/zeros")
    // A file counts as unchanged if it had been left alone for two seconds before it was read.
    Pause.seconds(2.5)
    let first = try work(place, "backup", place.path("source"))
    #expect(first.isWithin(reads: 2600, of: 8_600_000, writes: 90, of: 5_000_000), "\(first)")
    let unchanged = try work(place, "backup", place.path("source"))
    #expect(unchanged.isWithin(reads: 260, of: 80_000, writes: 50, of: 80_000), "\(unchanged)")
    try place.write([1, 2, 3], to: "source/part-7/file-355")
    Pause.seconds(2.5)
    let changed = try work(place, "backup", place.path("source"))
    #expect(changed.isWithin(reads: 270, of: 90_000, writes: 80, of: 240_000), "\(changed)")
    let restored = try work(place, "restore", "latest", "--target", place.path("out"))
    #expect(
      restored.isWithin(reads: 260, of: 4_600_000, writes: 1150, of: 8_400_000),
      "\(restored)"
    )
    let checked = try work(place, "check", "--read-data")
    #expect(checked.isWithin(reads: 280, of: 4_700_000, writes: 30, of: 30_000), "\(checked)")
  }
}
