import TestSupport
import Foundation
import Testing

/// A temporary folder with a repository, caches and sources of its own; removed with the last reference.
final class Place: Sendable {
  let root: String

  init() throws {
    root = FileManager.default.temporaryDirectory.path + "/kist-" + UUID().uuidString
    try FileManager.default.createDirectory(atPath: root, withIntermediateDirectories: true)
  }

  deinit {
    // Deep paths and read-only folders are beyond FileManager.
    do {
      _ = try Running(["/bin/rm", "-rf", root], environment: [:], outputs: nil).wait()
    } catch {
      Issue.record(error, "the temporary folder stays")
    }
  }

  var repository: String { root + "/repository" }
  var cache: String { root + "/cache" }
  var state: String { root + "/state" }

  /// A path in this place.
  func path(_ name: String) -> String { root + "/" + name }

  /// The environment in which `kist` sees nothing but this place.
  var environment: [String: String] {
    [
      "HOME": root, "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
      "KIST_REPOSITORY": repository, "KIST_CACHE_DIR": cache, "KIST_STATE_DIR": state,
      "KIST_PASSWORD": "correct horse", "TZ": "UTC",
    ]
  }

  /// Starts `kist` and returns at once.
  func start(_ arguments: [String], changing changes: [String: String] = [:]) throws -> Running {
    try Running(
      [Programs.kist] + opening(arguments, changing: changes),
      environment: environment.merging(changes) { $1 },
      outputs: path("output-" + UUID().uuidString)
    )
  }

  /// Runs `kist` to its end.
  func kist(_ arguments: String..., changing changes: [String: String] = [:]) throws -> Outcome {
    try start(arguments, changing: changes).wait()
  }

  /// Runs another program to its end.
  func run(_ arguments: [String]) throws -> Outcome {
    try Running(
      arguments,
      environment: environment,
      outputs: path("output-" + UUID().uuidString)
    ).wait()
  }

  /// Runs another program, which must succeed.
  func call(_ arguments: String...) throws {
    let outcome = try run(arguments)
    try #require(outcome.status == 0, "\(arguments): \(outcome)")
  }

  /// Writes a file, and the folders above it.
  func write(_ bytes: [UInt8], to name: String) throws {
    let url = URL(fileURLWithPath: path(name))
    try FileManager.default.createDirectory(
      at: url.deletingLastPathComponent(),
      withIntermediateDirectories: true
    )
    try Data(bytes).write(to: url)
  }

  /// The bytes of a file.
  func bytes(_ name: String) throws -> [UInt8] {
    Array(try Data(contentsOf: URL(fileURLWithPath: path(name))))
  }

  /// Writes `count` files of random bytes below `folder`.
  func fill(_ folder: String, files count: Int, bytes: Int, seed: UInt64) throws {
    var random = SplitMix64(seed: seed)
    for number in 0..<count {
      try write(random.bytes(bytes), to: "\(folder)/part-\(number / 50)/file-\(number)")
    }
  }

  /// The ids that `kist snapshots --json` lists.
  func snapshotIDs() throws -> [String] {
    let listed = try kist("snapshots", "--json")
    try #require(listed.status == 0, "\(listed)")
    return try JSON.array(listed.output).map { try JSON.text($0, "id") }
  }

  /// Requires that `check` finds nothing.
  func requireClean(
    _ arguments: String...,
    sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    let checked = try start(["check"] + arguments).wait()
    try #require(checked.status == 0, "\(checked)", sourceLocation: sourceLocation)
  }

  /// Every file below a folder of the repository, sorted.
  func files(below name: String) throws -> [String] {
    let top = path(name)
    return try FileManager.default.subpathsOfDirectory(atPath: top).sorted().filter {
      var isFolder = ObjCBool(false)
      return unsafe FileManager.default.fileExists(atPath: top + "/" + $0, isDirectory: &isFolder)
        && !isFolder.boolValue
    }.map { name + "/" + $0 }
  }

  /// Compares two folders with the independent walk.
  func requireEqual(
    _ original: String,
    _ copy: String,
    options: [String] = [],
    sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    let compared = try run(
      ["python3", Programs.tool("compare-trees")] + options + [path(original), path(copy)]
    )
    try #require(compared.status == 0, "\(compared)", sourceLocation: sourceLocation)
  }
}
