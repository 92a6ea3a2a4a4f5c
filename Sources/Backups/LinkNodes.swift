import CoreTypes
import Trees

/// Stores the table of hard links.
///
/// Source: Formats/snapshot.md §4.
enum LinkNodes {
  static func store(
    _ groups: [[LinkMember]],
    store: ([UInt8]) throws(BackupError) -> ChunkID
  ) throws(BackupError) -> [ChunkID] {
    var nodes: [ChunkID] = []
    for node in HardLinks.nodes(of: groups) { nodes.append(try store(node)) }
    return nodes
  }
}
