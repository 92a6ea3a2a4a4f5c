import CoreTypes
import Repositories
import Sealing
import Trees

/// Gathers new chunks of one thread into groups, and seals a group when it is large enough.
///
/// Not shared between threads.
final class GroupWriter {
  private let session: WriteSession
  private let packs: PackPipeline
  private let naming: IdentityKey
  private let progress: BackupProgress
  private var sealer: ObjectSealer
  private var data = Group(kind: .data, aim: GroupWriter.dataAim)
  private var trees = Group(kind: .tree, aim: GroupWriter.treeAim)
  /// Sealed, and not yet named: so that several are named at once.
  private var unnamed: [UnnamedObject] = []
  private var unnamedByteCount = 0

  /// Plaintext at which a group is sealed.
  ///
  /// Source: Formats/object.md.
  private static let dataAim = 1 << 20
  private static let treeAim = 128 << 10
  /// Bytes of bodies that wait for their names at most.
  private static let unnamedLimit = 10 << 20

  init(
    repository: OpenRepository,
    session: WriteSession,
    packs: PackPipeline,
    compression: CompressionChoice,
    progress: BackupProgress
  ) throws(BackupError) {
    self.session = session
    self.packs = packs
    self.progress = progress
    naming = repository.keyring.currentIdentityKey
    do {
      sealer = try ObjectSealer(
        key: repository.keyring.currentDataKey,
        identityKey: naming.id,
        compression: compression
      )
    } catch {
      throw .sealing(error)
    }
  }

  /// Names chunks of file data, the given parts of a buffer.
  func names(of ranges: [Range<Int>], in buffer: UnsafeRawBufferPointer) -> [ChunkID] {
    unsafe naming.chunkIDs(of: ranges, in: buffer, kind: .data)
  }

  /// Names and stores chunks of file data, the given parts of a buffer, and returns them in order.
  func addData(
    _ ranges: [Range<Int>],
    in buffer: UnsafeRawBufferPointer
  ) throws(BackupError) -> [ChunkReference] {
    let ids = unsafe names(of: ranges, in: buffer)
    var references: [ChunkReference] = []
    references.reserveCapacity(ranges.count)
    for (range, id) in zip(ranges, ids) {
      unsafe try addData(UnsafeRawBufferPointer(rebasing: buffer[range]), id: id)
      references.append(ChunkReference(id: id, length: UInt32(range.count), repeats: 1))
    }
    return references
  }

  /// Stores a chunk of file data, named before, if the store lacks it.
  func addData(_ content: UnsafeRawBufferPointer, id: ChunkID) throws(BackupError) {
    do {
      if try session.isStored(id) { return }
    } catch {
      throw .repository(error)
    }
    progress.add { $0.bytesAdded += content.count }
    if data.wouldOverflow(with: content.count) { try seal(&data) }
    unsafe data.append(content, id: id)
    if data.isReady { try seal(&data) }
  }

  /// Names a tree node and stores it if the store lacks it.
  func addNode(_ node: [UInt8]) throws(BackupError) -> ChunkID {
    let id = naming.chunkID(of: node.span, kind: .tree)
    do {
      if try session.isStored(id) { return id }
    } catch {
      throw .repository(error)
    }
    progress.add { $0.bytesAdded += node.count }
    if trees.wouldOverflow(with: node.count) { try seal(&trees) }
    unsafe node.withUnsafeBytes { unsafe trees.append($0, id: id) }
    if trees.isReady { try seal(&trees) }
    return id
  }

  /// Seals what has gathered.
  func finish() throws(BackupError) {
    try seal(&data)
    try seal(&trees)
    handOver()
  }

  private func seal(_ group: inout Group) throws(BackupError) {
    guard !group.ids.isEmpty else { return }
    do {
      let object = try sealer.seal(
        kind: group.kind,
        chunkIDs: group.ids,
        lengths: group.lengths,
        plaintext: group.bytes.span
      )
      unnamedByteCount += object.bodyByteCount
      unnamed.append(object)
    } catch {
      throw .sealing(error)
    }
    group.clear()
    if unnamed.count >= UnnamedObject.groupCount || unnamedByteCount >= GroupWriter.unnamedLimit {
      handOver()
    }
  }

  /// Names what was sealed, and passes it on to be written.
  private func handOver() {
    let objects = UnnamedObject.named(unnamed)
    unnamed.removeAll(keepingCapacity: true)
    unnamedByteCount = 0
    for object in objects { packs.write(object) }
  }
}

/// Chunks of one kind that will become an object.
private struct Group {
  let kind: ChunkKind
  let aim: Int
  private(set) var bytes: [UInt8] = []
  private(set) var ids: [ChunkID] = []
  private(set) var lengths: [Int] = []

  init(kind: ChunkKind, aim: Int) {
    self.kind = kind
    self.aim = aim
    bytes.reserveCapacity(aim + aim / 4)
  }

  var isReady: Bool { bytes.count >= aim || ids.count >= ObjectLimits.writtenChunkCount }

  func wouldOverflow(with count: Int) -> Bool {
    !ids.isEmpty && bytes.count + count > max(aim + aim / 4, 256 << 10)
  }

  mutating func append(_ content: UnsafeRawBufferPointer, id: ChunkID) {
    unsafe bytes.append(contentsOf: content)
    ids.append(id)
    lengths.append(content.count)
  }

  mutating func clear() {
    bytes.removeAll(keepingCapacity: true)
    ids.removeAll(keepingCapacity: true)
    lengths.removeAll(keepingCapacity: true)
  }
}
