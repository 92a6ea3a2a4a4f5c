/// Which folder it is, over whatever path it is reached: links and bind mounts lead to the same one.
package struct FolderIdentity: Hashable, Sendable {
  private let device: DeviceID
  private let inode: UInt64

  /// The identity of what a status tells of; `nil` if it is no folder.
  package init?(_ status: FileStatus) {
    guard status.kind == .directory else { return nil }
    device = status.device
    inode = status.inode
  }

  /// The identity of the folder at a path; `nil` if there is none that can be opened.
  package init?(path: String) {
    do {
      self.init(try DirectoryHandle.open(path: path).status())
    } catch {
      // What cannot be opened is not in use by this process either.
      return nil
    }
  }
}
