package import CoreTypes

/// Why a directory or a list could not be written.
package enum TreeWriteError<Failure: Error>: Error {
  /// What the closure that stores nodes threw.
  case store(Failure)
  /// An element that the format does not allow.
  case illegal(TreeError)
}

extension TreeWriteError: Equatable where Failure: Equatable {}

/// Builds the nodes of one directory from its entries in order.
///
/// Source: Formats/tree.md §5.
///
/// Pages go to a closure as soon as they are full: memory does not grow with the directory. After
/// an error the builder is of no further use.
package struct DirectoryBuilder: Sendable {
  private let splitHash: @Sendable ([UInt8]) -> UInt64
  private var pages = PageStack(.directory)
  private var lastName: [UInt8] = []

  /// A builder for one directory; `splitHash` is the keyed hash of a name that places cuts.
  package init(splitHash: @escaping @Sendable ([UInt8]) -> UInt64) {
    self.splitHash = splitHash
  }

  /// Appends an entry, after checking it.
  package mutating func append<Failure>(
    _ entry: TreeEntry,
    store: ([UInt8]) throws(Failure) -> ChunkID
  ) throws(TreeWriteError<Failure>) {
    do { try entry.validate() } catch { throw .illegal(error) }
    try append(
      name: entry.name,
      encoded: entry.encoded(),
      totals: entry.totals,
      store: store
    )
  }

  /// Appends an entry that is encoded already: `encoded` and `totals` are its own, and are not
  /// checked.
  ///
  /// Throws when `name` is not legal, or does not come after the last one.
  package mutating func append<Failure>(
    name: [UInt8],
    encoded: [UInt8],
    totals: TreeTotals,
    store: ([UInt8]) throws(Failure) -> ChunkID
  ) throws(TreeWriteError<Failure>) {
    do { try Trees.validate(name: name) } catch { throw .illegal(error) }
    // No legal name is empty, so the first comes after the start.
    guard lastName.lexicographicallyPrecedes(name) else {
      throw .illegal(.unsorted(previous: lastName, next: name))
    }
    lastName = name
    do {
      try pages.append(
        encoded,
        firstName: name,
        totals: totals,
        hash: { splitHash(name) },
        store: store
      )
    } catch { throw .store(error) }
  }

  /// Stores what is left.
  ///
  /// Returns the directory's node, and what lies below it.
  package consuming func finish<Failure>(
    store: ([UInt8]) throws(Failure) -> ChunkID
  ) throws(Failure) -> (id: ChunkID, totals: TreeTotals) {
    let root = try pages.finish(store: store)
    return (root.id, root.totals)
  }
}
