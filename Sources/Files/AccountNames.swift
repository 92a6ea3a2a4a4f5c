internal import Glibc

/// Names of users and groups.
///
/// Sources: getpwuid_r(3), getgrgid_r(3).
package enum AccountNames {
  /// A user's name; `nil` if the machine does not know the number.
  package static func user(_ id: UInt32) -> String? {
    var record = unsafe passwd()
    var buffer = [CChar](repeating: 0, count: 16_384)
    var found: UnsafeMutablePointer<passwd>?
    guard unsafe getpwuid_r(id, &record, &buffer, buffer.count, &found) == 0,
      let found = unsafe found, let name = unsafe found.pointee.pw_name
    else { return nil }
    return unsafe String(cString: name)
  }

  /// A group's name; `nil` if the machine does not know the number.
  package static func group(_ id: UInt32) -> String? {
    var record = unsafe Glibc.group()
    var buffer = [CChar](repeating: 0, count: 65_536)
    var found: UnsafeMutablePointer<Glibc.group>?
    guard unsafe getgrgid_r(id, &record, &buffer, buffer.count, &found) == 0,
      let found = unsafe found, let name = unsafe found.pointee.gr_name
    else { return nil }
    return unsafe String(cString: name)
  }

  /// A user's number; `nil` if the machine does not know the name.
  ///
  /// Source: getpwnam_r(3).
  package static func userID(named name: String) -> UInt32? {
    var record = unsafe passwd()
    var buffer = [CChar](repeating: 0, count: 16_384)
    var found: UnsafeMutablePointer<passwd>?
    guard unsafe getpwnam_r(name, &record, &buffer, buffer.count, &found) == 0 else { return nil }
    return unsafe found?.pointee.pw_uid
  }

  /// A group's number; `nil` if the machine does not know the name.
  ///
  /// Source: getgrnam_r(3).
  package static func groupID(named name: String) -> UInt32? {
    var record = unsafe Glibc.group()
    var buffer = [CChar](repeating: 0, count: 65_536)
    var found: UnsafeMutablePointer<Glibc.group>?
    guard unsafe getgrnam_r(name, &record, &buffer, buffer.count, &found) == 0 else { return nil }
    return unsafe found?.pointee.gr_gid
  }
}
