import CoreTypes
package import Files
package import Trees

extension EntryWriter {
  /// Makes a link, FIFO or device, and applies what such an entry can have.
  ///
  /// What is in the way is only taken away, by a rename, when the new one is complete. Returns false for a
  /// device that may not be made, which is reported.
  package func makeSpecial(
    _ entry: TreeEntry,
    attributes: [EntryAttribute],
    in folder: RestoredFolder,
    replacing: Replacing
  ) throws(FilesError) -> Bool {
    let name: [UInt8]
    switch replacing {
    case .refuse: name = entry.name
    case .allow: name = TemporaryName.make()
    }
    do {
      try make(entry, as: name, in: folder.handle)
    } catch {
      let isDevice = entry.kind == .characterDevice || entry.kind == .blockDevice
      guard error.isPermission, isDevice else { throw error }
      note(folder.path(of: entry.name), .deviceSkipped)
      return false
    }
    apply(
      entry,
      attributes: attributes,
      toNew: NamedEntry(name, in: folder.handle, isLink: entry.kind == .symbolicLink),
      made: nil,
      inherits: folder.inheritsAccessControl
    ) { folder.path(of: entry.name) }
    guard case .allow = replacing else { return true }
    do {
      try folder.handle.rename(name, to: folder.handle, entry.name, replacing: .allow)
    } catch {
      TemporaryName.remove(name, from: folder.handle)
      throw error
    }
    return true
  }

  private func make(
    _ entry: TreeEntry,
    as name: [UInt8],
    in folder: DirectoryHandle
  ) throws(FilesError) {
    switch entry.kind {
    case .symbolicLink: try folder.makeSymbolicLink(target: entry.linkTarget, name: name)
    case .fifo: try folder.makeFIFO(name, mode: 0o600)
    case .characterDevice, .blockDevice:
      try folder.makeDevice(
        name,
        kind: entry.kind == .blockDevice ? .blockDevice : .characterDevice,
        major: entry.device.major,
        minor: entry.device.minor,
        mode: 0o600
      )
    case .file, .directory, .socket: break
    }
  }

  /// Whether what is there is the same link, FIFO or device, whatever its attributes.
  package func isSame(
    _ entry: TreeEntry,
    as current: FileStatus,
    in folder: DirectoryHandle
  ) -> Bool {
    switch (entry.kind, current.kind) {
    case (.fifo, .fifo): return true
    case (.characterDevice, .characterDevice), (.blockDevice, .blockDevice):
      return current.representedDevice.major == entry.device.major
        && current.representedDevice.minor == entry.device.minor
    case (.symbolicLink, .symbolicLink):
      do {
        return try folder.readLink(entry.name) == entry.linkTarget
      } catch {
        // What cannot be read is made anew.
        return false
      }
    default: return false
    }
  }
}
