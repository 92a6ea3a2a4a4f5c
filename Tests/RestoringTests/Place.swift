import Files
import Foundation

/// A fresh folder that is removed with its last user.
final class Place: Sendable {
  let path: String
  let folder: DirectoryHandle

  init() throws {
    path = NSTemporaryDirectory() + "kist-restoring-" + UUID().uuidString
    folder = try DirectoryHandle.makePath(path, mode: 0o700)
  }

  deinit { _ = try? FileManager.default.removeItem(atPath: path) }

  func write(_ bytes: [UInt8], to name: String, mode: UInt16 = 0o644) throws {
    let file = try folder.createFile(Array(name.utf8), mode: 0o600)
    try file.write(bytes.span)
    try file.setMode(mode)
  }

  func read(_ name: String) throws -> [UInt8] {
    try folder.openForReading(Array(name.utf8)).readAll(limit: 1 << 24)
  }

  func status(_ name: String) throws -> FileStatus { try folder.status(of: Array(name.utf8)) }

  var names: Set<String> {
    get throws { Set(try folder.entries().map { String(decoding: $0.name, as: UTF8.self) }) }
  }
}
