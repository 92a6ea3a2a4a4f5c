import CoreTypes
import Indexing
package import Repositories
package import Trees

/// Counts what snapshots hold, together and each alone.
///
/// Folders that snapshots share are read at most twice. Memory: about 80 bytes a folder, 30 a file (up to a bound) and 4 a chunk,
/// of distinct ones.
package struct SnapshotCensus {
  /// What one snapshot holds.
  package struct Share: Sendable {
    package let snapshot: OpenedSnapshot
    package internal(set) var folders = 0
    /// Content and nodes that no other snapshot of the repository needs, in bytes before compression.
    package internal(set) var bytesAlone: UInt64 = 0
    package internal(set) var chunksAlone = 0
    /// Objects of which no other snapshot needs anything, as they are stored.
    package internal(set) var storedBytesAlone = 0
  }

  /// What the chosen snapshots hold together.
  package struct Sum: Equatable, Sendable {
    /// Files, bytes and entries as if each were restored.
    package internal(set) var logical = TreeTotals.zero
    package internal(set) var folders = 0
    /// Files that differ in their content, and their sizes.
    package internal(set) var distinctFiles = 0
    package internal(set) var distinctFileBytes: UInt64 = 0
    /// Content of small files that differ, which stands in the nodes.
    package internal(set) var inlineBytes: UInt64 = 0
    /// Chunks, in bytes before compression: content, and nodes of trees.
    package internal(set) var contentChunks = 0
    package internal(set) var contentBytes: UInt64 = 0
    package internal(set) var nodeChunks = 0
    package internal(set) var nodeBytes: UInt64 = 0
    /// Objects that hold those, as they are stored.
    package internal(set) var objects = 0
    package internal(set) var storedBytes = 0
    /// Chunks that this store lacks.
    package internal(set) var missingChunks = 0
  }

  /// Something that could not be read, and so is not counted.
  package struct Gap: Sendable {
    package let snapshot: OpenedSnapshot
    /// Empty for the snapshot's table of hard links.
    package let path: [UInt8]
    package let error: BrowsingError
  }

  private let source: NodeSource
  private let state: CensusState
  private let notice: (Gap) -> Void

  /// - Parameters:
  ///   - notice: told of each damaged place; what else there is, is counted.
  ///   - progress: told the number of nodes that were read.
  package init(
    repository: OpenRepository,
    source: NodeSource,
    notice: @escaping (Gap) -> Void,
    progress: @escaping (_ nodes: Int) -> Void = { _ in }
  ) {
    self.source = source
    self.notice = notice
    state = CensusState(repository: repository)
    let state = state
    source.observe { [unowned source] id, byteCount throws(BrowsingError) in
      try state.enter(id, byteCount: byteCount, as: .node)
      progress(source.loadCount)
    }
  }

  /// Counts `chosen`; `others` are the live snapshots beside them, which count for what is held alone.
  package func count(
    _ chosen: [OpenedSnapshot],
    beside others: [OpenedSnapshot]
  ) throws(BrowsingError) -> (sum: Sum, shares: [Share]) {
    var shares: [Share] = []
    for snapshot in chosen {
      var share = Share(snapshot: snapshot)
      share.folders = try walk(snapshot)
      state.sum.folders += share.folders
      state.sum.logical = state.sum.logical.adding(snapshot.content.totals)
      shares.append(share)
    }
    var sum = state.sum
    (sum.objects, sum.storedBytes) = state.ledger.needed
    sum.missingChunks = state.missing.count
    for snapshot in others { _ = try walk(snapshot) }
    let stored = state.ledger.bytesNeededAlone()
    for index in shares.indices {
      let owner = UInt32(index + 1)
      let alone = state.alone[owner] ?? (0, 0)
      (shares[index].chunksAlone, shares[index].bytesAlone) = alone
      shares[index].storedBytesAlone = stored[owner] ?? 0
    }
    return (sum, shares)
  }

  private struct Level {
    let id: ChunkID
    let name: [UInt8]
    var entries: DirectoryCursor<BrowsingError>
    var folders = 1
  }

  /// Enters what a snapshot needs; returns the number of its folders.
  private func walk(_ snapshot: OpenedSnapshot) throws(BrowsingError) -> Int {
    state.owner += 1
    var folders = 0
    for node in snapshot.content.hardLinks {
      do throws(BrowsingError) {
        _ = try reading { () throws(TreeReadError<BrowsingError>) in try source.reader.node(node) }
      } catch {
        try note(error, in: snapshot, [])
      }
    }
    for root in snapshot.content.roots {
      do {
        try enter(root.entry)
      } catch {
        try note(error, in: snapshot, [root.path])
      }
      if let directory = root.entry.directory {
        folders += try walk(directory, at: root.path, of: snapshot)
      }
    }
    return folders
  }

  /// Tells of damage and where it is; anything else is thrown.
  private func note(
    _ error: BrowsingError,
    in snapshot: OpenedSnapshot,
    _ names: [[UInt8]]
  ) throws(BrowsingError) {
    guard error.isDamage else { throw error }
    let slash = UInt8(ascii: "/")
    notice(
      Gap(snapshot: snapshot, path: Array(names.joined(separator: [slash])), error: error)
    )
  }

  private func walk(
    _ top: ChunkID,
    at path: [UInt8],
    of snapshot: OpenedSnapshot
  ) throws(BrowsingError) -> Int {
    if let known = state.knownFolders(of: top) { return known }
    // Names below the root `/` follow its slash.
    let base = path == [UInt8(ascii: "/")] ? [] : path
    var open = [Level(id: top, name: base, entries: source.reader.entries(of: top))]
    while true {
      let last = open.count - 1
      var entry: TreeEntry?
      do {
        entry = try open[last].entries.next()
      } catch {
        // What is behind a damaged page of a folder is not found; the folder ends there.
        try note(error.browsingError, in: snapshot, last == 0 ? [path] : open.map(\.name))
      }
      guard let entry else {
        let done = open.removeLast()
        state.finish(done.id, folders: done.folders)
        guard !open.isEmpty else { return done.folders }
        open[open.count - 1].folders += done.folders
        continue
      }
      do {
        try enter(entry)
      } catch {
        try note(error, in: snapshot, open.map(\.name) + [entry.name])
      }
      guard let directory = entry.directory else { continue }
      if let known = state.knownFolders(of: directory) {
        open[last].folders += known
        continue
      }
      guard open.count < TreeLimits.depth else { throw .tree(.tooDeep) }
      open.append(
        Level(id: directory, name: entry.name, entries: source.reader.entries(of: directory))
      )
    }
  }

  /// Enters the content of an entry, and the nodes beside it; folders are not gone into.
  private func enter(_ entry: TreeEntry) throws(BrowsingError) {
    // Loading is what enters them.
    try source.reader.loadNodes(beside: entry)
    guard entry.kind == .file, try state.isNews(entry) else { return }
    try source.reader.forEachChunk(of: entry) { item throws(BrowsingError) in
      try state.enter(item.id, byteCount: Int(item.length), as: .content)
    }
  }
}
