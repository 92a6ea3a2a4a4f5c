import CoreTypes
import Repositories
import Restoring
import Trees

/// An entry that a walk has come to.
struct WalkedEntry {
  let entry: TreeEntry
  let root: Int
  let selection: RestoreFilter.Selection
  /// For files: their number in the order of the walk, the same in every walk over the same tree.
  let ordinal: UInt64
  fileprivate let place: Place

  fileprivate enum Place {
    /// In a folder of this path below the root.
    case below([UInt8])
    /// Where the walk began.
    case start([UInt8])
  }

  /// Names below the root joined by `/`; empty for the root itself.
  var pathBelowRoot: [UInt8] {
    switch place {
    case .below(let folder):
      folder.isEmpty ? entry.name : folder + [UInt8(ascii: "/")] + entry.name
    case .start(let path): path
    }
  }
}

/// What a walk tells whoever follows it.
protocol RestoreVisitor {
  /// Goes into a folder that is the target itself.
  mutating func enterTarget(
    _ start: RestoreStart,
    _ selection: RestoreFilter.Selection
  ) throws(BackupError)
  /// Comes to a folder; true to go into it.
  mutating func enter(_ folder: WalkedEntry) throws(BackupError) -> Bool
  /// Comes to anything else that is selected.
  mutating func visit(_ entry: WalkedEntry) throws(BackupError)
  /// Leaves the folder that was entered last; `isWhole` if every entry of it was seen.
  mutating func leave(isWhole: Bool) throws(BackupError)
  /// The rest of the folder that was entered last cannot be read.
  mutating func lost(_ error: TreeReadError<RepositoryError>)
}

/// Walks below a start in order of path, as far as the filter asks; folders before what is in them.
///
/// Uses no stack space for depth: a tree may be deeper than a thread's stack.
struct RestoreWalk {
  private let reader: TreeReader<RepositoryError>
  private let filter: RestoreFilter?
  /// Asked for each entry; true ends the walk without an error.
  private let isStopped: () throws(BackupError) -> Bool

  private struct Level {
    let path: [UInt8]
    let position: RestoreFilter.Position?
    /// The number of the first file behind this folder.
    let end: UInt64
    var entries: DirectoryCursor<RepositoryError>
  }

  init(
    reader: TreeReader<RepositoryError>,
    filter: RestoreFilter?,
    isStopped: @escaping () throws(BackupError) -> Bool
  ) {
    self.reader = reader
    self.filter = filter
    self.isStopped = isStopped
  }

  /// Walks everything at or below a start.
  ///
  /// `ordinal` is the number of the first file, and is that of the first file behind the start afterwards.
  func run(
    _ start: RestoreStart,
    ordinal: inout UInt64,
    _ visitor: inout some RestoreVisitor
  ) throws(BackupError) {
    let position = filter?.position(of: start.patternPath)
    let selection = selection(at: position)
    guard selection.isSelected || selection.mayHoldSelected else { return }
    let first = ordinal
    ordinal &+= start.entry.totals.files
    guard start.entry.kind == .directory else {
      guard selection.isSelected else { return }
      return try visitor.visit(
        WalkedEntry(
          entry: start.entry,
          root: start.root,
          selection: selection,
          ordinal: first,
          place: .start(start.pathBelowRoot)
        )
      )
    }
    switch start.place {
    case .target: try visitor.enterTarget(start, selection)
    case .named:
      let folder = WalkedEntry(
        entry: start.entry,
        root: start.root,
        selection: selection,
        ordinal: first,
        place: .start(start.pathBelowRoot)
      )
      guard try visitor.enter(folder) else { return }
    }
    try walk(start, position, first, &visitor)
  }

  private func walk(
    _ start: RestoreStart,
    _ position: RestoreFilter.Position?,
    _ first: UInt64,
    _ visitor: inout some RestoreVisitor
  ) throws(BackupError) {
    guard let top = start.entry.directory else { return try visitor.leave(isWhole: true) }
    var ordinal = first
    var stack = [
      Level(
        path: start.pathBelowRoot,
        position: position,
        end: first &+ start.entry.subtree.files,
        entries: reader.entries(of: top, promising: start.entry.subtree)
      )
    ]
    while let last = stack.indices.last {
      if try isStopped() { return }
      let next: TreeEntry?
      do {
        next = try stack[last].entries.next()
      } catch {
        // The rest of this folder is lost; what is beside it is not.
        visitor.lost(error)
        ordinal = stack[last].end
        stack.removeLast()
        try visitor.leave(isWhole: false)
        continue
      }
      guard let entry = next else {
        ordinal = stack[last].end
        stack.removeLast()
        try visitor.leave(isWhole: true)
        continue
      }
      let walked = WalkedEntry(
        entry: entry,
        root: start.root,
        selection: selection(of: entry.name, in: stack[last].position),
        ordinal: ordinal,
        place: .below(stack[last].path)
      )
      guard entry.kind == .directory else {
        if entry.kind == .file { ordinal &+= 1 }
        if walked.selection.isSelected { try visitor.visit(walked) }
        continue
      }
      let end = ordinal &+ entry.subtree.files
      guard walked.selection.isSelected || walked.selection.mayHoldSelected,
        try visitor.enter(walked)
      else {
        ordinal = end
        continue
      }
      guard stack.count < SnapshotPath.depthLimit else { throw .tree(.tooDeep) }
      guard let directory = entry.directory else {
        try visitor.leave(isWhole: true)
        continue
      }
      let below = stack[last].position.flatMap { place in
        filter?.position(below: entry.name, in: place)
      }
      stack.append(
        Level(
          path: walked.pathBelowRoot,
          position: below,
          end: end,
          entries: reader.entries(of: directory, promising: entry.subtree)
        )
      )
    }
  }

  private func selection(at position: RestoreFilter.Position?) -> RestoreFilter.Selection {
    guard let filter, let position else { return .everything }
    return filter.selection(at: position)
  }

  private func selection(
    of name: [UInt8],
    in position: RestoreFilter.Position?
  ) -> RestoreFilter.Selection {
    guard let filter, let position else { return .everything }
    return filter.selection(of: name, in: position)
  }
}
