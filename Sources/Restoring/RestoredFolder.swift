package import Files
import Synchronization
package import Trees

/// A folder that is being restored: it gets its attributes when the last thing in it is done.
package final class RestoredFolder: Sendable {
  package let handle: DirectoryHandle
  package let parent: RestoredFolder?
  package let entry: TreeEntry
  package let attributes: [EntryAttribute]
  private let remaining = Mutex(1)

  /// A folder whose entry is to be applied in the end; one without parent is the target itself.
  package init(
    handle: DirectoryHandle,
    parent: RestoredFolder?,
    entry: TreeEntry,
    attributes: [EntryAttribute]
  ) {
    self.handle = handle
    self.parent = parent
    self.entry = entry
    self.attributes = attributes
  }

  /// Path below the target, for messages.
  package var path: [UInt8] {
    guard let parent else { return [] }
    let above = parent.path
    return above.isEmpty ? entry.name : above + [UInt8(ascii: "/")] + entry.name
  }

  /// The path of something in this folder.
  package func path(of name: [UInt8]) -> [UInt8] {
    let above = path
    return above.isEmpty ? name : above + [UInt8(ascii: "/")] + name
  }

  /// Something in the folder is not done yet.
  package func retain() {
    remaining.withLock { $0 += 1 }
  }

  /// Something in the folder is done.
  ///
  /// Returns true for the last: the folder's attributes are due.
  package func release() -> Bool {
    remaining.withLock { count in
      count -= 1
      return count == 0
    }
  }
}
