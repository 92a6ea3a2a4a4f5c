import CoreTypes
import Repositories
import Sealing
import Trees

/// Reads trees of the snapshot that is compared with.
///
/// Not shared between threads.
final class ParentTree {
  fileprivate let reader: TreeReader<RepositoryError>

  init(repository: OpenRepository) throws(RepositoryError) {
    let source = try ChunkSource(repository: repository)
    reader = TreeReader { id throws(RepositoryError) in
      try source.bytes(of: id, kind: .tree)
    }
  }

  /// Calls `body` with every chunk of a content; false if it, or the list, could not be followed.
  func allSatisfy(
    _ entry: TreeEntry,
    _ body: (ChunkID) throws(RepositoryError) -> Bool
  ) -> Bool {
    do {
      var cursor = reader.items(of: entry)
      while let item = try cursor.next() {
        guard try body(item.id) else { return false }
      }
      return true
    } catch {
      // Ignored: what cannot be read in the store is read in the source.
      return false
    }
  }
}

/// A folder as it is in the snapshot that is compared with, read when it is asked for.
///
/// Where that snapshot is damaged it counts as having nothing.
final class ParentFolder {
  /// Where its entry stands.
  private enum Place {
    case root(TreeEntry)
    case below(ParentFolder, name: [UInt8])
  }

  private enum State {
    case unknown
    case absent
    case open(DirectoryCursor<RepositoryError>, upcoming: TreeEntry?)
  }

  private let tree: ParentTree
  private let place: Place
  private var state = State.unknown

  /// The folder of a root.
  init(tree: ParentTree, root: TreeEntry) {
    self.tree = tree
    place = .root(root)
  }

  /// The folder `name` of another.
  init(_ name: [UInt8], in above: ParentFolder) {
    tree = above.tree
    place = .below(above, name: name)
  }

  /// The entry of a name.
  ///
  /// Names must not descend from one question to the next.
  func entry(named name: [UInt8]) -> TreeEntry? {
    if case .unknown = state { open() }
    guard case .open(var cursor, var upcoming) = state else { return nil }
    // Nothing else refers to the cursor while it moves.
    state = .absent
    do {
      while let entry = upcoming, entry.name.lexicographicallyPrecedes(name) {
        upcoming = try cursor.next()
      }
    } catch {
      return nil
    }
    state = .open(cursor, upcoming: upcoming)
    return upcoming?.name == name ? upcoming : nil
  }

  /// Opens this folder, and those above it first: one after the other, because a path may be thousands of folders deep.
  private func open() {
    var unopened = [self]
    var top = self
    while case .below(let above, _) = top.place, case .unknown = above.state {
      unopened.append(above)
      top = above
    }
    for folder in unopened.reversed() { folder.openAlone() }
  }

  private func openAlone() {
    state = .absent
    let own: TreeEntry? =
      switch place {
      case .root(let entry): entry
      case .below(let above, let name): above.entry(named: name)
      }
    guard let directory = own?.directory else { return }
    var cursor = tree.reader.entries(of: directory)
    do {
      let first = try cursor.next()
      state = .open(cursor, upcoming: first)
    } catch {
      // Ignored: `check` names the damage; here the folder counts as new.
    }
  }
}
