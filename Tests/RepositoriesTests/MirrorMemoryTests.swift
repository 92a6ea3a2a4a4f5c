import CoreTypes
import Foundation
import Repositories
import Sodium
import Testing

@Suite("Memory of mirrors")
struct MirrorMemoryTests {
  /// A folder that goes when the test is over.
  private final class Folder {
    let path = NSTemporaryDirectory() + "kist-memory-" + UUID().uuidString

    deinit { _ = try? FileManager.default.removeItem(atPath: path) }
  }

  private let folder = Folder()
  private let repository = RepositoryID(Digest(words: 1, 2, 3, 4))
  private var memory: MirrorMemory {
    MirrorMemory(stateFolder: folder.path, repository: repository)
  }

  private func note(_ destination: String) -> MirrorNote {
    var note = MirrorNote(destination: destination)
    note.meet(mark: [UInt8](repeating: 7, count: 16), at: PointInTime(seconds: 100, nanoseconds: 1))
    note.learn(
      frontier: [RecordID(Digest(words: 9, 8, 7, 6)), RecordID(Digest(words: 9, 9, 9, 9))],
      extraRecords: 3,
      at: PointInTime(seconds: 101)
    )
    note.lastAttempt = PointInTime(seconds: 99, nanoseconds: 999_999_999)
    note.lastSuccess = PointInTime(seconds: -5)
    note.failure = "it went away\nwith \u{1B}[31m"
    note.reported = Verification(time: 50, extent: .part)
    return note
  }

  private func files(_ kind: String) throws -> [String] {
    let path = "\(folder.path)/\(repository)/\(kind)"
    return try FileManager.default.contentsOfDirectory(atPath: path).map { path + "/" + $0 }
  }

  @Test func `asking makes nothing, and what is kept comes back`() throws {
    #expect(try memory.mirrors().notes.isEmpty)
    #expect(try memory.mirror("/a") == nil)
    #expect(try memory.checks(ofStoreMarked: [UInt8](repeating: 1, count: 16)) == nil)
    #expect(!FileManager.default.fileExists(atPath: folder.path))
    let (first, second) = (note("/b"), MirrorNote(destination: "/a"))
    try memory.keep(first)
    try memory.keep(second)
    #expect(try memory.mirrors().notes == [second, first])
    #expect(try memory.mirror("/b") == first)
    #expect(try memory.forget("/b"))
    #expect(try !memory.forget("/b"))
    #expect(try memory.mirror("/b") == nil)
  }

  @Test func `a long reason is cut and stays readable`() throws {
    var note = MirrorNote(destination: "/a")
    note.failure = String(repeating: "äöü", count: 50_000)
    try memory.keep(note)
    let kept = try #require(try memory.mirror("/a")?.failure)
    #expect(kept.hasPrefix("äöüäöü"))
  }

  @Test func `every changed byte and every shorter file counts as absent and is told`() throws {
    try memory.keep(note("/a"))
    let path = try #require(try files("mirrors").first)
    let whole = try Data(contentsOf: URL(fileURLWithPath: path))
    var damaged: [Data] = whole.indices.map { index in
      var copy = whole
      copy[index] ^= 0x10
      return copy
    }
    damaged += whole.indices.map { whole[..<$0] }
    damaged.append(Data(repeating: 0, count: 1 << 18))
    for bytes in damaged {
      try bytes.write(to: URL(fileURLWithPath: path))
      #expect(try memory.mirror("/a") == nil)
      #expect(try memory.damagedMirror("/a") == path)
      let read = try memory.mirrors()
      #expect(read.notes.isEmpty && read.damaged == [path])
    }
    try memory.keep(note("/a"))
    #expect(try memory.mirrors().damaged.isEmpty)
    #expect(try memory.damagedMirror("/a") == nil && memory.damagedMirror("/b") == nil)
  }

  @Test func `another store at the same place makes what was known void`() {
    var note = note("/a")
    note.meet(mark: [], at: PointInTime(seconds: 200))
    #expect(note.frontier != nil)
    note.meet(mark: [UInt8](repeating: 8, count: 16), at: PointInTime(seconds: 201))
    #expect(note.frontier == nil && note.lastSuccess == nil && note.reported == nil)
    #expect(note.lastContact == PointInTime(seconds: 201) && note.destination == "/a")
  }

  @Test func `of two names the later word counts, within one second too`() {
    var (first, second) = (note("/a"), note("/b"))
    let later = PointInTime(seconds: 101, nanoseconds: 1)
    second.learn(frontier: [], extraRecords: 0, at: later)
    second.lastAttempt = PointInTime(seconds: 100)
    second.failure = nil
    let order = NoteOrder(now: PointInTime(seconds: 1000))
    for joined in [
      first.joined(with: second, in: order), second.joined(with: first, in: order),
    ] {
      #expect(joined.frontier == [] && joined.knownAt == later && joined.failure == nil)
    }
    first.lastAttempt = nil
    #expect(first.joined(with: second, in: order).failure == nil)
  }

  @Test func `a moment that has not come yet is no last word, and beats none at all`() {
    let order = NoteOrder(now: PointInTime(seconds: 1000))
    let (past, present) = (PointInTime(seconds: 5), PointInTime(seconds: 1000))
    let (ahead, further) = (
      PointInTime(seconds: 1000, nanoseconds: 1), PointInTime(seconds: Int64.max)
    )
    for known in [past, present] {
      for strange in [ahead, further] {
        #expect(order.is(known, laterThan: strange) && !order.is(strange, laterThan: known))
        #expect(order.is(strange, laterThan: nil) && !order.is(nil, laterThan: strange))
      }
    }
    #expect(order.is(present, laterThan: past) && order.is(further, laterThan: ahead))
    #expect(!order.is(ahead, laterThan: ahead))
    // Of two names, the one with the clock that was right counts.
    var (right, wrong) = (note("/a"), note("/b"))
    wrong.learn(frontier: [], extraRecords: 0, at: further)
    wrong.lastAttempt = further
    wrong.failure = nil
    for joined in [right.joined(with: wrong, in: order), wrong.joined(with: right, in: order)] {
      #expect(joined.frontier == right.frontier && joined.failure == right.failure)
    }
    #expect(wrong.isAhead(in: order) && !right.isAhead(in: order))
    right.meet(mark: [], at: ahead)
    #expect(right.isAhead(in: order))
  }

  @Test func `a fault stands until a check that looks at as much finds nothing`() throws {
    var note = CheckNote()
    note.enter(passed: Verification(time: 1, extent: .everything))
    #expect(note.wasReadAt == 1)
    note.enter(
      CheckNote.Fault(verification: Verification(time: 2, extent: .part), findingCount: 4)
    )
    note.enter(passed: Verification(time: 3, extent: .lists))
    #expect(note.fault?.findingCount == 4)
    let mark = [UInt8](repeating: 3, count: 16)
    try memory.keep(note, ofStoreMarked: mark)
    #expect(try memory.checks(ofStoreMarked: mark) == note)
    note.enter(passed: Verification(time: 4, extent: .everything))
    #expect(note.fault == nil && note.wasReadAt == 4)
    #expect(try memory.damagedChecks(ofStoreMarked: mark) == nil)
    let path = try #require(try files("checks").first)
    try Data([1]).write(to: URL(fileURLWithPath: path))
    #expect(try memory.checks(ofStoreMarked: mark) == nil)
    #expect(try memory.damagedChecks(ofStoreMarked: mark) == path)
  }
}
