import Files
import Scanning

/// A folder that is being walked: its names in order, and how far the walk has come.
struct WalkLevel {
  let folder: FolderAssembly
  let handle: DirectoryHandle
  /// The folder's own.
  let status: FileStatus
  let survey: FolderSurvey
  /// What is wanted of it; `nil` if all is.
  let selection: PathSelection?
  /// As it is in the snapshot that is compared with; `nil` if there is none.
  let parent: ParentFolder?
  var cached: CachedFolderCursor
  /// The places in the survey of folders that were asked of the scouts, and how many the walk has come to.
  var scouted: [Int] = []
  private var scoutedCount = 0
  private var position = 0
  private var notedPageCount = 0

  init(
    folder: FolderAssembly,
    handle: DirectoryHandle,
    status: FileStatus,
    survey: FolderSurvey,
    selection: PathSelection?,
    parent: ParentFolder?,
    cached: CachedFolderCursor
  ) {
    self.folder = folder
    self.handle = handle
    self.status = status
    self.survey = survey
    self.selection = selection
    self.parent = parent
    self.cached = cached
  }

  var scope: RuleScope { survey.scope }

  /// The next name to visit, and its status if that is known; `nil` behind the last.
  mutating func next() -> (name: [UInt8], status: FileStatus?)? {
    let readPageCount = cached.readPageCount
    if readPageCount != notedPageCount {
      folder.note(readPageCount: readPageCount)
      notedPageCount = readPageCount
    }
    guard position < survey.names.count else { return nil }
    defer { position += 1 }
    let status = position < survey.statuses.count ? survey.statuses[position] : nil
    return (survey.names[position], status)
  }

  /// The number among the scouted folders of the name that was given out last; `nil` if it is none of them.
  mutating func takeScouted() -> Int? {
    guard scoutedCount < scouted.count, scouted[scoutedCount] == position - 1 else { return nil }
    defer { scoutedCount += 1 }
    return scoutedCount
  }

  /// The absolute path of an entry, for messages.
  func path(of name: [UInt8]) -> [UInt8] { folder.path(of: name) }
}
