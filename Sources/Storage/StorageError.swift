package import CoreTypes
package import Files

/// Why a store did not do what it was asked.
package enum StorageError: Error, Equatable, Sendable {
  /// There is no repository at this path.
  case noRepository(path: String)
  /// `init` stopped half-way at this path.
  case interruptedInit(path: String)
  /// The configuration of the repository at this path is gone: packs or records are there.
  case lostConfiguration(path: String)
  /// There is a repository at this path already.
  case alreadyThere(path: String)
  /// The folder for a new repository is not empty.
  case notEmpty(path: String)
  /// The file is not in the store.
  case missing(BlobName)
  /// The file ended before `needed` bytes.
  case short(BlobName, needed: Int, found: Int)
  /// The file is larger than the format allows.
  case tooLarge(String, byteCount: Int, limit: Int)
  /// A file of this name but of another size is there: it is damaged.
  case conflict(BlobName)
  /// Where this fixed file or folder of the store should be, there is something else, such as a folder or a link.
  case misplaced(name: String)
  /// The `store` file is damaged, or missing where everything else says that there is a store.
  case damagedStoreID
  /// The store holds chosen snapshots only, and takes no record but those of a mirror run.
  case selecting(location: String)
  /// The commit lock was not had in time.
  case busy(path: String)
  /// The file system failed; `name` says which file of the store it was about.
  case failed(name: String, FilesError)
  /// The role that the machine with the store gives does not allow this.
  case denied(location: String, what: String)
  /// The machine with the store keeps the file until this moment, whatever is asked of it.
  case held(location: String, until: PointInTime)
  /// The quota of the machine with the store does not hold what was sent: bytes.
  case quota(location: String, limit: Int, needed: Int)
  /// The machine with the store did not take what was sent, because it does not prove itself.
  case notTaken(location: String, reason: String)
  /// No line to the machine with the store came to be.
  case unreachable(location: String, ConnectionEnd)
  /// The line to the machine with the store is gone.
  case disconnected(location: String, ConnectionEnd)

  /// True if the line is gone: nothing follows for what is in the store.
  package var isDisconnection: Bool {
    switch self {
    case .disconnected, .unreachable: true
    default: false
    }
  }

  /// True if the machine with the store could not use a file of it: rights, limits, a mount that is gone.
  ///
  /// Says nothing about what is in the file.
  package var isMachineFault: Bool {
    guard case .failed(_, let error) = self else { return false }
    return error.isMachineFault
  }

  /// True if this user may not use one file; he may be allowed to use the others.
  package var isPermission: Bool {
    guard case .failed(_, let error) = self else { return false }
    return error.isPermission
  }

  /// True if the disk could not read what it holds.
  package var isFailedRead: Bool {
    guard case .failed(_, let error) = self else { return false }
    return error.isFailedRead
  }

  /// True if nothing can be had of what the file holds, though this machine may use it.
  ///
  /// Asked of reads. It may be read again one day: a disk comes back, a cable is put in.
  package var isUnreadable: Bool {
    guard case .failed(_, let error) = self else { return false }
    return error.isUnreadable
  }

  /// True if a read failed for a reason that says nothing about what is in the store.
  package var isObstacle: Bool {
    if case .denied = self { return true }
    return isDisconnection
  }
}
