package import CoreTypes
import Indexing
package import Repositories

/// What may be let go of the objects that are lost, and what holds their content now.
package struct Replacements: Sendable {
  /// Lost objects of which nothing is missing that a live snapshot needs, ascending.
  package var replaced: [ObjectID] = []
  /// Sound objects that hold what those held and is needed, ascending.
  package var holders: [ObjectID] = []
  /// Of the holders those that no record adds yet, ascending.
  package var unclaimed: [ObjectID] = []
  /// Lost objects that hold, or may hold, what nothing else here has, ascending.
  package var irreplaceable: [ObjectID] = []
}

/// Finds what took the place of objects that are damaged or missing: the same files, backed up again.
///
/// Source: Docs/model.md, rule 8; Docs/decisions/0027-letting-go.md.
package struct ReplacementSearch {
  private let repository: OpenRepository
  private let interruption: () -> Bool

  package init(repository: OpenRepository, interruption: @escaping () -> Bool) {
    self.repository = repository
    self.interruption = interruption
  }

  /// Sorts objects that the log requires and this store has lost.
  package func run(_ lost: [ObjectID]) throws(BrowsingError) -> Replacements {
    let known: [UInt64: ObjectID]
    do {
      try repository.proveCaches()
      known = try repository.catalog.known(lost)
    } catch {
      throw .repository(.index(error))
    }
    let state = try NeedState(repository: repository, unclaimed: .use)
    let content = try content(of: known, state)
    let unknown = Set(lost).subtracting(known.values)
    guard !unknown.isEmpty || !content.open.isEmpty else {
      return try sorted(lost, content.holders, irreplaceable: [], state)
    }
    guard let needs = try needs(state) else {
      let hidden = unknown.union(content.open.keys)
      return try sorted(lost, content.holders, irreplaceable: hidden, state)
    }
    var irreplaceable = Set(content.open.filter { !$0.value.isDisjoint(with: needs.missing) }.keys)
    var holders = content.holders
    if !needs.missing.isEmpty {
      irreplaceable.formUnion(unknown)
    } else if !unknown.isEmpty {
      let later = needs.objects.subtracting(try objectsBeneath(unknown))
      for object in unknown { holders[object] = later }
    }
    return try sorted(lost, holders, irreplaceable: irreplaceable, state)
  }

  private func sorted(
    _ lost: [ObjectID],
    _ holders: [ObjectID: Set<ObjectID>],
    irreplaceable: Set<ObjectID>,
    _ state: NeedState
  ) throws(BrowsingError) -> Replacements {
    var result = Replacements()
    result.irreplaceable = irreplaceable.sorted()
    result.replaced = lost.filter { !irreplaceable.contains($0) }.sorted()
    result.holders = result.replaced.reduce(into: Set()) { $0.formUnion(holders[$1] ?? []) }
      .sorted()
    do throws(IndexingError) {
      for holder in result.holders where try !state.isClaimed(holder) {
        result.unclaimed.append(holder)
      }
    } catch {
      throw .repository(.index(error))
    }
    return result
  }

  // MARK: Objects of which it is known what they held

  /// What is known of the content of lost objects.
  private struct LostContent {
    /// For each object those that hold its chunks now.
    var holders: [ObjectID: Set<ObjectID>] = [:]
    /// For each object its chunks that no sound object holds, if there are any.
    var open: [ObjectID: Set<ChunkID>] = [:]
  }

  private func content(
    of known: [UInt64: ObjectID],
    _ state: NeedState
  ) throws(BrowsingError) -> LostContent {
    var content = LostContent()
    var chosen: Set<ObjectID> = []
    guard !known.isEmpty else { return content }
    do throws(IndexingError) {
      try repository.catalog.forEachChunk(heldBy: Set(known.keys)) { chunk, places in
        let usable = try places.filter { try state.isUsable($0) }.map(\.object)
        // One that is named anyway keeps the record short.
        let holder = usable.first { chosen.contains($0) } ?? usable.first
        if let holder { chosen.insert(holder) }
        for place in places {
          guard let object = known[place.ordinal] else { continue }
          if let holder {
            content.holders[object, default: []].insert(holder)
          } else {
            content.open[object, default: []].insert(chunk)
          }
        }
      }
    } catch {
      throw .repository(.index(error))
    }
    return content
  }

  // MARK: Objects of which nothing is known

  /// What all live snapshots need, as far as it is here; `nil` if a folder of one cannot be read.
  private func needs(
    _ state: NeedState
  ) throws(BrowsingError) -> (objects: Set<ObjectID>, missing: Set<ChunkID>)? {
    var isWhole = true
    let snapshots = repository.openSnapshots { _ in isWhole = false }
    guard isWhole else { return nil }
    let source = try NodeSource(repository: repository, interruption: interruption)
    do {
      return try SnapshotNeeds(source: source, state: state).survey(of: snapshots)
    } catch {
      guard error.isDamage else { throw error }
      return nil
    }
  }

  /// Objects on which every record relies that relies on one of `lost`: those which the records that brought these had seen.
  ///
  /// Such a record protects them itself, so nothing need be said of them.
  private func objectsBeneath(_ lost: Set<ObjectID>) throws(BrowsingError) -> Set<ObjectID> {
    let log = repository.log
    var common: Set<RecordID>?
    do throws(RepositoryError) {
      for record in log.records.values {
        let adds = try RecordLog.adds(of: record, in: repository.store)
        guard adds.contains(where: lost.contains) else { continue }
        let seen = log.ancestors(of: record).union([record.id])
        common = common?.intersection(seen) ?? seen
      }
      var objects: Set<ObjectID> = []
      for id in common ?? [] {
        guard let record = log.records[id] else { continue }
        objects.formUnion(try RecordLog.adds(of: record, in: repository.store))
      }
      return objects
    } catch {
      throw .repository(error)
    }
  }
}
