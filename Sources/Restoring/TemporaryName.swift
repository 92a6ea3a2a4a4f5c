package import Files
package import Trees
import Sodium

/// Names for files that get their own name when they are whole.
package enum TemporaryName {
  private static let prefix = Array(".kist-".utf8)
  private static let randomByteCount = 12

  /// A name that nobody has.
  package static func make() -> [UInt8] {
    let digits = Array("0123456789abcdef".utf8)
    return prefix
      + RandomBytes.make(count: randomByteCount).flatMap {
        [digits[Int($0 >> 4)], digits[Int($0 & 15)]]
      }
  }

  /// Whether a name is of this form.
  package static func isOne(_ name: [UInt8]) -> Bool {
    guard name.count == prefix.count + 2 * randomByteCount, name.starts(with: prefix) else {
      return false
    }
    return name.dropFirst(prefix.count).allSatisfy {
      (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0)
        || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains($0)
    }
  }

  /// Removes something that did not get its own name.
  package static func remove(_ name: [UInt8], from folder: DirectoryHandle) {
    do {
      try folder.unlink(name)
    } catch {
      // Ignored: the failure that led here is the one that is reported.
    }
  }

  /// What became of something with such a name.
  package enum Leftover: Equatable, Sendable {
    case removed
    /// A living process writes it.
    case held
    /// Nothing says that a restore made it.
    case foreign
  }

  /// Removes what a restore that was killed has left under such a name.
  ///
  /// Only an unfinished file of this user that no living process holds.
  package static func removeLeftover(
    _ name: [UInt8],
    from folder: DirectoryHandle
  ) throws(FilesError) -> Leftover {
    let status = try folder.status(of: name)
    guard UnfinishedMark.isOn(status) else { return .foreign }
    let file = try folder.openForWriting(name)
    guard try file.status().inode == status.inode, file.tryLock() else { return .held }
    try folder.unlink(name)
    return .removed
  }
}

/// How a file that is being written is told from one that is whole: by a mode that nobody gives a file.
///
/// So a restore that was killed leaves nothing that the next one could take for finished, and no file costs a rename
/// for it. A file system without modes loses only that hint.
package enum UnfinishedMark {
  /// Read and write for the owner, and the sticky bit.
  package static let mode: UInt16 = 0o1600

  /// Whether a restore by this user was stopped while it wrote the file.
  ///
  /// A file that somebody else made would stay open to him.
  package static func isOn(_ status: FileStatus) -> Bool {
    hasForm(status) && status.uid == ProcessEnvironment.userID
  }

  private static func hasForm(_ status: FileStatus) -> Bool {
    status.kind == .regular && status.mode == mode && status.linkCount == 1
  }

  /// Whether a restore was stopped before it had finished the entry's file.
  ///
  /// It may have its owner already. One of the snapshot may have this very mode; it is finished if it has its time too.
  package static func isOn(_ status: FileStatus, for entry: TreeEntry) -> Bool {
    hasForm(status) && [ProcessEnvironment.userID, entry.uid].contains(status.uid)
      && (entry.mode != mode || status.modification != entry.timestamp)
  }
}
