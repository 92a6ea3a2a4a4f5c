package import Files
package import Packing
package import Repositories
package import Sealing
package import Trees

/// Why a backup, a restore or a check ended without its result.
package enum BackupError: Error, Sendable {
  case repository(RepositoryError)
  case packing(PackingError)
  case sealing(SealingError)
  /// A root of the backup cannot be read.
  case root(path: [UInt8], FilesError)
  /// The restore target, or something in it, refused.
  case target(path: [UInt8], FilesError)
  /// The target is there and is no folder.
  case targetNotAFolder(path: [UInt8])
  /// The target has not the room that a restore needs; nothing was written.
  case noRoom(target: [UInt8], RestoreRoom)
  /// A tree node of the snapshot is damaged or missing.
  case tree(TreeError)
  /// Rules, or the system, left nothing of what was asked for.
  case nothingToBackUp
  /// The command whose output was to be saved did not end well.
  case command(ChildProcess.End)
  /// A path inside a snapshot does not exist.
  case noSuchPath([UInt8])
  /// A signal asked to stop.
  case interrupted
  /// A signal asked to stop while a call for this path of the source did not return.
  case interruptedWaiting(path: [UInt8])
  /// A thread could not be started.
  case threads(errno: Int32)
}

extension BackupError {
  /// The failure that any error is.
  init(_ error: any Error) {
    switch error {
    case let error as BackupError: self = error
    case let error as PackingError: self = .packing(error)
    case let error as SealingError: self = .sealing(error)
    case let error as TreeError: self = .tree(error)
    default: self = .repository(RepositoryError(error))
    }
  }
}
