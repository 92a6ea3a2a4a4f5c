import CoreTypes
import Files
import Repositories
import Scanning
import Trees

/// Tells which files need not be read.
///
/// Not shared between threads.
final class Recognition {
  private let context: BackupContext
  private let tree: ParentTree

  init(context: BackupContext) throws(RepositoryError) {
    self.context = context
    tree = try ParentTree(repository: context.repository)
  }

  /// A folder of the snapshot that is compared with.
  func folder(of root: TreeEntry) -> ParentFolder? {
    root.directory == nil ? nil : ParentFolder(tree: tree, root: root)
  }

  /// True if a file is what its row says, and everything that the row needs is in this store.
  ///
  /// Source: Docs/decisions/0005-scan-cache-rows.md.
  func isUnchanged(_ row: CachedEntry, session: UInt64, _ status: FileStatus) throws -> Bool {
    guard context.plan.detection != .read, row.identity == EntryReader.identity(status) else {
      return false
    }
    if context.liveSessions.contains(session) { return true }
    guard let entry = EncodedEntry.decode(row.encoded) else { return false }
    if case .paged = entry.content {
      // Its pages would have to be read; reading the file again is as good.
      return false
    }
    return try isStored(entry)
  }

  /// The entry whose content a file still has, if size and modification time are to be trusted.
  ///
  /// `row` is the file's row, `saved` its entry in the snapshot that is compared with.
  func trusted(
    _ row: CachedEntry?,
    _ saved: TreeEntry?,
    _ status: FileStatus
  ) throws -> TreeEntry? {
    guard context.plan.detection == .modificationTime else { return nil }
    let known = row.flatMap { EncodedEntry.decode($0.encoded) } ?? saved
    guard let known, !known.changedWhileRead, EntryReader.hasContent(of: known, status),
      try isStored(known)
    else { return nil }
    return known
  }

  private func isStored(_ entry: TreeEntry) throws -> Bool {
    let session = context.session
    for node in [entry.attributesNode, entry.holes] {
      if let node, try !session.isPresent(node) { return false }
    }
    switch entry.content {
    case .empty, .inline: return true
    case .list(let references):
      for reference in references where try !session.isPresent(reference.id) { return false }
      return true
    case .paged(let list):
      guard try session.isPresent(list) else { return false }
      return tree.allSatisfy(entry) { id throws(RepositoryError) in try session.isPresent(id) }
    }
  }
}
