package import Repositories
package import Trees

/// Why something in a snapshot could not be looked at.
package enum BrowsingError: Error, Sendable {
  case repository(RepositoryError)
  /// Nothing in the snapshot has this path.
  case noSuchPath([UInt8])
  /// The path leads to something that has no content of its own, such as a device.
  case noContent(path: [UInt8], EntryKind)
  /// The content of a file cannot be read; what was written before it is sound, and not whole.
  case damagedContent(path: [UInt8], RepositoryError)
  /// A table of the snapshot is malformed.
  case tree(TreeError)
  /// What takes the output refused it.
  case output(any Error & Sendable)
  /// A signal asked to stop.
  case interrupted
}

extension BrowsingError {
  /// True if something that is stored is damaged or missing, so that other snapshots may still be whole.
  package var isDamage: Bool {
    switch self {
    case .repository(.missingChunk), .repository(.damagedChunk), .repository(.malformedTree),
      .damagedContent, .tree:
      true
    case .repository, .noSuchPath, .noContent, .output, .interrupted: false
    }
  }
}

extension TreeReadError<BrowsingError> {
  /// The failure that this is.
  var browsingError: BrowsingError {
    switch self {
    case .load(let error): error
    case .malformed(let id, let error): .repository(.malformedTree(id, error))
    }
  }
}

/// Runs a read of a tree, so that its failure is one of this target.
func reading<Result>(
  _ body: () throws(TreeReadError<BrowsingError>) -> Result
) throws(BrowsingError) -> Result {
  do {
    return try body()
  } catch {
    throw error.browsingError
  }
}
