import CoreTypes
import Repositories
import Sealing
import Storage

/// What a store is to hold by choice: rules 13 to 16 of Docs/model.md.
extension ReceivePlan {
  /// What is to be written under the commit lock besides records.
  struct PlannedHolding: Sendable {
    /// The file that the plan was made from; `nil` if there was none.
    let held: [UInt8]?
    /// Lists of that file.
    let heldLists: [Digest]
    /// What is to stand in the store; `nil` for everything.
    let selection: StoreSelection?
    /// Lists that records name, which must be there or stay there.
    let listsOfRecords: Set<Digest>
    /// True if the store is sound enough for lists to be removed.
    let mayRemove: Bool
  }

  /// What the store is to hold by choice, that which it holds already among it; `nil` for everything.
  func chosen() throws(MirrorError) -> (snapshots: [RecordID], objects: ChosenObjects)? {
    guard case .selection(let incoming) = aim else { return nil }
    var snapshots: [RecordID] = []
    var objects = ChosenObjects.none
    if case .selection(let own, let held) = repository.holding {
      snapshots = own.snapshots
      objects = held
    }
    guard let incoming else { return (snapshots, objects) }
    let more: ChosenObjects
    do {
      more = try ChosenObjects(of: incoming) { name in
        try manifests[name].map { Array($0) } ?? ChosenObjects.list(name, in: repository.store)
      }
    } catch let error as StorageError {
      throw .storage(error)
    } catch {
      throw .malformed("what the other end chose: \(error)")
    }
    // What is no snapshot here could only fill the list.
    snapshots += incoming.snapshots.filter { merged.log.records[$0]?.clear.kind == .snapshot }
    return (snapshots, objects.union(more))
  }

  /// Takes what the other end chose; throws if it cannot be.
  func requireSound(_ incoming: StoreSelection) throws(MirrorError) {
    do {
      try incoming.requireFits(merged.log)
    } catch {
      throw .malformed("what the other end chose: \(error)")
    }
  }

  /// What is to be held, its lists durable already; `nil` where nothing is chosen and nothing was.
  func plannedHolding() throws(MirrorError) -> PlannedHolding? {
    if case .everything = aim { return nil }
    var selection: StoreSelection?
    if let (snapshots, objects) = try chosen() {
      let wanted = StoreSelection(snapshots: snapshots, objects: objects)
      guard wanted.snapshots.count <= SelectionLimits.snapshots,
        wanted.lists.count <= SelectionLimits.lists
      else { throw .choiceRefused("more was chosen than a copy can list") }
      do {
        for (place, name) in wanted.lists.enumerated() {
          try repository.store.put(objects.list(place), as: BlobName(.manifest, name))
        }
      } catch {
        throw .storage(error)
      }
      selection = wanted
    }
    let held = repository.holding.selection
    // Where one of its lists is what is damaged, the file still names them.
    var lists = held?.lists
    if lists == nil {
      do {
        lists = try repository.store.readSelection().flatMap { StoreSelection(file: $0) }?.lists
      } catch {
        throw .storage(error)
      }
    }
    return PlannedHolding(
      held: held?.file,
      heldLists: lists ?? [],
      selection: selection,
      listsOfRecords: Set(merged.log.records.values.flatMap(\.clear.addManifests)),
      mayRemove: merged.log.findings.isEmpty
    )
  }

  /// Writes records and what the store is to hold, in the order in which nothing is promised before it is here.
  ///
  /// Called under the commit lock; `names` are the record files that are there. False if the store was changed meanwhile.
  func write(
    _ file: [UInt8],
    _ plan: PlannedHolding?,
    besides names: [Digest]
  ) throws(StorageError) -> Bool {
    let store = repository.store
    let current = try store.readSelection()
    switch aim {
    case .everything:
      // Rule 15: somebody may have made it a copy of chosen snapshots since it was opened.
      guard current == nil else { throw .selecting(location: store.location) }
      try put(file)
    case .whole:
      try put(file)
      // Behind the records: until then it promises less than it has.
      if current != nil { try store.writeSelection(nil) }
      if let plan { try sweepLists(of: plan) }
    case .selection:
      guard let plan else { return false }
      guard current != nil || names.isEmpty else {
        // Somebody made it whole meanwhile.
        throw .denied(location: store.location, what: "to choose what a whole copy holds")
      }
      guard current == plan.held else { return false }
      let present = Set(try store.names(of: .manifest))
      // Another run may have swept a list that this one found there.
      guard merged.new.allSatisfy({ present.isSuperset(of: $0.clear.addManifests) }) else {
        return false
      }
      let wanted = plan.selection?.file
      if current == nil, let wanted {
        // Before the first record: what is left out must never seem to be missing.
        try store.writeSelection(wanted)
        try put(file)
      } else {
        // What was chosen before is here for the new records too, what is chosen now only with them.
        try put(file)
        if let wanted, wanted != current { try store.writeSelection(wanted) }
      }
      try sweepLists(of: plan)
    }
    return true
  }

  private func put(_ file: [UInt8]) throws(StorageError) {
    guard !file.isEmpty else { return }
    try repository.store.put(file, as: BlobName(.record, PlainHash.of(file)))
  }

  /// Removes lists that only what was held before named.
  private func sweepLists(of plan: PlannedHolding) throws(StorageError) {
    guard plan.mayRemove else { return }
    let needed = plan.listsOfRecords.union(plan.selection?.lists ?? [])
    for name in plan.heldLists where !needed.contains(name) {
      do throws(StorageError) {
        try repository.store.remove(BlobName(.manifest, name))
      } catch {
        // It has gone already, which is the goal.
        guard case .missing = error else { throw error }
      }
    }
  }
}
