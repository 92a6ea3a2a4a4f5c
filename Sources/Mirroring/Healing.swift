package import CoreTypes
import Indexing
import Packing
package import Repositories
import Sealing
import Storage

/// Brings damaged and missing objects back from another store, and replaces the packs that they stood in.
///
/// Needs no key. What was sound in a damaged pack moves to a new one before the old one goes.
package struct Healing {
  /// What came of it.
  package struct Report: Sendable {
    /// Objects that are sound here again.
    package var healed: [ObjectID] = []
    /// Objects that the other end lacks or holds damaged too.
    package var lacking: [ObjectID] = []
    /// Packs that were replaced.
    package var replaced: [PackID] = []
    /// Packs that stay, because something in them is in no other.
    package var kept: [PackID] = []
    package var bytesReceived: UInt64 = 0

    package init() {}
  }

  private let repository: KeylessRepository

  package init(repository: KeylessRepository) { self.repository = repository }

  /// Objects that are marked as damaged, or that the log requires and the store lacks.
  package func lostObjects() throws(MirrorError) -> [ObjectID] {
    do {
      return try repository.lostObjects()
    } catch {
      throw .repository(error)
    }
  }

  /// Fetches `objects` over a stream whose other end gives, then mends `packs`.
  package func run(
    objects: [ObjectID],
    packs: Set<PackID>,
    over stream: any DuplexStream,
    program: String,
    progress: MirrorProgress,
    interruption: @escaping @Sendable () -> Bool
  ) throws(MirrorError) -> Report {
    var options = PeerOptions(program: program)
    options.wishes = [Hello.Wish.pull]
    options.onlyObjects = objects
    let summary = try MirrorPeer(
      stream: stream,
      repository: repository,
      options: options,
      progress: progress,
      interruption: interruption
    ).run()
    var report = Report()
    report.healed = summary.healed.sorted()
    report.lacking = summary.lacking.sorted()
    report.bytesReceived = summary.counters.bytesReceived
    for pack in packs.sorted() {
      if try replace(pack, without: nil, lacking: Set(report.lacking)) {
        report.replaced.append(pack)
      } else {
        report.kept.append(pack)
      }
    }
    return report
  }

  /// Moves what only these packs have into new ones and removes them, where nothing would be lost by it.
  func replace(
    _ packs: Set<PackID>,
    lacking: Set<ObjectID>
  ) throws(MirrorError) -> [PackID] {
    var replaced: [PackID] = []
    for pack in packs.sorted() where try replace(pack, without: nil, lacking: lacking) {
      replaced.append(pack)
    }
    return replaced
  }

  /// Writes these packs anew without what is damaged in them; for a store that has all that its log requires.
  ///
  /// A pack stays that the machine with the store does not let go. Source: Docs/model.md, rule 10.
  package func rewrite(_ packs: Set<PackID>) throws(MirrorError) -> Report {
    var report = Report()
    report.lacking = try lostObjects()
    guard report.lacking.isEmpty else {
      report.kept = packs.sorted()
      return report
    }
    let dead: Set<ObjectID>
    do {
      dead = Set(try repository.required().dead)
    } catch {
      throw .repository(error)
    }
    for pack in packs.sorted() {
      if try replace(pack, without: dead, lacking: []) {
        report.replaced.append(pack)
      } else {
        report.kept.append(pack)
      }
    }
    return report
  }

  /// Removes a pack whose objects are elsewhere; false if the machine that has it does not let it go.
  private func remove(_ pack: PackID) throws -> Bool {
    let store = repository.store
    do throws(StorageError) {
      try store.withCommitLock { () throws(StorageError) in
        try store.remove(BlobName(.pack, pack.digest))
      }
    } catch {
      switch error {
      case .held, .denied: return false
      default: throw error
      }
    }
    _ = try repository.index.remove(pack)
    return true
  }

  /// Moves what only this pack has into a new one and removes it; false if something would be lost.
  ///
  /// Where `dead` is given, what is damaged here and in it stays behind, and what is damaged and no record names.
  private func replace(
    _ pack: PackID,
    without dead: Set<ObjectID>?,
    lacking: Set<ObjectID>
  ) throws(MirrorError) -> Bool {
    do {
      var staying: [ObjectLocation] = []
      try repository.index.forEachObject { location in
        if location.pack == pack { staying.append(location) }
      }
      var writer: VerbatimPackWriter?
      for location in staying {
        // What no record names is nobody's. One that is known to be damaged may still hash to its name.
        let id = location.place.id
        let mayGo = try dead.map { try $0.contains(id) || !repository.index.isClaimed(id) } ?? false
        if mayGo, try !repository.index.isUsable(id) { continue }
        guard let object = try sound(location) else {
          if mayGo { continue }
          // Damaged here and not brought back: a better copy may turn up, or a tool that reads what is left of it.
          if let writer = writer.take() { writer.abandon() }
          return false
        }
        if writer == nil { writer = try VerbatimPackWriter(in: repository.store) }
        try writer?.append(object.head, headBytes: object.headBytes, body: object.body)
      }
      // Of a pack without a readable list nobody can say what was in it, but all that is required must be elsewhere.
      guard !staying.isEmpty || lacking.isEmpty else { return false }
      if staying.isEmpty { try requireReadable(pack) }
      if let writer = writer.take() {
        let moved = try writer.finish()
        try repository.enter(moved)
        // The same objects in the same order are the same pack: it was made sound where it stands.
        guard moved.id != pack else { return true }
      }
      return try remove(pack)
    } catch is Unread {
      return false
    } catch {
      throw MirrorError(error)
    }
  }

  /// What the disk cannot read may be sound: the pack stays.
  private struct Unread: Error {}

  /// Throws if the disk cannot read what the pack holds.
  private func requireReadable(_ pack: PackID) throws(Unread) {
    do {
      _ = try repository.packs.trailer(of: pack)
    } catch {
      if error.isUnreadable { throw Unread() }
      // Damaged: nothing in it can be had.
    }
  }

  /// Head and body of an object, proven; `nil` if it is damaged.
  private func sound(
    _ location: ObjectLocation
  ) throws(Unread) -> (head: ObjectHead, headBytes: [UInt8], body: [UInt8])? {
    let (place, name) = (location.place, BlobName(.pack, location.pack.digest))
    do {
      let headBytes = try repository.store.read(
        name,
        from: place.headOffset,
        count: place.headByteCount
      )
      let body = try repository.store.read(
        name,
        from: place.bodyOffset,
        count: place.bodyByteCount
      )
      let head = try ObjectHead(decoding: headBytes)
      guard head.id == place.id, PlainHash.of(body) == head.bodyHash else { return nil }
      return (head, headBytes, body)
    } catch let error as StorageError {
      switch error {
      case .missing, .short, .tooLarge: return nil
      default: throw Unread()
      }
    } catch {
      return nil
    }
  }
}
