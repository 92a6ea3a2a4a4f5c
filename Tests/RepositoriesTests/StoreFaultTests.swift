import CoreTypes
import Packing
import Sealing
import Storage
import TestSupport
import Testing

@testable import Repositories

/// Every call to a store fails in turn, in every way, once or from then on.
@Suite("Stores whose calls fail")
struct StoreFaultTests {
  private let root = Root()
  private let keyring: Keyring
  private let objects: [SealedObject]
  private let configuration: [UInt8]

  init() throws {
    keyring = try makeDataKey()
    configuration = root.configuration.encoded(rootKey: root.key)
    let naming = keyring.currentIdentityKey
    var sealer = try ObjectSealer(
      key: keyring.currentDataKey,
      identityKey: naming.id,
      compression: .off
    )
    objects = try (1...4).map { number in
      let content = [UInt8](repeating: UInt8(number), count: 100 * number)
      return try sealer.seal(
        kind: .data,
        chunkIDs: [naming.chunkID(of: content.span, kind: .data)],
        lengths: [content.count],
        plaintext: content.span
      ).named()
    }
  }

  /// What is written: a pack of some objects, a manifest, and the record that names them.
  private struct Work {
    let objects: [SealedObject]
    let manifest: [UInt8]
    let record: Record

    var manifestName: BlobName { BlobName(.manifest, PlainHash.of(manifest)) }

    /// Does everything in its order; true if the record was committed.
    func run(in store: any BlobStore) throws -> Bool {
      var writer = try PackWriter(in: store)
      for object in objects { try writer.append(object) }
      let pack = try writer.finish()
      try store.put(manifest, as: manifestName)
      try store.confirm([BlobName(.pack, pack.id.digest), manifestName])
      let digest = record.id.digest
      return try store.commit(record.bytes, as: digest, knowing: []) == .done
    }
  }

  private func work(_ random: inout SplitMix64) throws -> Work {
    let chosen = Array(objects.shuffled(using: &random).prefix(1 + Int(random.next() % 3)))
    let manifest = Manifest.encode(chosen.map(\.id).sorted()[...])
    var clear = RecordClear(
      repository: root.configuration.repositoryID,
      writer: try writer(root.key),
      sequence: 1,
      parents: [],
      kind: .snapshot,
      time: someTime
    )
    clear.adds = chosen.map(\.id).sorted()
    clear.addManifests = [PlainHash.of(manifest)]
    let key = keyring.currentDataKey
    return Work(
      objects: chosen,
      manifest: manifest,
      record: try Record(signing: clear, content: [1], key: key, signer: root.key)
    )
  }

  private func emptyStore() throws -> MemoryStore {
    let id = try #require(StoreID([UInt8](repeating: 1, count: 16)))
    return MemoryStore(id: id, configuration: configuration)
  }

  /// Requires that all that has a name is whole, and that a record has what it names.
  private func requireWhole(_ store: MemoryStore, _ work: Work, _ what: () -> String) throws {
    let packs = try store.names(of: .pack)
    for pack in packs {
      let report = try PackVerifier(store: store, keyring: nil).verify(PackID(pack))
      if !report.findings.isEmpty { Issue.record("\(what()): \(report.findings)") }
    }
    for record in try store.names(of: .record) {
      let isWhole =
        try record == work.record.id.digest && packs.count == 1
        && store.names(of: .manifest) == [work.manifestName.digest]
      if !isWhole { Issue.record("\(what()): a record lacks what it names") }
    }
  }

  @Test func `what was committed is there, what has a name is whole, and the next run is done`()
    throws
  {
    var random = SplitMix64(seed: TestSeed.make(for: "calls that write"))
    let planned = Cases.planned(16_000)
    var count = 0
    while count < planned {
      let work = try work(&random)
      for fault in FailingCallStore.Fault.allCases {
        for extent in FailingCallStore.Extent.allCases {
          var call = 0
          while true {
            let memory = try emptyStore()
            let failing = FailingCallStore(over: memory, fault, extent, atCall: call)
            let what = { "\(fault), \(extent), call \(call)" }
            var isDone = false
            do {
              isDone = try work.run(in: failing)
            } catch is StorageError {
              // An error that says so is what is expected.
            } catch is PackingError {
              // As above.
            }
            try requireWhole(memory, work, what)
            let isThere = try memory.names(of: .record).count == 1
            #expect(isThere || !isDone)
            guard failing.hasFailed else {
              #expect(isDone)
              break
            }
            #expect(!isDone, "\(what())")
            let again = try work.run(in: memory)
            #expect(again || isThere, "\(what())")
            try requireWhole(memory, work, what)
            count += 1
            call += 1
          }
          #expect(call >= 8, "\(call) calls")
        }
      }
    }
    Cases.tell(.faults, count, "calls that write, each of every run")
  }

  @Test func `what cannot be read is told, and neither taken for damage nor for nothing`() throws {
    var random = SplitMix64(seed: TestSeed.make(for: "calls that read"))
    let planned = Cases.planned(14_000)
    var count = 0
    while count < planned {
      let work = try work(&random)
      let memory = try emptyStore()
      #expect(try work.run(in: memory))
      let pack = PackID(try #require(try memory.names(of: .pack).first))
      for fault in FailingCallStore.Fault.allCases {
        for extent in FailingCallStore.Extent.allCases {
          var call = 0
          while true {
            let failing = FailingCallStore(over: memory, fault, extent, atCall: call)
            let report = try PackVerifier(store: failing, keyring: keyring).verify(pack)
            guard failing.hasFailed else {
              #expect(report.findings.isEmpty && report.objectCount == work.objects.count)
              break
            }
            // A stretch that cannot be read at once is read piece by piece.
            if report.findings.isEmpty { #expect(report.objectCount == work.objects.count) }
            if fault != .short {
              let isTold = report.findings.allSatisfy { !$0.isDamage } && report.lost.isEmpty
              #expect(isTold, "\(fault), \(extent), call \(call): \(report.findings)")
            }
            count += 1
            call += 1
          }
          #expect(call >= 4, "\(call) calls")
          for call in 0..<2 {
            let failing = FailingCallStore(over: memory, fault, extent, atCall: call)
            do throws(RepositoryError) {
              let log = try RecordLog(store: failing, configuration: root.configuration)
              #expect(log.records.isEmpty && log.findings.count == 1, "\(fault), call \(call)")
            } catch {
              if case .storage = error {} else { Issue.record("\(error)") }
            }
            #expect(failing.hasFailed)
            count += 1
          }
        }
      }
    }
    Cases.tell(.faults, count, "calls that read")
  }
}
