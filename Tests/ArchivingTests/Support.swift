import Foundation
import TestSupport
import Testing
import Trees

@testable import Archiving

/// An archive in the making.
struct Archive {
  private(set) var bytes: [UInt8] = []

  mutating func add(_ member: TarMember, content: [UInt8] = []) {
    bytes += TarHeader.bytes(of: member)
    bytes += content
    bytes += TarHeader.padding(after: UInt64(content.count))
  }

  mutating func add(
    _ path: String,
    _ kind: TarMember.Kind,
    content: [UInt8] = [],
    _ change: (inout TarMember) -> Void = { _ in }
  ) {
    var member = TarMember(path: Array(path.utf8), kind: kind)
    member.mode = 0o644
    change(&member)
    add(member, content: content)
  }

  var whole: [UInt8] { bytes + TarHeader.end(after: UInt64(bytes.count)) }
}

/// A folder with an archive in it, and programs that read it.
struct Reader {
  let folder: TemporaryFolder

  init(_ archive: Archive) throws {
    folder = try TemporaryFolder()
    try folder.write(archive.whole, to: "archive.tar")
  }

  /// What a program prints; it must succeed and say nothing on standard error but what is allowed.
  @discardableResult
  func run(_ arguments: [String]) throws -> [UInt8] {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = arguments
    process.currentDirectoryURL = URL(fileURLWithPath: folder.path)
    process.environment = ["PATH": "/usr/bin:/bin", "TZ": "UTC", "LC_ALL": "C.UTF-8"]
    let errors = folder.path + "/errors"
    for name in ["errors", "output"] { try folder.write([], to: name) }
    process.standardError = try FileHandle(forWritingTo: URL(fileURLWithPath: errors))
    process.standardOutput = try FileHandle(
      forWritingTo: URL(fileURLWithPath: folder.path + "/output")
    )
    try process.run()
    process.waitUntilExit()
    let said = String(decoding: try folder.read("errors"), as: UTF8.self)
    try #require(process.terminationStatus == 0, "\(arguments): \(said)")
    return try folder.read("output")
  }

  /// Unpacks with the system's tar.
  func unpack(_ options: String...) throws {
    try folder.makeFolder("out")
    try run(
      ["tar", "-x", "-p", "--warning=no-timestamp", "-f", "archive.tar", "-C", "out"] + options
    )
  }

  /// The value of a Python expression on `t`, the archive as Python's tarfile reads it.
  func python(_ expression: String) throws -> String {
    let program = "import tarfile\nt = tarfile.open('archive.tar')\nprint(\(expression))"
    return String(decoding: try run(["python3", "-c", program]), as: UTF8.self)
      .trimmingCharacters(in: .newlines)
  }
}
