import Repositories
import Sealing
import CoreTypes
import Files
import Indexing
import Scanning
import Trees

/// Fills places of folders, and finishes each folder whose last place was filled.
struct FolderFinisher {
  let context: BackupContext
  let group: GroupWriter

  /// Puts an entry into its place, and finishes folders upwards as far as they are complete.
  func fill(
    _ folder: FolderAssembly,
    _ slot: Int,
    _ content: FolderAssembly.Slot
  )
    throws(BackupError)
  {
    try advance(folder, folder.fill(slot, content))
  }

  /// Says that the walker is done with a folder.
  func close(_ folder: FolderAssembly) throws(BackupError) {
    try advance(folder, folder.close())
  }

  /// Adds an entry that is known at once.
  func append(
    _ content: FolderAssembly.Slot,
    to folder: FolderAssembly
  )
    throws(BackupError)
  {
    try advance(folder, folder.append(content))
  }

  /// The encoded entry; `nil`, and a finding, if it is one that the format does not allow.
  ///
  /// That is possible when a file changed its nature while it was read. Written all the same, it would make the whole folder
  /// unreadable.
  func encode(_ entry: TreeEntry, path: [UInt8]) -> [UInt8]? {
    do {
      try entry.validate()
      return entry.encoded()
    } catch {
      context.progress.note(SourceFinding(path: path, reason: .replaced))
      return nil
    }
  }

  /// Reads attributes and flags of an open file into its entry.
  func readAttributes(
    of file: OpenFile,
    into entry: inout TreeEntry,
    path: [UInt8]
  ) throws(BackupError) {
    try naming(path, .extendedAttributes) {
      try setAttributes(file.readExtendedAttributes(), in: &entry, path: path)
    }
    try naming(path, .inodeFlags) {
      entry.flags = EntryReader.restorableFlags(try file.inodeFlags())
    }
  }

  /// Reads attributes of an entry that is not opened: a link, a device, a FIFO.
  func readAttributes(
    of name: [UInt8],
    in handle: DirectoryHandle,
    into entry: inout TreeEntry,
    path: [UInt8]
  ) throws(BackupError) {
    try naming(path, .extendedAttributes) {
      try setAttributes(handle.readExtendedAttributes(of: name), in: &entry, path: path)
    }
  }

  /// Reads attributes and flags of a folder.
  func readAttributes(
    of handle: DirectoryHandle,
    into entry: inout TreeEntry,
    path: [UInt8]
  ) throws(BackupError) {
    try naming(path, .extendedAttributes) {
      try setAttributes(handle.readExtendedAttributes(), in: &entry, path: path)
    }
    try naming(path, .inodeFlags) {
      entry.flags = EntryReader.restorableFlags(try handle.inodeFlags())
    }
  }

  /// Runs `body`; attributes that the system does not give are named, and the entry is saved without them.
  private func naming(
    _ path: [UInt8],
    _ what: SourceFinding.Attributes,
    _ body: () throws -> Void
  ) throws(BackupError) {
    do {
      try body()
    } catch let error as FilesError {
      note(error, what, path)
    } catch {
      throw BackupError(error)
    }
  }

  /// Short sets stand in the entry, long ones in a node.
  ///
  /// Source: Formats/tree.md §1.
  private func setAttributes(
    _ reading: AttributeReading,
    in entry: inout TreeEntry,
    path: [UInt8]
  ) throws {
    if let refusal = reading.refusal { note(refusal, .named(reading.refused), path) }
    guard !reading.found.isEmpty else { return }
    let attributes = EntryReader.attributes(reading.found)
    let byteCount = attributes.reduce(0) { $0 + $1.name.count + $1.value.count }
    if byteCount <= TreeLimits.inlineAttributesByteCount {
      entry.attributes = attributes
    } else {
      entry.attributesNode = try group.addNode(TreeNode.attributes(attributes).encoded())
    }
  }

  private func note(_ error: FilesError, _ what: SourceFinding.Attributes, _ path: [UInt8]) {
    context.progress.note(
      SourceFinding(
        path: path,
        reason: .attributesUnreadable(
          what,
          operation: error.operationName,
          errno: error.errno
        )
      )
    )
  }

  /// Does what is due in a folder, and in those above it that become complete.
  private func advance(
    _ first: FolderAssembly,
    _ firstDue: FolderAssembly.Due
  )
    throws(BackupError)
  {
    var (folder, due) = (first, firstDue)
    while true {
      switch due {
      case .nothing: return
      case .store: due = folder.putBack(try storeRun(of: folder))
      case .finish:
        if case .single(let index, let roots) = folder.destination {
          return try finishSingle(folder, index, roots)
        }
        let finished = try folder.assemble(storeRun(of: folder), with: group)
        try remember(folder.key, finished.pages, pageCount: finished.pageCount)
        context.progress.countFolder(finished.state) { folder.path }
        switch folder.destination {
        case .root(let index, let roots):
          roots.set(index, finished.entry)
          return
        case .single: return
        case .slot(let slot, let parent):
          due = parent.fill(
            slot,
            .done(
              name: folder.name,
              encoded: finished.encoded,
              totals: finished.entry.totals,
              row: nil
            )
          )
          folder = parent
        }
      }
    }
  }

  /// Stores the entries that are known; returns the output that has them.
  private func storeRun(of folder: FolderAssembly) throws(BackupError) -> FolderOutput {
    let run = folder.takeRun()
    let naming = context.repository.keyring.currentIdentityKey
    var output =
      run.output
      ?? FolderOutput(session: context.cacheSession) { naming.splitValue(of: $0) }
    try output.append(run.slots, to: group)
    try remember(folder.key, output.takePages(below: run.readPageCount), pageCount: nil)
    return output
  }

  private func finishSingle(
    _ folder: FolderAssembly,
    _ index: Int,
    _ roots: RootCollection
  )
    throws(BackupError)
  {
    for case .done(_, let encoded, _, let row, _) in folder.takeSlots() {
      guard var entry = EncodedEntry.decode(encoded) else { return }
      entry.name = TreeEntry.rootName
      roots.set(index, entry)
      let pages = row.map { [FolderRows.single($0, session: context.cacheSession)] } ?? []
      try remember(folder.key, pages, pageCount: pages.count)
    }
  }

  /// Hands pages to the scan cache; a rehearsal leaves it as it is.
  private func remember(
    _ key: FolderKey,
    _ pages: [FolderRows.Page],
    pageCount: Int?
  ) throws(BackupError) {
    guard context.plan.effect == .snapshot, !pages.isEmpty || pageCount != nil else { return }
    do {
      try context.cache.replace(key, pages: pages, pageCount: pageCount)
    } catch {
      throw .repository(.index(error))
    }
  }
}
