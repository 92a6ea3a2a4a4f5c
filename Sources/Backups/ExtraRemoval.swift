import Threading
import Files
import Restoring

/// Removes from the target what the snapshot lacks.
///
/// Only in folders that were restored, never what patterns leave out, and never across a mount point, and never what this process itself works
/// with.
struct ExtraRemoval {
  private let context: RestoreContext
  private let mount: UInt64
  private let device: DeviceID

  /// `nil`, and a note, if nothing is known of the folder that is restored.
  init?(context: RestoreContext, below top: RestoredFolder) {
    self.context = context
    do {
      let status = try top.handle.status()
      mount = status.mount
      device = status.device
    } catch {
      context.finisher.refused(top.path, error)
      return nil
    }
  }

  /// Removes what a listing has found superfluous.
  func remove(
    _ listing: TargetListing,
    from folder: RestoredFolder,
    _ position: RestoreFilter.Position?
  ) {
    guard !listing.extras.isEmpty else { return }
    guard !listing.isAmbiguous else {
      return context.progress.note(RestoreFinding(path: folder.path, reason: .ambiguousNames))
    }
    do {
      guard isHere(try folder.handle.status()) else { return }
    } catch {
      return context.finisher.refused(folder.path, error)
    }
    for name in listing.extras {
      if context.failure.isSet || context.interruption() { return }
      _ = removeTree(name, from: folder, position)
    }
  }

  private func isHere(_ status: FileStatus) -> Bool {
    status.device == device && status.mount == mount
  }

  private func isUntouchable(_ status: FileStatus) -> Bool {
    FolderIdentity(status).map { context.plan.untouchable.contains($0) } ?? false
  }

  // MARK: Trees

  /// A folder that is being emptied.
  private struct Emptied {
    let handle: DirectoryHandle
    let name: [UInt8]
    let path: [UInt8]
    let position: RestoreFilter.Position?
    var names: [[UInt8]]
    var keepsSomething = false
  }

  private enum Step {
    case removed
    case kept
    case below(Emptied)
  }

  /// Removes a name and all below it; false if something of it stays.
  ///
  /// Uses no stack space for depth.
  func removeTree(
    _ name: [UInt8],
    from folder: RestoredFolder,
    _ position: RestoreFilter.Position?
  ) -> Bool {
    if context.isDryRun { folder.touch() } else { folder.prepareForChanges() }
    var stack: [Emptied] = []
    switch remove(name, from: folder.handle, folder.path(of: name), position) {
    case .removed: return true
    case .kept: return false
    case .below(let below): stack.append(below)
    }
    while let last = stack.indices.last {
      if let next = stack[last].names.popLast() {
        let path = stack[last].path + [UInt8(ascii: "/")] + next
        switch remove(next, from: stack[last].handle, path, stack[last].position) {
        case .removed: break
        case .kept: stack[last].keepsSomething = true
        case .below(let below): stack.append(below)
        }
        continue
      }
      let emptied = stack.removeLast()
      let parent = stack.last?.handle ?? folder.handle
      let isGone = !emptied.keepsSomething && removeEmptied(emptied, from: parent)
      guard let above = stack.indices.last else { return isGone }
      if !isGone { stack[above].keepsSomething = true }
    }
    return true
  }

  private func remove(
    _ name: [UInt8],
    from folder: DirectoryHandle,
    _ path: [UInt8],
    _ position: RestoreFilter.Position?
  ) -> Step {
    if let filter = context.plan.filter {
      guard let position, filter.selection(of: name, in: position).isSelected else { return .kept }
    }
    do {
      let status = try folder.status(of: name)
      guard !status.isMountRoot, isHere(status), !isUntouchable(status) else {
        context.progress.act(.kept) { path }
        return .kept
      }
      if status.kind == .directory {
        let handle =
          context.isDryRun
          ? try folder.openSubdirectory(name) : try folder.openAccessible(name, status)
        return .below(
          Emptied(
            handle: handle,
            name: name,
            path: path,
            position: position.flatMap { place in
              context.plan.filter?.position(below: name, in: place)
            },
            names: try handle.entries().map(\.name)
          )
        )
      }
      if !context.isDryRun { try folder.unlink(name) }
      noteRemoved(path)
      return .removed
    } catch {
      return refused(path, error)
    }
  }

  private func removeEmptied(_ folder: Emptied, from parent: DirectoryHandle) -> Bool {
    do {
      if !context.isDryRun { try parent.removeDirectory(folder.name) }
      noteRemoved(folder.path)
      return true
    } catch {
      switch refused(folder.path, error) {
      case .removed: return true
      case .kept, .below: return false
      }
    }
  }

  private func noteRemoved(_ path: [UInt8]) {
    context.progress.add { $0.removed += 1 }
    context.progress.act(.removed) { path }
  }

  private func refused(_ path: [UInt8], _ error: FilesError) -> Step {
    // Somebody else was faster.
    if error.isNotFound { return .removed }
    context.progress.note(
      RestoreFinding(
        path: path,
        reason: .notRemoved(operation: error.operationName, errno: error.errno)
      )
    )
    return .kept
  }
}
