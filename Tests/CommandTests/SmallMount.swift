import Foundation
import Glibc
import Testing

/// A small file system in memory over a folder of a place.
struct SmallMount {
  /// Whether this process may make one.
  static let isPossible = geteuid() == 0

  private let place: Place
  private let folder: String

  init(_ place: Place, _ name: String, kibibytes: Int) throws {
    self.place = place
    folder = place.path(name)
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    try place.call("mount", "-t", "tmpfs", "-o", "size=\(kibibytes)k", "tmpfs", folder)
  }

  /// Fills it with a file until so much is left.
  func fill(leaving kibibytes: Int) throws {
    let size = "$(( $(stat -f -c '%a * %S' '\(folder)') - \(kibibytes << 10) ))"
    try place.call("sh", "-c", "head -c \(size) /dev/zero > '\(folder)/filler'")
  }

  /// Makes room.
  func grow(toMebibytes mebibytes: Int) throws {
    try place.call("mount", "-o", "remount,size=\(mebibytes)m", folder)
  }

  func empty() throws { try place.call("rm", folder + "/filler") }

  func end() {
    do {
      try place.call("umount", folder)
    } catch {
      Issue.record(error, "the mount may be left")
    }
  }
}
