import CoreTypes
import Indexing
import Repositories
import Trees

/// What a census knows so far; used by one thread.
final class CensusState {
  enum Role {
    case content
    case node
  }

  private struct Folder {
    var owner: UInt32
    /// Folders at and below it; what is set once it was walked.
    var folders: UInt32
  }

  /// Contents of files that are remembered.
  private static let contentLimit = 1 << 22

  var sum = SnapshotCensus.Sum()
  var ledger: ObjectLedger
  var missing: Set<ChunkID> = []
  /// The snapshot that is being walked, from 1 on.
  var owner: UInt32 = 0
  var alone: [UInt32: (chunks: Int, bytes: UInt64)] = [:]
  private var folders: [ChunkID: Folder] = [:]
  /// By a hash of the content.
  private var contents: [Int: UInt32] = [:]

  init(repository: OpenRepository) { ledger = ObjectLedger(repository: repository) }

  /// The number of folders below one that need not be walked; `nil` if it must be.
  func knownFolders(of id: ChunkID) -> Int? {
    guard let known = folders[id] else {
      folders[id] = Folder(owner: owner, folders: 0)
      return nil
    }
    if known.owner == owner || known.owner == ChunkOwner.several { return Int(known.folders) }
    folders[id]?.owner = ChunkOwner.several
    return nil
  }

  func finish(_ id: ChunkID, folders count: Int) {
    folders[id]?.folders = UInt32(clamping: count)
  }

  /// False if the content of a file was entered for this snapshot, or for several, before.
  func isNews(_ file: TreeEntry) throws(BrowsingError) -> Bool {
    let key = CensusState.hash(of: file)
    guard let known = contents[key] else {
      sum.distinctFiles += 1
      sum.distinctFileBytes = CensusState.saturating(sum.distinctFileBytes, file.size)
      sum.inlineBytes = CensusState.saturating(
        sum.inlineBytes,
        UInt64(file.content.inlineByteCount)
      )
      if contents.count < CensusState.contentLimit { contents[key] = owner }
      return true
    }
    if known == owner || known == ChunkOwner.several { return false }
    contents[key] = ChunkOwner.several
    return true
  }

  private static func hash(of file: TreeEntry) -> Int {
    var hasher = Hasher()
    hasher.combine(file.size)
    switch file.content {
    case .empty: hasher.combine(0)
    case .inline(let bytes): hasher.combine(bytes)
    case .paged(let id): hasher.combine(id)
    case .list(let items):
      for item in items {
        hasher.combine(item.id)
        hasher.combine(item.repeats)
      }
    }
    return hasher.finalize()
  }

  func enter(_ chunk: ChunkID, byteCount: Int, as role: Role) throws(BrowsingError) {
    let answer: ObjectLedger.Answer
    do {
      answer = try ledger.enter(chunk, owner)
    } catch {
      throw .repository(.index(error))
    }
    let bytes = UInt64(byteCount)
    switch answer {
    case .same: return
    case .missing: missing.insert(chunk)
    case .shared(let other):
      let held = alone[other] ?? (0, 0)
      // A hostile list may give one chunk two lengths.
      alone[other] = (held.chunks - 1, held.bytes > bytes ? held.bytes - bytes : 0)
    case .fresh:
      let held = alone[owner] ?? (0, 0)
      alone[owner] = (held.chunks + 1, CensusState.saturating(held.bytes, bytes))
      switch role {
      case .content:
        sum.contentChunks += 1
        sum.contentBytes = CensusState.saturating(sum.contentBytes, bytes)
      case .node:
        sum.nodeChunks += 1
        sum.nodeBytes = CensusState.saturating(sum.nodeBytes, bytes)
      }
    }
  }

  private static func saturating(_ left: UInt64, _ right: UInt64) -> UInt64 {
    let (sum, overflow) = left.addingReportingOverflow(right)
    return overflow ? .max : sum
  }
}
