internal import CFiles
internal import Glibc

extension DirectoryHandle {
  // MARK: Making

  /// Makes a folder.
  package func makeDirectory(_ name: [UInt8], mode: UInt16) throws(FilesError) {
    let code = try unsafe CName.with(name, for: "mkdirat") {
      unsafe mkdirat(descriptor, $0, mode_t(mode))
    }
    try check(code, "mkdirat", name)
  }

  /// Makes a symbolic link to `target`, which may be any bytes but NUL.
  package func makeSymbolicLink(target: [UInt8], name: [UInt8]) throws(FilesError) {
    let code = try unsafe CName.with(target, .text, for: "symlinkat") {
      (target) throws(FilesError) in
      try unsafe CName.with(name, for: "symlinkat") { unsafe symlinkat(target, descriptor, $0) }
    }
    try check(code, "symlinkat", name)
  }

  /// Makes `newName` in `other` a further name of the file `name` in this folder.
  package func makeHardLink(
    from name: [UInt8],
    to other: DirectoryHandle,
    _ newName: [UInt8]
  )
    throws(FilesError)
  {
    let code = try unsafe CName.with(name, for: "linkat") { (name) throws(FilesError) in
      try unsafe CName.with(newName, for: "linkat") {
        unsafe linkat(descriptor, name, other.descriptor, $0, 0)
      }
    }
    try check(code, "linkat", newName)
  }

  /// Makes a FIFO.
  package func makeFIFO(_ name: [UInt8], mode: UInt16) throws(FilesError) {
    let code = try unsafe CName.with(name, for: "mkfifoat") {
      unsafe mkfifoat(descriptor, $0, mode_t(mode))
    }
    try check(code, "mkfifoat", name)
  }

  /// Makes a device file; needs privileges.
  package func makeDevice(
    _ name: [UInt8],
    kind: FileKind,
    major: UInt32,
    minor: UInt32,
    mode: UInt16
  ) throws(FilesError) {
    let type: UInt32 = kind == .blockDevice ? 0o060000 : 0o020000
    let code = try unsafe CName.with(name, for: "mknodat") {
      unsafe kist_make_device(descriptor, $0, type | UInt32(mode), major, minor)
    }
    _ = try SystemCall.check(Int(code), "mknodat", name)
  }

  // MARK: Renaming and removing

  /// Renames `name` to `newName` in `other`.
  ///
  /// With `.refuse`, nothing is ever replaced: by renameat2(2), or by link and unlink where the file system lacks it.
  package func rename(
    _ name: [UInt8],
    to other: DirectoryHandle,
    _ newName: [UInt8],
    replacing: Replacing
  ) throws(FilesError) {
    switch replacing {
    case .allow:
      let code = try unsafe CName.with(name, for: "renameat") { (name) throws(FilesError) in
        try unsafe CName.with(newName, for: "renameat") {
          unsafe renameat(descriptor, name, other.descriptor, $0)
        }
      }
      try check(code, "renameat", newName)
    case .refuse:
      let code = try unsafe CName.with(name, for: "renameat2") { (name) throws(FilesError) in
        try unsafe CName.with(newName, for: "renameat2") {
          unsafe kist_rename_new(descriptor, name, other.descriptor, $0)
        }
      }
      if code == 0 { return }
      guard code == -EINVAL || code == -ENOSYS else {
        throw FilesError("renameat2", newName, -code)
      }
      try makeHardLink(from: name, to: other, newName)
      try unlink(name)
    }
  }

  /// Removes a name that is no folder.
  package func unlink(_ name: [UInt8]) throws(FilesError) {
    let code = try unsafe CName.with(name, for: "unlinkat") { unsafe unlinkat(descriptor, $0, 0) }
    try check(code, "unlinkat", name)
  }

  /// Removes an empty folder.
  package func removeDirectory(_ name: [UInt8]) throws(FilesError) {
    let code = try unsafe CName.with(name, for: "unlinkat") {
      unsafe unlinkat(descriptor, $0, AT_REMOVEDIR)
    }
    try check(code, "unlinkat", name)
  }

  /// Waits until everything written to the file system that holds this folder is on its disk.
  package func syncFileSystem() throws(FilesError) {
    _ = try SystemCall.check(Int(kist_sync_file_system(descriptor)), "syncfs", name)
  }

  // MARK: Links

  /// Where a symbolic link points.
  package func readLink(_ name: [UInt8]) throws(FilesError) -> [UInt8] {
    var capacity = 256
    while true {
      let target = try unsafe CName.with(name, for: "readlinkat") { (name) throws(FilesError) in
        var code: Int32 = 0
        let target = unsafe [UInt8](unsafeUninitializedCapacity: capacity) { buffer, written in
          let count = unsafe buffer.withMemoryRebound(to: CChar.self) {
            guard let base = $0.baseAddress else { return 0 }
            return unsafe readlinkat(descriptor, name, base, capacity)
          }
          if count < 0 { code = errno }
          written = max(0, count)
        }
        guard code == 0 else { throw FilesError("readlinkat", self.name, code) }
        return target
      }
      if target.count < capacity { return target }
      guard capacity < 1 << 17 else { throw FilesError("readlinkat", name, ENAMETOOLONG) }
      capacity *= 2
    }
  }

  // MARK: Attributes of this folder

  package func setOwner(uid: UInt32, gid: UInt32) throws(FilesError) {
    try check(fchown(descriptor, uid, gid), "fchown", name)
  }

  package func setMode(_ mode: UInt16) throws(FilesError) {
    try check(fchmod(descriptor, mode_t(mode)), "fchmod", name)
  }

  package func setTimes(modification: Timestamp) throws(FilesError) {
    let times = try TimePair.modification(modification, of: name)
    try check(unsafe futimens(descriptor, times), "futimens", name)
  }

  package func inodeFlags() throws(FilesError) -> UInt32? {
    try InodeFlags.get(descriptor, name)
  }

  package func setInodeFlags(adding flags: UInt32) throws(FilesError) {
    try InodeFlags.add(flags, descriptor, name)
  }

  /// Gives the folder exactly these inode flags.
  package func setInodeFlags(replacing flags: UInt32) throws(FilesError) {
    _ = try SystemCall.check(Int(kist_set_flags(descriptor, flags)), "FS_IOC_SETFLAGS", name)
  }

  /// All extended attributes, sorted by name; throws if one cannot be read.
  package func extendedAttributes() throws(FilesError) -> [ExtendedAttribute] {
    try readExtendedAttributes().whole()
  }

  /// The extended attributes, as far as they can be read.
  package func readExtendedAttributes() throws(FilesError) -> AttributeReading {
    try ExtendedAttributes.read(name: name, DescriptorAttributes(descriptor: descriptor))
  }

  package func removeExtendedAttribute(_ attribute: [UInt8]) throws(FilesError) {
    try ExtendedAttributes.remove(descriptor, attribute, name)
  }

  package func setExtendedAttribute(_ attribute: [UInt8], _ value: [UInt8]) throws(FilesError) {
    try ExtendedAttributes.set(descriptor, attribute, value, name)
  }

  // MARK: Attributes of names

  package func setOwner(of name: [UInt8], uid: UInt32, gid: UInt32) throws(FilesError) {
    let code = try unsafe CName.with(name, for: "fchownat") {
      unsafe fchownat(descriptor, $0, uid, gid, AT_SYMLINK_NOFOLLOW)
    }
    try check(code, "fchownat", name)
  }

  /// Sets the mode of a name that is no link.
  package func setMode(of name: [UInt8], _ mode: UInt16) throws(FilesError) {
    let code = try unsafe CName.with(name, for: "fchmodat") {
      unsafe fchmodat(descriptor, $0, mode_t(mode), AT_SYMLINK_NOFOLLOW)
    }
    try check(code, "fchmodat", name)
  }

  package func setTimes(of name: [UInt8], modification: Timestamp) throws(FilesError) {
    let times = try TimePair.modification(modification, of: name)
    let code = try unsafe CName.with(name, for: "utimensat") {
      unsafe utimensat(descriptor, $0, times, AT_SYMLINK_NOFOLLOW)
    }
    try check(code, "utimensat", name)
  }

  /// Attributes of a name, a link's own; throws if one cannot be read.
  package func extendedAttributes(of name: [UInt8]) throws(FilesError) -> [ExtendedAttribute] {
    try readExtendedAttributes(of: name).whole()
  }

  /// Attributes of a name, a link's own, as far as they can be read.
  package func readExtendedAttributes(of name: [UInt8]) throws(FilesError) -> AttributeReading {
    try ExtendedAttributes.read(
      name: name,
      NamedAttributes(directory: descriptor, name: name)
    )
  }

  package func setExtendedAttribute(
    _ attribute: [UInt8],
    _ value: [UInt8],
    of name: [UInt8]
  )
    throws(FilesError)
  {
    try ExtendedAttributes.set(directory: descriptor, name: name, attribute, value)
  }

  package func removeExtendedAttribute(
    _ attribute: [UInt8],
    of name: [UInt8]
  ) throws(FilesError) {
    try ExtendedAttributes.remove(directory: descriptor, name: name, attribute)
  }

  private func check(_ code: Int32, _ operation: String, _ name: [UInt8]) throws(FilesError) {
    guard code == 0 else { throw FilesError(operation, name, errno) }
  }
}
