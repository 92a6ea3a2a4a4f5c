package import CoreTypes
package import Repositories
import Sealing
package import Trees

/// Loads the tree nodes of a repository, each proven by its id.
///
/// One a thread.
package final class NodeSource {
  /// Reads content too.
  package let chunks: ChunkSource
  /// Nodes that were loaded so far.
  package private(set) var loadCount = 0
  private let interruption: () -> Bool
  private var observer: ((_ id: ChunkID, _ byteCount: Int) throws(BrowsingError) -> Void)?

  package init(
    repository: OpenRepository,
    interruption: @escaping () -> Bool
  ) throws(BrowsingError) {
    self.interruption = interruption
    do {
      chunks = try ChunkSource(repository: repository)
    } catch {
      throw .repository(error)
    }
  }

  /// Reads trees whose nodes come from here.
  package var reader: TreeReader<BrowsingError> {
    TreeReader { [self] id throws(BrowsingError) in try load(id) }
  }

  /// Tells of each node that is loaded from now on.
  package func observe(
    _ observer: @escaping (_ id: ChunkID, _ byteCount: Int) throws(BrowsingError) -> Void
  ) {
    self.observer = observer
  }

  private func load(_ id: ChunkID) throws(BrowsingError) -> [UInt8] {
    if interruption() { throw .interrupted }
    loadCount += 1
    let bytes: [UInt8]
    do {
      bytes = try chunks.bytes(of: id, kind: .tree)
    } catch {
      throw .repository(error)
    }
    try observer?(id, bytes.count)
    return bytes
  }
}
