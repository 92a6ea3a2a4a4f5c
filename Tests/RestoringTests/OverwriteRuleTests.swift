import CoreTypes
import Files
import Restoring
import Testing
import Trees

@Suite("Overwrite rule") struct OverwriteRuleTests {
  /// What is there: an old file of five bytes.
  private let place: Place
  private let existing: FileStatus

  init() throws {
    place = try Place()
    try place.write([1, 2, 3, 4, 5], to: "file")
    try place.folder.openForReading(Array("file".utf8))
      .setTimes(modification: Timestamp(seconds: 1000, nanoseconds: 5))
    existing = try place.status("file")
  }

  private func entry(
    _ kind: EntryKind = .file,
    seconds: Int64 = 1000,
    nanoseconds: UInt32 = 5,
    size: UInt64 = 5
  ) -> TreeEntry {
    var entry = TreeEntry(name: Array("file".utf8), kind: kind)
    entry.modified = EntryTime(seconds: seconds, nanoseconds: nanoseconds)
    if kind == .file { entry.size = size }
    return entry
  }

  @Test func `always compares content, whatever the time`() {
    for seconds: Int64 in [0, 1000, 2000] {
      let decision = OverwriteRule.always.decision(for: entry(seconds: seconds), existing: existing)
      #expect(decision == .compareContent)
    }
  }

  @Test func `if-changed trusts equal size and time, and nothing less`() {
    let rule = OverwriteRule.ifChanged
    #expect(rule.decision(for: entry(), existing: existing) == .trustContent)
    #expect(rule.decision(for: entry(nanoseconds: 6), existing: existing) == .compareContent)
    #expect(rule.decision(for: entry(size: 6), existing: existing) == .compareContent)
  }

  @Test func `if-newer keeps what is as new as the snapshot's, or newer`() {
    let rule = OverwriteRule.ifNewer
    #expect(rule.decision(for: entry(nanoseconds: 4), existing: existing) == .keep)
    #expect(rule.decision(for: entry(), existing: existing) == .keep)
    #expect(rule.decision(for: entry(nanoseconds: 6), existing: existing) == .compareContent)
  }

  @Test func `never keeps everything`() {
    for kind in [EntryKind.file, .symbolicLink, .fifo] {
      let decision = OverwriteRule.never.decision(
        for: entry(kind, seconds: 9000),
        existing: existing
      )
      #expect(decision == .keep)
    }
    #expect(!OverwriteRule.never.makesRoom(for: entry(.directory), existing: existing))
  }

  @Test func `another kind is replaced, and a folder is asked for`() throws {
    #expect(OverwriteRule.always.decision(for: entry(.fifo), existing: existing) == .replace)
    try place.folder.makeDirectory(Array("folder".utf8), mode: 0o700)
    let folder = try place.status("folder")
    #expect(OverwriteRule.always.decision(for: entry(), existing: folder) == .replaceFolder)
    #expect(OverwriteRule.always.makesRoom(for: entry(.directory), existing: existing))
    #expect(
      OverwriteRule.ifNewer.makesRoom(for: entry(.directory, seconds: 1001), existing: existing)
    )
    #expect(!OverwriteRule.ifNewer.makesRoom(for: entry(.directory), existing: existing))
  }

  @Test func `a file that a killed restore left is protected by no rule`() throws {
    try place.write([1, 2, 3], to: "unfinished", mode: UnfinishedMark.mode)
    let unfinished = try place.status("unfinished")
    #expect(UnfinishedMark.isOn(unfinished, for: entry(seconds: 0)))
    for rule in OverwriteRule.allCases {
      let decision = rule.decision(for: entry(seconds: 0), existing: unfinished)
      #expect(decision == .compareContent, "\(rule)")
    }
    // It has its time, and not yet its mode.
    var whole = entry()
    whole.modified = PointInTime(
      seconds: unfinished.modification.seconds,
      nanoseconds: unfinished.modification.nanoseconds
    )
    #expect(OverwriteRule.never.decision(for: whole, existing: unfinished) == .compareContent)
    whole.mode = UnfinishedMark.mode
    #expect(OverwriteRule.never.decision(for: whole, existing: unfinished) == .keep)
    // With a second name somebody else has made it his.
    try place.folder.makeHardLink(
      from: Array("unfinished".utf8),
      to: place.folder,
      Array("other".utf8)
    )
    let linked = try place.status("unfinished")
    #expect(OverwriteRule.never.decision(for: entry(seconds: 0), existing: linked) == .keep)
  }
}
