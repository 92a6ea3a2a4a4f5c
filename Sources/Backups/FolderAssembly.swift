import CoreTypes
import Files
import Scanning
import Synchronization
import Trees

/// A folder whose entries are being found: it becomes a node when the last of them is known.
///
/// The walker makes it and gives every entry a place in name order; whoever finishes an entry puts it there. Entries that are
/// done leave in runs, so that memory does not grow with the folder. Whoever brings the last one encodes the node and hands
/// the folder's own entry to the folder above.
final class FolderAssembly: Sendable {
  /// What is known of one entry.
  enum Slot: Sendable {
    case pending
    /// Encoded entry, what it adds to the totals, its row for the scan cache if it may have one, and where that was found.
    case done(
      name: [UInt8],
      encoded: [UInt8],
      totals: TreeTotals,
      row: CachedEntry?,
      place: FolderRows.Place? = nil
    )
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

  fileprivate struct State {
    /// Places that were given and not cleared away: the first has the number `start`.
    var slots: [Slot] = []
    var start = 0
    /// Places in `slots` that were taken, and those behind them that are known without a gap.
    var taken = 0
    var ready = 0
    /// What the taken ones became; `nil` before the first, and while a thread is at it.
    var output: FolderOutput?
    var isStoring = false
    /// Pages of the scan cache that the walker will not read again.
    var readPageCount = 0
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
      return state.start + state.slots.count - 1
    }
  }

  /// Adds an entry that is known at once.
  func append(_ slot: Slot) -> Due {
    state.withLock { state in
      state.slots.append(slot)
      return state.due()
    }
  }

  /// Notes how many pages of the scan cache the walker will not read again.
  func note(readPageCount: Int) {
    state.withLock { $0.readPageCount = readPageCount }
  }

  /// Notes that the cache's rows of this folder are out of date.
  func markChanged() {
    state.withLock { $0.hasChanged = true }
  }

  /// Puts a known entry into its place.
  func fill(_ number: Int, _ slot: Slot) -> Due {
    state.withLock { state in
      state.slots[number - state.start] = slot
      state.remaining -= 1
      return state.due()
    }
  }

  /// Says that the walker has added all entries.
  func close() -> Due {
    state.withLock { state in
      state.handle = nil
      state.readPageCount = .max
      state.remaining -= 1
      return state.due()
    }
  }

  // MARK: Runs

  /// What the caller must do after an entry came.
  enum Due {
    case nothing
    /// Take a run of entries, store them, and put the output back.
    case store
    /// The folder is complete: finish it.
    case finish
  }

  /// Entries that leave together.
  fileprivate static let runCount = 512

  /// Takes the entries that are known, in order, and the output to which they go.
  func takeRun() -> (slots: [Slot], output: FolderOutput?, readPageCount: Int) {
    state.withLock { state in
      defer { state.output = nil }
      return (state.take(), state.output, state.readPageCount)
    }
  }

  /// Puts the output back; another run may be due by now.
  func putBack(_ output: FolderOutput) -> Due {
    state.withLock { state in
      state.output = output
      state.isStoring = false
      return state.due()
    }
  }

  /// The folder's absolute path, for messages.
  var path: [UInt8] {
    switch destination {
    case .slot(_, let parent): return parent.path(of: name)
    case .root(let index, let roots): return roots.roots[index].source
    case .single: return name
    }
  }

  /// The absolute path of an entry, for messages.
  func path(of entry: [UInt8]) -> [UInt8] { RootPath.entry(entry, in: path) }

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

  /// The entries of a folder of which only the entries matter: it has so few that no run has left.
  func takeSlots() -> [Slot] {
    state.withLock { $0.take() }
  }

  /// What a finished folder is.
  struct Finished {
    let entry: TreeEntry
    let encoded: [UInt8]
    /// Against how it was saved last.
    let state: EntryState
    /// Pages that the scan cache lacks.
    let pages: [FolderRows.Page]
    /// How many it has then, if that may be fewer than before.
    let pageCount: Int?
  }

  /// Encodes the folder's node and its entry, from an output that has all of its entries.
  ///
  /// Called once.
  func assemble(
    _ output: consuming FolderOutput,
    with group: GroupWriter
  ) throws(BackupError) -> Finished {
    let last = state.withLock { $0 }
    let (id, totals) = try output.builder.finish { node throws(BackupError) in
      try group.addNode(node)
    }
    var entry = template
    entry.directory = id
    entry.subtree = totals
    let encoded = entry.encoded()
    var pages = output.takePages(below: .max)
    let rest = output.rows.finish(
      encodedFolder: encoded,
      differs: last.hasChanged || last.cached != encoded
    )
    pages += rest.pages
    return Finished(
      entry: entry,
      encoded: encoded,
      state: EntryState(encoded, saved: last.saved),
      pages: pages,
      pageCount: last.hasChanged || last.cached == nil ? rest.pageCount : nil
    )
  }
}

extension FolderAssembly.State {
  /// What is due; who is told to store or to finish is the only one.
  fileprivate mutating func due() -> FolderAssembly.Due {
    while ready < slots.count {
      if case .pending = slots[ready] { break }
      ready += 1
    }
    guard !isStoring else { return .nothing }
    if remaining == 0 {
      isStoring = true
      return .finish
    }
    guard ready - taken >= FolderAssembly.runCount else { return .nothing }
    isStoring = true
    return .store
  }

  /// Takes what is ready; its places are cleared away when they are many.
  fileprivate mutating func take() -> [FolderAssembly.Slot] {
    let run = Array(slots[taken..<ready])
    for index in taken..<ready { slots[index] = .dropped }
    taken = ready
    if taken > slots.count / 2 {
      slots.removeFirst(taken)
      start += taken
      ready = 0
      taken = 0
    }
    return run
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
