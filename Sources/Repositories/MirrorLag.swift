package import CoreTypes
import Indexing
import Packing

/// What another store lacks of this one, as far as the frontier that it was seen with tells.
package struct MirrorLag: Equatable, Sendable {
  /// Live snapshots.
  package var snapshots = 0
  /// Records of any kind.
  package var records = 0
  /// Those of them that are no snapshots.
  package var otherRecords = 0
  /// Objects that those records add and the log requires.
  package var objects = 0
  /// Heads and bodies of those objects that are here.
  package var bytes = 0

  package init() {}

  /// What a copy of chosen snapshots lacks: new snapshots were never promised by it.
  package var ofChosenSnapshots: MirrorLag {
    var lag = MirrorLag()
    lag.records = otherRecords
    lag.otherRecords = otherRecords
    return lag
  }
}

extension KeylessRepository {
  /// What a store lacks that holds these records and their ancestors, and nothing else of this log.
  package func lag(behind frontier: [RecordID]) throws(RepositoryError) -> MirrorLag {
    let log = log
    var held: Set<RecordID> = []
    var pending = frontier
    while let id = pending.popLast() {
      guard held.insert(id).inserted, let record = log.records[id] else { continue }
      pending += record.clear.parents
    }
    var lag = MirrorLag()
    let missing = log.records.values.filter { !held.contains($0.id) }
    guard !missing.isEmpty else { return lag }
    lag.records = missing.count
    lag.otherRecords = missing.count { $0.clear.kind != .snapshot }
    lag.snapshots = log.snapshots.count { !held.contains($0.id) }
    let required = try required()
    var objects: Set<ObjectID> = []
    for record in missing {
      let replaced = record.clear.kind == .condemnation ? record.clear.replaces : []
      for object in try RecordLog.adds(of: record, in: store) + replaced
      where required.requires(named: object) && objects.insert(object).inserted {
        do {
          guard let place = try index.location(of: object)?.place else { continue }
          lag.bytes += place.headByteCount + place.bodyByteCount
        } catch {
          throw .index(error)
        }
      }
    }
    lag.objects = objects.count
    return lag
  }
}
