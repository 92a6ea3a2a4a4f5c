package import Files
import Synchronization
package import Trees

/// A folder that is being restored: it gets its attributes when the last thing in it is done.
package final class RestoredFolder: Sendable {
  /// Where a folder comes from, which decides what it gets in the end.
  package enum Origin: Sendable {
    /// This restore made it.
    case made
    /// It was there.
    case present
    /// It is above what is restored, and nobody's entry: it keeps what it has.
    case above
  }

  /// What a restore comes to for a folder itself.
  package enum Outcome: Sendable {
    /// It was made, or had other attributes than it should have.
    case restored
    /// It was as it should be before anything in it was restored.
    case asItWas
    /// It was not chosen, or is nobody's entry.
    case leftAlone
  }

  package let handle: DirectoryHandle
  package let parent: RestoredFolder?
  package let entry: TreeEntry
  package let attributes: [EntryAttribute]
  package let origin: Origin
  /// Whether new entries in it get an access control list from it.
  package let inheritsAccessControl: Bool
  /// What it was like when it was opened, if it was there.
  private let before: FileStatus?
  private let state: Mutex<State>

  private struct State {
    var remaining = 1
    var isTouched: Bool
  }

  /// A folder whose entry is to be applied in the end; one without parent is the target itself.
  ///
  /// One that is not touched yet keeps its attributes unless something in it is restored.
  package init(
    handle: DirectoryHandle,
    parent: RestoredFolder?,
    entry: TreeEntry,
    attributes: [EntryAttribute],
    origin: Origin,
    isTouched: Bool
  ) {
    self.handle = handle
    self.parent = parent
    self.entry = entry
    self.attributes = attributes
    self.origin = origin
    state = Mutex(State(isTouched: isTouched))
    switch origin {
    case .made: inheritsAccessControl = parent?.inheritsAccessControl ?? false
    case .present, .above: inheritsAccessControl = Self.hasDefaultAccessControl(handle)
    }
    switch origin {
    case .present: before = Self.status(of: handle)
    case .made, .above: before = nil
    }
  }

  private static func status(of handle: DirectoryHandle) -> FileStatus? {
    do {
      return try handle.status()
    } catch {
      // Not known: it then counts as one that differed.
      return nil
    }
  }

  private static func hasDefaultAccessControl(_ handle: DirectoryHandle) -> Bool {
    do {
      return try handle.extendedAttributes().contains {
        $0.name == AttributeName.defaultAccessControl
      }
    } catch {
      // Not known: looking for a list that is not there does no harm.
      return true
    }
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

  /// Something in the folder is restored or removed: it and the folders above get their attributes in the end.
  package func touch() {
    var folder: RestoredFolder? = self
    while let next = folder {
      let isFirst = next.state.withLock { state in
        defer { state.isTouched = true }
        return !state.isTouched
      }
      guard isFirst else { return }
      folder = next.parent
    }
  }

  /// Notes that something in the folder is restored or removed, and sees to it that this is allowed.
  ///
  /// A folder whose owner may not write it gets its mode back in the end.
  package func prepareForChanges() {
    touch()
    guard case .present = origin, ProcessEnvironment.userID != 0 else { return }
    do {
      let status = try handle.status()
      guard status.isOwnedButClosed else { return }
      try handle.setMode(status.mode | FileStatus.ownerAccess)
    } catch {
      // Ignored: making an entry in it will say what is wrong.
    }
  }

  /// Something in the folder is not done yet.
  package func retain() {
    state.withLock { $0.remaining += 1 }
  }

  /// Something in the folder is done.
  ///
  /// Returns true for the last: the folder's attributes are due.
  package func release() -> Bool {
    state.withLock { state in
      state.remaining -= 1
      return state.remaining == 0
    }
  }

  /// What `finish` would come to.
  package func foresee(with writer: EntryWriter) -> Outcome {
    guard state.withLock({ $0.isTouched }) else { return .leftAlone }
    switch origin {
    case .above: return .leftAlone
    case .made: return .restored
    case .present: return differed(writer) ? .restored : .asItWas
    }
  }

  /// True if its attributes were not as they should be when it was opened.
  private func differed(_ writer: EntryWriter) -> Bool {
    guard let before else { return true }
    return writer.differs(entry, attributes: attributes, handle, current: before)
  }

  /// Gives the folder its attributes, if anything in it was touched.
  package func finish(with writer: EntryWriter) -> Outcome {
    guard state.withLock({ $0.isTouched }) else { return .leftAlone }
    switch origin {
    case .above: return .leftAlone
    case .made:
      writer.apply(
        entry,
        attributes: attributes,
        toNew: handle,
        made: nil,
        inherits: inheritsAccessControl
      ) { path }
    case .present:
      do {
        let current = try handle.status()
        // Asked before it is made right: what this restore did in it has changed its time only.
        let differed = differed(writer)
        _ = writer.apply(entry, attributes: attributes, to: handle, current: current) { path }
        return differed ? .restored : .asItWas
      } catch {
        writer.note(path, RestoreFinding.Reason(error))
      }
    }
    return .restored
  }
}

extension FileStatus {
  /// Read, write and enter for the owner.
  fileprivate static let ownerAccess: UInt16 = 0o700

  /// It belongs to this user, who has not all rights in it.
  fileprivate var isOwnedButClosed: Bool {
    mode & FileStatus.ownerAccess != FileStatus.ownerAccess && uid == ProcessEnvironment.userID
  }
}

extension DirectoryHandle {
  /// Opens a folder in this one; one that its owner may not read is made readable first.
  package func openAccessible(
    _ name: [UInt8],
    _ status: FileStatus
  ) throws(FilesError) -> DirectoryHandle {
    do {
      return try openSubdirectory(name)
    } catch {
      guard error.isPermission, status.isOwnedButClosed else { throw error }
    }
    try setMode(of: name, status.mode | FileStatus.ownerAccess)
    return try openSubdirectory(name)
  }
}
