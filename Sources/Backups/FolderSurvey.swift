import Files
import Scanning

/// What a folder holds: the names that count, the rules in it, and the status of the first names.
struct FolderSurvey: Sendable {
  /// Ascending.
  let names: [[UInt8]]
  let scope: RuleScope
  /// Of as many of the first names; `nil` where the rules leave a name out unseen, and where the call failed: who needs it asks again.
  let statuses: [FileStatus?]

  /// Names whose status is asked for together: at 120 bytes each, a level of the walk holds 60 KB.
  private static let statusLimit = 512

  /// Names that are known, and nothing about them.
  init(names: [[UInt8]], scope: RuleScope) {
    self.names = names
    self.scope = scope
    statuses = []
  }

  /// Lists an open folder and asks for the status of its first names.
  ///
  /// `scope` is that of the folder before lists that lie in it are read; `place` is where the folder is, for `call`.
  init(
    of handle: DirectoryHandle,
    scope: RuleScope,
    call: PendingCall,
    at place: PendingCall.Place
  ) throws(FilesError) {
    let listed = try handle.entries().map(\.name).sorted { $0.lexicographicallyPrecedes($1) }
    (names, self.scope) = scope.entering(handle, names: listed)
    var statuses: [FileStatus?] = []
    statuses.reserveCapacity(min(names.count, FolderSurvey.statusLimit))
    for name in names.prefix(FolderSurvey.statusLimit) {
      guard !self.scope.excludes(name) else {
        statuses.append(nil)
        continue
      }
      call.begin(name, at: place)
      do {
        statuses.append(try handle.status(of: name))
      } catch {
        // Ignored: the walk asks again, and names what fails then.
        statuses.append(nil)
      }
    }
    self.statuses = statuses
  }
}
