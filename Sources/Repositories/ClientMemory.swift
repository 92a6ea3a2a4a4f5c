package import CoreTypes
package import Files
package import Sodium

/// What a client must not forget, and may lose: its writer key, and what it saw of each store.
///
/// Lives in the state folder, one folder a repository: `writer` (64 hexadecimal digits of the Ed25519 seed),
/// `sequence-<writer>` (the number of its newest record) and `seen-<store id>` (record ids of the frontier, one a
/// line). Losing it enrols a new writer and loses the means to notice a rollback; nothing else.
package struct ClientMemory: Sendable {
  private let folder: DirectoryHandle
  private let path: String

  /// Opens or makes the folder for one repository, readable for its owner alone.
  package init(stateFolder: String, repository: RepositoryID) throws(FilesError) {
    path = stateFolder + "/" + repository.description
    folder = try DirectoryHandle.makePath(path, mode: 0o700)
  }

  /// The writer key; `nil` if this client has none yet, or the file is not readable as one.
  package func writerKey() throws(FilesError) -> SigningKey? {
    guard let text = try read("writer"),
      let seed = Hexadecimal.bytes(of: text.filter { $0 != "\n" }), seed.count == 32
    else { return nil }
    return SigningKey(seed: SecretBytes(copying: seed))
  }

  /// Keeps a new writer key.
  package func keep(writerSeed: SecretBytes) throws(FilesError) {
    try write(Hexadecimal.text(of: writerSeed.copy()) + "\n", to: "writer")
  }

  /// The frontier that was seen last in a store; empty if none.
  package func frontier(of store: StoreID) throws(FilesError) -> [RecordID] {
    guard let text = try read("seen-\(store)") else { return [] }
    return text.split(separator: "\n").compactMap { line in
      Digest(hexadecimal: line).map { RecordID($0) }
    }
  }

  /// Remembers the frontier of a store.
  package func remember(_ frontier: [RecordID], of store: StoreID) throws(FilesError) {
    try write(frontier.map { "\($0)\n" }.joined(), to: "seen-\(store)")
  }

  /// The number of a writer's next record, `least` or more; it is never given out again.
  ///
  /// Several copies of a repository that have not met yet each lack records that this client signed in another.
  func takeSequence(of writer: Digest, atLeast least: UInt64) throws(FilesError) -> UInt64 {
    try folder.lock(waitMilliseconds: ClientMemory.lockWaitMilliseconds)
    defer { folder.unlock() }
    let name = "sequence-\(writer)"
    var next = least
    if let text = try read(name), let last = UInt64(text.filter { $0 != "\n" }), last < UInt64.max {
      next = max(least, last + 1)
    }
    try write("\(next)\n", to: name)
    return next
  }

  private static let lockWaitMilliseconds = 10_000

  private func read(_ name: String) throws(FilesError) -> String? {
    do {
      let file = try folder.openForReading(Array(name.utf8))
      return String(decoding: try file.readAll(limit: 1 << 20), as: UTF8.self)
    } catch {
      guard error.isNotFound else { throw error }
      return nil
    }
  }

  private func write(_ text: String, to name: String) throws(FilesError) {
    try StateFile.write(Array(text.utf8), to: name, in: folder, at: path)
  }
}
