import Chunking
import TestSupport
import Backups
import CoreTypes
import Foundation
import Repositories
import Sealing
import Sodium
import Storage
import Testing

/// A repository that is opened without the cost of a passphrase, through a store that fails at a chosen step.
private struct Rig {
  let workshop: Workshop
  let client: Client
  let key = RecoveryKey()
  let source: String

  init() throws {
    workshop = try Workshop()
    client = Client(workshop: workshop, name: "a")
    _ = try RepositoryCreation.create(
      at: workshop.path + "/repository",
      secret: .recoveryKey(key.secret),
      note: KeySlot.Note(label: "test", made: PointInTime(seconds: 0)),
      chunking: .standard,
      time: PointInTime(seconds: 0)
    )
    source = try workshop.folder("source")
    for number in 0..<40 {
      try workshop.write(
        Array(repeating: UInt8(number), count: 4000 + number),
        to: "source/\(number)"
      )
    }
  }

  func open(_ wrap: (any BlobStore) -> any BlobStore = { $0 }) throws -> OpenRepository {
    let store = try DirectoryStore(path: workshop.path + "/repository")
    return try UnlockedRepository(store: wrap(store), secret: .recoveryKey(key.secret))
      .open(folders: client.folders)
  }

  /// Something new in each round, in a file of its own and in one that changes.
  func change(_ round: Int) throws {
    try workshop.write(Array("round \(round)".utf8), to: "source/changing")
    try workshop.write(Array(repeating: 200, count: 5000 + round), to: "source/new-\(round)")
  }
}

@Suite("Runs that are cut short") struct CrashTests {
  /// Backs up with a fault at each step in turn, until a run has no such step; says how many steps there were.
  private func tryEveryStep(_ fault: FaultyStore.Fault) throws -> Int {
    let rig = try Rig()
    try rig.client.backup(try rig.open(), [rig.source])
    var reported: [RecordID] = []
    for step in 0..<60 {
      try rig.change(step)
      var faulty: FaultyStore?
      do {
        let repository = try rig.open { store in
          let made = FaultyStore(over: store, fault, atStep: step)
          faulty = made
          return made
        }
        reported.append(try rig.client.backup(repository, [rig.source]).snapshot)
      } catch {
        // What matters is what the store holds now.
      }
      let repository = try rig.open()
      let present = Set(repository.log.snapshots.map(\.id))
      for snapshot in reported { #expect(present.contains(snapshot), "\(fault) at step \(step)") }
      let report = try rig.client.check(repository)
      #expect(report.findings.isEmpty, "\(fault) at step \(step): \(report.findings)")
      if let count = faulty?.stepCount, count <= step {
        // The last run met no fault: it is whole, and so is what it says.
        _ = try rig.client.restore(repository, "latest", to: rig.workshop.path + "/restored")
        #expect(
          try contents(of: rig.workshop.path + "/restored") == contents(of: rig.source)
        )
        return step
      }
    }
    return 60
  }

  @Test(
    arguments: [
      FaultyStore.Fault.crashBefore, .crashAfter, .noSpace, .unconfirmedBefore, .unconfirmedAfter,
    ]
  )
  func `a fault at any step loses no reported snapshot, and the next run needs no repair`(
    fault: FaultyStore.Fault
  ) throws {
    let steps = try tryEveryStep(fault)
    // A pack's header, stub and body, heads, trailer, its name; the record.
    #expect(steps >= 7)
    #expect(steps < 60)
  }
}
