internal import CFiles

/// The ioctls for inode flags.
enum InodeFlags {
  static func get(_ descriptor: Int32, _ name: [UInt8]) throws(FilesError) -> UInt32? {
    var flags: UInt32 = 0
    let code = unsafe kist_get_flags(descriptor, &flags)
    if code == 0 { return flags }
    let error = FilesError("FS_IOC_GETFLAGS", name, -code)
    if error.isUnsupported || error.isPermission { return nil }
    throw error
  }

  static func add(_ flags: UInt32, _ descriptor: Int32, _ name: [UInt8]) throws(FilesError) {
    let present = try get(descriptor, name) ?? 0
    guard present | flags != present else { return }
    _ = try SystemCall.check(
      Int(kist_set_flags(descriptor, present | flags)),
      "FS_IOC_SETFLAGS",
      name
    )
  }
}
