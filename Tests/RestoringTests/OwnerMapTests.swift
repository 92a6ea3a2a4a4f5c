import CoreTypes
import Files
import Restoring
import Synchronization
import Testing
import Trees

@Suite("Owners") struct OwnerMapTests {
  /// Collects what a writer reports.
  private final class Findings: Sendable {
    private let list = Mutex<[RestoreFinding]>([])
    func note(_ finding: RestoreFinding) { list.withLock { $0.append(finding) } }
    var all: [RestoreFinding] { list.withLock { $0 } }
  }

  private func entry(uid: UInt32, gid: UInt32, mode: UInt16) -> TreeEntry {
    var entry = TreeEntry(name: Array("file".utf8), kind: .file)
    entry.uid = uid
    entry.gid = gid
    entry.mode = mode
    return entry
  }

  /// Applies an entry to a new file, and returns its status.
  private func apply(
    _ entry: TreeEntry,
    _ rule: OwnerRule,
    attributes: [EntryAttribute] = [],
    in place: Place,
    _ findings: Findings = Findings()
  ) throws -> FileStatus {
    let file = try place.folder.createFile(Array("file".utf8), mode: 0o600)
    EntryWriter(owners: rule, report: findings.note)
      .apply(entry, attributes: attributes, toNew: file, made: nil, inherits: false) { [] }
    return try file.status()
  }

  private var me: (uid: UInt32, gid: UInt32) {
    (ProcessEnvironment.userID, ProcessEnvironment.groupID)
  }

  @Test func `users and groups are replaced as the map says`() throws {
    guard me.uid == 0 else { return }
    let place = try Place()
    var map = OwnerMap()
    map.map(user: 1000, to: 2000)
    map.map(group: 100, to: 200)
    let rule = OwnerRule(wish: .snapshot(map), userID: 0, groupID: 0)
    let status = try apply(entry(uid: 1000, gid: 100, mode: 0o4755), rule, in: place)
    #expect(status.uid == 2000)
    #expect(status.gid == 200)
    #expect(status.mode == 0o4755, "the owner it is meant for is the one on the map")
  }

  @Test func `without owners, setuid is given to nobody else`() throws {
    let place = try Place()
    let findings = Findings()
    let rule = OwnerRule(wish: .restorer, userID: me.uid, groupID: me.gid)
    let status = try apply(
      entry(uid: me.uid &+ 5, gid: me.gid, mode: 0o6755),
      rule,
      in: place,
      findings
    )
    #expect(status.mode & 0o4000 == 0)
    #expect(status.uid == me.uid)
    #expect(
      findings.all.contains { finding in
        if case .specialBitsDropped = finding.reason { true } else { false }
      }
    )
  }

  @Test func `setuid of one's own file stays`() throws {
    let place = try Place()
    let rule = OwnerRule(wish: .restorer, userID: me.uid, groupID: me.gid)
    let status = try apply(entry(uid: me.uid, gid: me.gid, mode: 0o4711), rule, in: place)
    #expect(status.mode == 0o4711)
  }

  @Test func `an access control list follows the map`() throws {
    guard me.uid == 0 else { return }
    let place = try Place()
    func list(user: UInt8, group: UInt8) -> [UInt8] {
      func item(_ tag: UInt8, _ permissions: UInt8, _ number: [UInt8]) -> [UInt8] {
        [tag, 0, permissions, 0] + number
      }
      let nobody: [UInt8] = [255, 255, 255, 255]
      return [2, 0, 0, 0] + item(1, 6, nobody) + item(2, 4, [user, 0, 0, 0])
        + item(4, 4, nobody) + item(8, 4, [group, 0, 0, 0]) + item(0x10, 4, nobody)
        + item(0x20, 4, nobody)
    }
    var map = OwnerMap()
    map.map(user: 10, to: 20)
    map.map(group: 30, to: 40)
    let name = Array("system.posix_acl_access".utf8)
    _ = try apply(
      entry(uid: 0, gid: 0, mode: 0o644),
      OwnerRule(wish: .snapshot(map), userID: 0, groupID: 0),
      attributes: [EntryAttribute(name: name, value: list(user: 10, group: 30))],
      in: place
    )
    let found = try place.folder.openForReading(Array("file".utf8)).extendedAttributes()
      .first { $0.name == name }
    guard let found else { return }  // no lists on this file system
    #expect(found.value == list(user: 20, group: 40))
  }

  @Test(arguments: [[], [2, 0, 0, 0, 1], [3, 0, 0, 0], [UInt8](repeating: 2, count: 13)])
  func `a list that is none is left as it is`(value: [UInt8]) throws {
    // Through the package's front: what is malformed must neither trap nor become something else.
    let place = try Place()
    var map = OwnerMap()
    map.map(user: 2, to: 3)
    let findings = Findings()
    _ = try apply(
      entry(uid: me.uid, gid: me.gid, mode: 0o600),
      OwnerRule(wish: .snapshot(map), userID: me.uid, groupID: me.gid),
      attributes: [EntryAttribute(name: Array("system.posix_acl_access".utf8), value: value)],
      in: place,
      findings
    )
    #expect(try place.status("file").mode == 0o600)
  }

  @Test func `attributes that the snapshot lacks go, and those of the machine stay`() throws {
    let place = try Place()
    let file = try place.folder.createFile(Array("file".utf8), mode: 0o600)
    do {
      try file.setExtendedAttribute(Array("user.old".utf8), [1])
    } catch {
      return  // no attributes on this file system
    }
    let writer = EntryWriter(
      owners: OwnerRule(wish: .restorer, userID: me.uid, groupID: me.gid)
    ) { _ in }
    let wanted = [EntryAttribute(name: Array("user.new".utf8), value: [2])]
    let entry = entry(uid: me.uid, gid: me.gid, mode: 0o640)
    let isChanged = writer.apply(
      entry,
      attributes: wanted,
      to: file,
      current: try file.status()
    ) { [] }
    #expect(isChanged)
    let names = try file.extendedAttributes().map { String(decoding: $0.name, as: UTF8.self) }
      .filter { $0.hasPrefix("user.") }
    #expect(names == ["user.new"])
    let isChangedAgain = writer.apply(
      entry,
      attributes: wanted,
      to: file,
      current: try file.status()
    ) { [] }
    #expect(!isChangedAgain, "what is right is left alone")
  }
}
