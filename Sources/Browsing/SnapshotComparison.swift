package import Trees

/// One way in which a path of the new side differs from the old side.
package struct PathChange: Equatable, Sendable {
  /// Restic's marks.
  package enum Mark: Equatable, Sendable {
    case added
    case removed
    /// Other content: bytes of a file, target of a link, number of a device.
    case content
    /// Only metadata: mode, owner, times, attributes, flags.
    case metadata
    /// Something of another kind.
    case kind
  }

  package let mark: Mark
  package let path: [UInt8]
  package let old: TreeEntry?
  package let new: TreeEntry?
}

/// How much differs between two sides.
package struct ComparisonTotals: Equatable, Sendable {
  /// Entries by kind.
  package struct Counts: Equatable, Sendable {
    package var files = 0
    package var folders = 0
    /// Links, devices, FIFOs.
    package var others = 0

    mutating func count(_ kind: EntryKind) {
      switch kind {
      case .file: files += 1
      case .directory: folders += 1
      case .symbolicLink, .fifo, .characterDevice, .blockDevice, .socket: others += 1
      }
    }
  }

  /// True if nothing differs.
  package var areNone: Bool { self == ComparisonTotals() }

  package var added = Counts()
  package var removed = Counts()
  /// With other content.
  package var changed = Counts()
  /// With other metadata alone.
  package var metadata = Counts()
  /// Now of another kind; counted in `added` and `removed` too.
  package var kinds = 0
  /// Content that only the new side, and only the old side has, in bytes.
  package var bytesAdded: UInt64 = 0
  package var bytesRemoved: UInt64 = 0
  /// False if there was so much of it that content in both sides may be counted as added and removed.
  package var bytesAreExact = true
}

/// Compares two sides by their Merkle trees: what is equal is never read.
package struct SnapshotComparison {
  private let reader: TreeReader<BrowsingError>
  private let listing: TreeListing
  private let body: Body
  private var tally = ChunkTally()
  private var totals = ComparisonTotals()

  /// Takes a change.
  package typealias Body = (PathChange) throws(BrowsingError) -> Void

  /// Compares through `reader`, and tells `body` of every change, in order of paths.
  package init(reader: TreeReader<BrowsingError>, body: @escaping Body) {
    self.reader = reader
    self.body = body
    listing = TreeListing(reader: reader)
  }

  /// Compares what is at and below entries that stand at the same paths.
  package mutating func compare(
    _ old: [TreeTop],
    with new: [TreeTop]
  ) throws(BrowsingError) -> ComparisonTotals {
    let old = old.sorted { $0.path.lexicographicallyPrecedes($1.path) }
    let new = new.sorted { $0.path.lexicographicallyPrecedes($1.path) }
    var (left, right) = (0, 0)
    while left < old.count || right < new.count {
      if right == new.count
        || left < old.count && old[left].path.lexicographicallyPrecedes(new[right].path)
      {
        try removed(old[left])
        left += 1
      } else if left == old.count || new[right].path.lexicographicallyPrecedes(old[left].path) {
        try added(new[right])
        right += 1
      } else {
        try compare(old[left], with: new[right])
        left += 1
        right += 1
      }
    }
    return finished()
  }

  /// Compares what is at and below two entries, whatever their paths; paths are told as seen from them.
  package mutating func compare(
    anywhere old: TreeTop,
    with new: TreeTop
  ) throws(BrowsingError) -> ComparisonTotals {
    func moved(_ top: TreeTop) -> TreeTop {
      TreeTop(
        path: old.path == new.path ? top.path : [Path.slash],
        entry: top.entry,
        root: top.root,
        namesBelowRoot: top.namesBelowRoot
      )
    }
    try compare(moved(old), with: moved(new))
    return finished()
  }

  private func finished() -> ComparisonTotals {
    var totals = totals
    totals.bytesAdded = tally.bytes(only: .new)
    totals.bytesRemoved = tally.bytes(only: .old)
    totals.bytesAreExact = tally.isExact
    return totals
  }

  private mutating func compare(_ old: TreeTop, with new: TreeTop) throws(BrowsingError) {
    var oldEntry = old.entry
    let newEntry = new.entry
    // Different places may give one thing different names; that is no difference of the thing.
    oldEntry.name = newEntry.name
    guard oldEntry.kind == newEntry.kind else {
      return try tell(.replaced(old: oldEntry, new: newEntry), at: new.path)
    }
    var alone = oldEntry
    alone.directory = newEntry.directory
    alone.subtree = newEntry.subtree
    if alone != newEntry { try tell(.changed(old: oldEntry, new: newEntry), at: new.path) }
    guard let oldID = oldEntry.directory, let newID = newEntry.directory, oldID != newID else {
      return
    }
    let reader = reader
    do throws(TreeReadError<BrowsingError>) {
      try reader.differences(from: oldID, to: newID) {
        (names, difference) throws(TreeReadError<BrowsingError>) in
        var path = new.path
        for name in names { Path.append(name, to: &path) }
        do throws(BrowsingError) {
          try tell(difference, at: path)
        } catch {
          throw .load(error)
        }
      }
    } catch {
      throw error.browsingError
    }
  }

  private mutating func tell(
    _ difference: TreeDifference,
    at path: [UInt8]
  ) throws(BrowsingError) {
    switch difference {
    case .added(let entry): try added(top(entry, at: path))
    case .removed(let entry): try removed(top(entry, at: path))
    case .replaced(let old, let new):
      totals.kinds += 1
      totals.removed.count(old.kind)
      totals.added.count(new.kind)
      try tally.add(old, .old, reader: reader)
      try tally.add(new, .new, reader: reader)
      try body(PathChange(mark: .kind, path: path, old: old, new: new))
      try removedBelow(top(old, at: path))
      try addedBelow(top(new, at: path))
    case .changed(let old, let new):
      if old.hasContent(of: new) {
        totals.metadata.count(new.kind)
        try body(PathChange(mark: .metadata, path: path, old: old, new: new))
      } else {
        totals.changed.count(new.kind)
        try tally.add(old, .old, reader: reader)
        try tally.add(new, .new, reader: reader)
        try body(PathChange(mark: .content, path: path, old: old, new: new))
      }
    }
  }

  private func top(_ entry: TreeEntry, at path: [UInt8]) -> TreeTop {
    TreeTop(path: path, entry: entry, root: 0, namesBelowRoot: [])
  }

  private mutating func added(_ top: TreeTop) throws(BrowsingError) {
    try note(added: top.entry, at: top.path)
    try addedBelow(top)
  }

  private mutating func addedBelow(_ top: TreeTop) throws(BrowsingError) {
    let listing = listing
    try listing.forEachEntry(below: top) { path, entry throws(BrowsingError) in
      try note(added: entry, at: path)
    }
  }

  private mutating func note(added entry: TreeEntry, at path: [UInt8]) throws(BrowsingError) {
    totals.added.count(entry.kind)
    try tally.add(entry, .new, reader: reader)
    try body(PathChange(mark: .added, path: path, old: nil, new: entry))
  }

  private mutating func removed(_ top: TreeTop) throws(BrowsingError) {
    try note(removed: top.entry, at: top.path)
    try removedBelow(top)
  }

  private mutating func removedBelow(_ top: TreeTop) throws(BrowsingError) {
    let listing = listing
    try listing.forEachEntry(below: top) { path, entry throws(BrowsingError) in
      try note(removed: entry, at: path)
    }
  }

  private mutating func note(removed entry: TreeEntry, at path: [UInt8]) throws(BrowsingError) {
    totals.removed.count(entry.kind)
    try tally.add(entry, .old, reader: reader)
    try body(PathChange(mark: .removed, path: path, old: entry, new: nil))
  }
}

extension TreeEntry {
  /// True if both hold the same bytes, link target or device number.
  package func hasContent(of other: TreeEntry) -> Bool {
    size == other.size && content == other.content && linkTarget == other.linkTarget
      && device == other.device
  }
}
