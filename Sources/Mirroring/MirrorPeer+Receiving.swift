import CoreTypes
import Files
import Packing
import Repositories
import Sealing
import Storage

extension MirrorPeer {
  func loadObjects() throws(MirrorError) -> [MirrorSession.Action] {
    guard let repository else { throw .noRepository(whose: .here) }
    do {
      return try session.loaded(
        objects: DigestSet(ascending: try repository.soundRequiredObjects())
      )
    } catch {
      throw MirrorError(error)
    }
  }

  /// All that a new copy of this store would be sent.
  func everything() throws(MirrorError) -> DoneReport {
    guard let repository else { throw .noRepository(whose: .here) }
    do {
      var supply = ObjectSupply(of: repository)
      if let chosen = options.choice?.objects.ids {
        try supply.add(chosen.map(\.digest))
      } else {
        try supply.add(try repository.soundRequiredObjects())
      }
      return DoneReport(
        records: UInt64(repository.log.records.count),
        objects: UInt64(supply.objectCount),
        bytes: UInt64(supply.byteCount)
      )
    } catch {
      throw MirrorError(error)
    }
  }

  func create(_ configuration: [UInt8]) throws(MirrorError) -> [MirrorSession.Action] {
    guard let creation = options.creation else { throw .noRepository(whose: .here) }
    let id: RepositoryID
    do {
      id = try Configuration(decoding: configuration).repositoryID
    } catch {
      throw .repository(error)
    }
    guard id == session.peerHello?.repository else { throw .wrongHash("configuration") }
    repository = try creation(configuration)
    return session.created(id)
  }

  func keep(_ kind: ItemKind, _ name: Digest, _ bytes: [UInt8]) throws(MirrorError) {
    guard kind != .manifest else {
      if !session.isDryRun, plan?.isNamed(manifest: name) ?? false {
        try plan?.store(manifest: name, bytes)
      } else {
        try plan?.hold(manifest: name, bytes)
      }
      return
    }
    if kind == .selection {
      do {
        incoming = try StoreSelection(decoding: bytes)
      } catch {
        throw .malformed("what the other end chose: \(error)")
      }
      return
    }
    guard let repository, let blobKind = kind.blobKind else { return }
    do {
      try repository.store.put(bytes, as: BlobName(blobKind, name))
    } catch {
      throw .storage(error)
    }
    if kind == .slot { summary.slots += 1 }
  }

  func proveRecords(_ files: [[UInt8]]) throws(MirrorError) -> [MirrorSession.Action] {
    guard let repository else { throw .noRepository(whose: .here) }
    let plan = try ReceivePlan(
      files,
      repository: repository,
      role: options.role,
      aim: session.chosenName != nil
        ? .selection(incoming) : repository.holding == .everything ? .everything : .whole
    )
    self.plan = plan
    summary.remarks = plan.merged.remarks
    summary.snapshots = plan.new.filter { $0.clear.kind == .snapshot }.count
    session.wouldReceive(records: plan.new.count)
    return session.plannedManifests(try plan.missingManifests())
  }

  func planObjects(
    heldThere: [(prefix: NamePrefix, part: [UInt8])]
  ) throws(MirrorError) -> [MirrorSession.Action] {
    guard let repository else { throw .noRepository(whose: .here) }
    ProcessEnvironment.returnFreeMemory()
    if !session.isDryRun, options.keeping == .broughtBack { try salvage(for: repository) }
    var objects: WantedObjects
    if let only = options.onlyObjects {
      objects = WantedObjects(only)
      wanted.formUnion(only)
    } else {
      guard let plan else { throw .malformed("objects before records") }
      objects = try plan.missingObjects()
      if session.comparesObjects {
        let lost = try Healing(repository: repository).lostObjects()
        wanted.formUnion(lost)
        var found: [ObjectID] = []
        let there = Set(heldThere.map { HeldName(prefix: $0.prefix, part: $0.part) })
        for id in lost where !objects.contains(id) {
          let isThere = (0...WireLimits.walkDepth).contains { count in
            let prefix = NamePrefix(digitCount: count, bits: id.digest.prefix)
            return there.contains(HeldName(id, below: prefix))
          }
          if isThere { found.append(id) } else { lacking.append(id) }
        }
        for id in found { objects.add(id) }
        objects.sort()
      }
    }
    if options.quota != nil { used = try storedByteCount(of: repository) }
    // What the index and the manifests took while they were read.
    ProcessEnvironment.returnFreeMemory()
    return session.plannedObjects(objects)
  }

  /// Asks for what was wanted meanwhile.
  func passRequests() throws(MirrorError) {
    guard let requests = options.requests else { return }
    let (ids, isOver) = requests.take()
    wanted.formUnion(ids)
    try perform(session.want(ids))
    if isOver { try perform(session.wantNoMore()) }
  }

  /// What a run left behind whose process died here need not come again.
  private func salvage(for repository: KeylessRepository) throws(MirrorError) {
    do {
      try repository.salvageOrphans()
    } catch {
      // A store that cannot be written can still be handed what it lacks.
      if options.requests == nil { throw .repository(error) }
    }
  }

  /// Part of a name as a walk lists it.
  private struct HeldName: Hashable {
    let prefix: NamePrefix
    let part: [UInt8]

    init(prefix: NamePrefix, part: [UInt8]) {
      self.prefix = prefix
      self.part = part
    }

    init(_ id: ObjectID, below prefix: NamePrefix) {
      self.prefix = prefix
      let skipped = NameSet.objects.skippedByteCount(below: prefix)
      part = Array(id.digest.bytes[skipped...].prefix(NameSet.objects.listedByteCount))
    }
  }

  private func storedByteCount(of repository: KeylessRepository) throws(MirrorError) -> Int {
    do {
      var sum = 0
      for pack in try repository.store.names(of: .pack) {
        sum += try repository.store.byteCount(of: BlobName(.pack, pack))
      }
      return sum
    } catch {
      throw .storage(error)
    }
  }

  func expect(objects: UInt64, bytes: UInt64) throws(MirrorError) {
    progress.add { counters in
      counters.objectsToReceive += objects
      counters.bytesToReceive += bytes
    }
    guard let quota = options.quota else { return }
    let (needed, overflow) = used.addingReportingOverflow(Int(clamping: bytes))
    guard !overflow, needed <= quota else {
      throw .quota(limit: quota, needed: overflow ? .max : needed)
    }
  }

  func take(_ id: ObjectID, head: [UInt8], body: [UInt8]) throws(MirrorError) {
    guard let repository else { throw .noRepository(whose: .here) }
    let byteCount = head.count + body.count
    options.requests?.answer(id, SpareObject(head: head, body: body))
    // What was asked for again is stored already, or is about to be.
    guard options.keeping == .broughtBack, options.requests == nil || taken.insert(id).inserted
    else {
      return mailbox.put(consumed: byteCount)
    }
    if let quota = options.quota {
      used += byteCount
      guard used <= quota else { throw .quota(limit: quota, needed: used) }
    }
    let intake: Intake
    if let known = self.intake {
      intake = known
    } else {
      intake = try Intake(
        repository: repository,
        notes: options.requests == nil && wanted.isEmpty ? .number : .names,
        consumed: consumedNote
      )
      self.intake = intake
    }
    intake.take(Intake.Arrival(id: id, head: head, body: body))
    progress.add { counters in
      counters.objectsReceived += 1
      counters.bytesReceived += UInt64(byteCount)
    }
  }

  func commit() throws(MirrorError) -> [MirrorSession.Action] {
    var report = DoneReport()
    if let intake {
      intake.finish()
      summary.refusal = intake.failure
      if options.requests == nil, let failure = intake.failure { throw failure }
      lacking += intake.refused
      let stored = intake.stored
      report.objects = UInt64(stored.count)
      report.bytes = UInt64(stored.byteCount)
      summary.healed = stored.names.filter { wanted.contains($0) }
    }
    summary.lacking = lacking
    if options.onlyObjects == nil, var plan {
      try plan.commit()
      report.records = UInt64(plan.new.count)
      summary.arrived = plan.new.filter { $0.clear.kind == .snapshot }.map(\.id)
      summary.remarks = plan.merged.remarks
    }
    summary.received = report
    return session.finished(report)
  }
}
