import Files
import Scanning

/// A folder that is being walked: its names in order, and how far the walk has come.
struct WalkLevel {
  let folder: FolderAssembly
  let handle: DirectoryHandle
  /// The folder's own.
  let status: FileStatus
  let names: [[UInt8]]
  let scope: RuleScope
  /// What is wanted of it; `nil` if all is.
  let selection: PathSelection?
  /// As it is in the snapshot that is compared with; `nil` if there is none.
  let parent: ParentFolder?
  var cached: CachedFolderCursor
  private var position = 0
  private var notedPageCount = 0

  init(
    folder: FolderAssembly,
    handle: DirectoryHandle,
    status: FileStatus,
    names: [[UInt8]],
    scope: RuleScope,
    selection: PathSelection?,
    parent: ParentFolder?,
    cached: CachedFolderCursor
  ) {
    self.folder = folder
    self.handle = handle
    self.status = status
    self.names = names
    self.scope = scope
    self.selection = selection
    self.parent = parent
    self.cached = cached
  }

  /// The next name to visit; `nil` behind the last.
  mutating func next() -> [UInt8]? {
    let readPageCount = cached.readPageCount
    if readPageCount != notedPageCount {
      folder.note(readPageCount: readPageCount)
      notedPageCount = readPageCount
    }
    guard position < names.count else { return nil }
    defer { position += 1 }
    return names[position]
  }

  /// The absolute path of an entry, for messages.
  func path(of name: [UInt8]) -> [UInt8] {
    let above = folder.path
    return above == [UInt8(ascii: "/")] ? above + name : above + [UInt8(ascii: "/")] + name
  }
}
