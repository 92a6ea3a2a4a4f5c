import CoreTypes
import Files
import Scanning
import Synchronization
import Trees

/// A folder whose entries are being found: it becomes a node when the last of them is known.
///
/// The walker makes it and gives every entry a place in name order; whoever finishes an entry puts it there. Whoever brings
/// the last one encodes the node and hands the folder's own entry to the folder above.
final class FolderAssembly: Sendable {
  /// What is known of one entry.
  enum Slot: Sendable {
    case pending
    /// Encoded entry, what it adds to the totals, and its row for the scan cache if it may have one.
    case done(name: [UInt8], encoded: [UInt8], totals: TreeTotals, row: CachedEntry?)
    /// Not in the snapshot.
    case dropped
  }

  /// Where a finished folder goes.
  enum Destination: Sendable {
    /// Into this slot of the folder above.
    case slot(Int, of: FolderAssembly)
    /// It is a root of the snapshot.
    case root(Int, RootCollection)
    /// Its only entry is a root of the snapshot.
    case single(Int, RootCollection)
  }

  let name: [UInt8]
  let destination: Destination
  let key: FolderKey
  /// The folder's own entry, without subtree.
  private let template: TreeEntry
  private let state: Mutex<State>

  private struct State {
    var slots: [Slot] = []
    /// Entries that are not known yet, and one for the walker while it is adding.
    var remaining = 1
    var hasChanged: Bool
    /// The folder's encoded entry in the scan cache, and as it was saved last; `nil` if not known.
    var cached: [UInt8]?
    var saved: [UInt8]?
    /// The handle, until the walker is done with the folder.
    var handle: DirectoryHandle?
  }

  init(
    name: [UInt8],
    destination: Destination,
    key: FolderKey,
    template: TreeEntry,
    handle: DirectoryHandle
  ) {
    self.name = name
    self.destination = destination
    self.key = key
    self.template = template
    state = Mutex(State(hasChanged: false, handle: handle))
  }

  /// Keeps the folder's encoded entry as the scan cache has it, and as it was saved last.
  func remember(cached: [UInt8]?, saved: [UInt8]?) {
    state.withLock { state in
      state.cached = cached
      state.saved = saved
    }
  }

  /// Opens a place for the next entry in name order.
  func reserve() -> Int {
    state.withLock { state in
      state.slots.append(.pending)
      state.remaining += 1
      return state.slots.count - 1
    }
  }

  /// Adds an entry that is known at once.
  func append(_ slot: Slot) {
    state.withLock { $0.slots.append(slot) }
  }

  /// Notes that the cache's rows of this folder are out of date.
  func markChanged() {
    state.withLock { $0.hasChanged = true }
  }

  /// Puts a known entry into its place.
  ///
  /// True if it was the last one: the caller must then finish the folder.
  func fill(_ index: Int, _ slot: Slot) -> Bool {
    state.withLock { state in
      state.slots[index] = slot
      state.remaining -= 1
      return state.remaining == 0
    }
  }

  /// Says that the walker has added all entries.
  ///
  /// True if all of them are known.
  func close() -> Bool {
    state.withLock { state in
      state.handle = nil
      state.remaining -= 1
      return state.remaining == 0
    }
  }

  /// The folder's absolute path, for messages.
  var path: [UInt8] {
    switch destination {
    case .slot(_, let parent):
      let above = parent.path
      return above == [UInt8(ascii: "/")] ? above + name : above + [UInt8(ascii: "/")] + name
    case .root(let index, let roots): return roots.roots[index].source
    case .single: return name
    }
  }

  /// The number of the root and the path below it of an entry, for the table of hard links.
  func placeInSnapshot(of entry: [UInt8]) -> (root: Int, path: [UInt8]) {
    switch destination {
    case .slot(_, let parent):
      let above = parent.placeInSnapshot(of: name)
      return (above.root, above.path + [UInt8(ascii: "/")] + entry)
    case .root(let index, _): return (index, entry)
    // The entry is the root itself.
    case .single(let index, _): return (index, [])
    }
  }

  /// The entries of a folder of which only the entries matter.
  func takeSlots() -> [Slot] {
    state.withLock { $0.slots }
  }

  /// What a finished folder is.
  struct Finished {
    let entry: TreeEntry
    let encoded: [UInt8]
    /// Against how it was saved last.
    let state: EntryState
    /// Rows for the scan cache, in name order; `nil` if it has them.
    let rows: [CachedEntry]?
  }

  /// Encodes the folder's node and its entry.
  ///
  /// Called once, when nothing is pending.
  func assemble(
    with group: GroupWriter,
    naming: @escaping @Sendable (_ name: [UInt8]) -> UInt64
  ) throws(BackupError) -> Finished {
    let last = state.withLock { state in
      let last = state
      state.slots = []
      return last
    }
    var builder = DirectoryBuilder(splitHash: naming)
    for slot in last.slots {
      guard case .done(let name, let encoded, let totals, _) = slot else { continue }
      do {
        try builder.append(name: name, encoded: encoded, totals: totals) {
          node throws(BackupError) in try group.addNode(node)
        }
      } catch {
        throw error.backupError
      }
    }
    let (id, totals) = try builder.finish { node throws(BackupError) in
      try group.addNode(node)
    }
    var entry = template
    entry.directory = id
    entry.subtree = totals
    let encoded = entry.encoded()
    let isCached = !last.hasChanged && last.cached == encoded
    return Finished(
      entry: entry,
      encoded: encoded,
      state: EntryState(encoded, saved: last.saved),
      rows: isCached ? nil : rows(last.slots, own: encoded)
    )
  }

  private func rows(_ slots: [Slot], own encoded: [UInt8]) -> [CachedEntry] {
    var rows = [CachedEntry(ownEntry: encoded)]
    for case .done(_, _, _, let row?) in slots { rows.append(row) }
    return rows
  }
}

/// The roots of the snapshot, as they become known.
final class RootCollection: Sendable {
  /// Sorted by path.
  let roots: [BackupRoot]
  private let entries: Mutex<[TreeEntry?]>

  init(_ roots: [BackupRoot]) {
    self.roots = roots
    entries = Mutex(Array(repeating: nil, count: roots.count))
  }

  func set(_ index: Int, _ entry: TreeEntry) {
    entries.withLock { $0[index] = entry }
  }

  /// The roots that could be read.
  var found: [SnapshotRoot] {
    entries.withLock { entries in
      zip(roots, entries).compactMap { root, entry in
        entry.map { SnapshotRoot(path: root.name, entry: $0) }
      }
    }
  }

  /// Groups of hard links with the places that their roots have in the snapshot.
  ///
  /// Names in roots that could not be read are left out, and with them files that have one name left.
  func placed(_ groups: [[LinkMember]]) -> [[LinkMember]] {
    let places = entries.withLock { entries in
      var next: UInt32 = 0
      return entries.map { entry -> UInt32? in
        guard entry != nil else { return nil }
        defer { next += 1 }
        return next
      }
    }
    return groups.compactMap { group in
      let members = group.compactMap { member in
        places[Int(member.root)].map { LinkMember(root: $0, path: member.path) }
      }
      return members.count > 1 ? members : nil
    }
  }
}
