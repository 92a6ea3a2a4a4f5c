import Files
import Scanning
import Storage

/// Refuses targets of a restore in which files of a snapshot have no business: the folder of a repository, or one in it.
enum RestorePlace {
  /// Throws if a folder, or one above it, is a store; it need not be there yet.
  ///
  /// Files of a snapshot do not belong among those of a repository or mirror, nor may they take their names.
  static func refuseStores(target: String) throws {
    guard try isInStore(target) else { return }
    throw Failure(
      .refusedForSafety,
      "\(DisplayedName.text(target)) is a repository or a mirror of one, or lies in one",
      meaning: "What is restored would lie among its files. Nothing was restored.",
      advice:
        "Name another folder with --target. (A repository that was itself backed up is restored into an empty folder.)"
    )
  }

  /// Whether a path, or what is above the folder that it leads to, is a store.
  private static func isInStore(_ target: String) throws -> Bool {
    let here = try ProcessEnvironment.workingFolder()
    var path = RootPath.cleaned(Array(target.utf8), workingFolder: here)
    while true {
      do throws(FilesError) {
        return try isStore(atOrAbove: path)
      } catch {
        // Not there yet, or nothing that can be looked into: the restore itself will tell.
        guard error.isNotFound || error.isNotADirectory, path.count > 1 else { return false }
        path = RootPath.cleaned(path + RestorePlace.up, workingFolder: here)
      }
    }
  }

  /// Goes up from a folder that is there to the root of the file system; what a link leads to is above as well.
  private static func isStore(atOrAbove first: [UInt8]) throws(FilesError) -> Bool {
    var path = first
    var identity: FolderIdentity?
    while true {
      let folder = try DirectoryHandle.open(path: path)
      if try StoreLayout.isStore(folder) { return true }
      let own = FolderIdentity(try folder.status())
      // The root is its own parent.
      guard own != identity else { return false }
      identity = own
      path += RestorePlace.up
    }
  }

  private static let up = Array("/..".utf8)
}
