import CoreTypes
import Packing
import Repositories
import Sealing
import Storage
import Trees

/// Seals chunks that a session lacks, each as an object of its own, into one pack.
final class ObjectWriter {
  private let party: Party
  private let session: WriteSession
  /// What the store has.
  private let there: Set<ChunkID>
  private var sealed: [SealedObject] = []

  init(_ party: Party, _ session: WriteSession, there: Set<ChunkID>) {
    self.party = party
    self.session = session
    self.there = there
  }

  private func add(_ bytes: [UInt8], _ kind: ChunkKind) throws -> ChunkID {
    let naming = party.repository.keyring.currentIdentityKey
    let id = naming.chunkID(of: bytes.span, kind: kind)
    let isStored = try session.isStored(id)
    let isOwn = sealed.contains { $0.chunkIDs == [id] }
    if !isStored, isOwn || party.known.contains(id) { throw Mismatch("\(id) is stored twice") }
    if isStored, !isOwn, !there.contains(id) {
      throw Mismatch("\(id) counts as stored, and is not")
    }
    guard !isStored else { return id }
    var sealer = try ObjectSealer(
      key: party.repository.keyring.currentDataKey,
      identityKey: naming.id,
      compression: .off
    )
    sealed.append(
      try sealer.seal(kind: kind, chunkIDs: [id], lengths: [bytes.count], plaintext: bytes.span)
        .named()
    )
    return id
  }

  func directory(of files: [String: ExpectedFile]) throws -> TreeEntry {
    let naming = party.repository.keyring.currentIdentityKey
    var builder = DirectoryBuilder(splitHash: { naming.splitValue(of: $0) })
    for (name, file) in files.sorted(by: { $0.key < $1.key }) {
      var entry = TreeEntry(name: Array(name.utf8), kind: .file)
      entry.mode = file.mode
      entry.modified = file.modified
      entry.size = UInt64(file.content.count)
      if file.content.count > 128 {
        let length = UInt32(file.content.count)
        entry.content = .list([
          ChunkReference(id: try add(file.content, .data), length: length)
        ])
      } else if !file.content.isEmpty {
        entry.content = .inline(file.content)
      }
      try builder.append(entry) { try add($0, .tree) }
    }
    var root = TreeEntry(name: TreeEntry.rootName, kind: .directory)
    root.mode = 0o755
    let (id, totals) = try builder.finish { try add($0, .tree) }
    (root.directory, root.subtree) = (id, totals)
    return root
  }

  func finish(in store: any BlobStore) throws -> WrittenPack? {
    guard !sealed.isEmpty else { return nil }
    var pack = try PackWriter(in: store)
    for object in sealed { try pack.append(object) }
    return try pack.finish()
  }
}
