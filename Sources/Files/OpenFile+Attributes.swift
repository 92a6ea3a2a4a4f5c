internal import CFiles
internal import Glibc

extension OpenFile {
  package func setOwner(uid: UInt32, gid: UInt32) throws(FilesError) {
    guard fchown(descriptor, uid, gid) == 0 else { throw FilesError("fchown", name, errno) }
  }

  package func setMode(_ mode: UInt16) throws(FilesError) {
    guard fchmod(descriptor, mode_t(mode)) == 0 else { throw FilesError("fchmod", name, errno) }
  }

  /// Sets the modification time and leaves the access time.
  package func setTimes(modification: Timestamp) throws(FilesError) {
    let times = try TimePair.modification(modification, of: name)
    guard unsafe futimens(descriptor, times) == 0 else {
      throw FilesError("futimens", name, errno)
    }
  }

  /// Inode flags (FS_IOC_GETFLAGS); `nil` where the file system has none.
  package func inodeFlags() throws(FilesError) -> UInt32? {
    try InodeFlags.get(descriptor, name)
  }

  /// Adds inode flags to those that are set.
  package func setInodeFlags(adding flags: UInt32) throws(FilesError) {
    try InodeFlags.add(flags, descriptor, name)
  }

  /// Gives the file exactly these inode flags.
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

  package func setExtendedAttribute(_ attribute: [UInt8], _ value: [UInt8]) throws(FilesError) {
    try ExtendedAttributes.set(descriptor, attribute, value, name)
  }

  package func removeExtendedAttribute(_ attribute: [UInt8]) throws(FilesError) {
    try ExtendedAttributes.remove(descriptor, attribute, name)
  }
}
