import CoreTypes
package import Files
package import Trees

/// Gives restored files their attributes, in the order that lets each of them stay.
///
/// Owner before mode, because changing the owner clears setuid; capabilities after the owner for the same reason; times after
/// everything that touches the inode; flags last, because an immutable file takes nothing more.
package struct EntryWriter: Sendable {
  /// What is not even tried.
  package struct Policy: Sendable {
    /// False for an ordinary user: owners cannot be given away.
    package let setsOwner: Bool

    package init(setsOwner: Bool) { self.setsOwner = setsOwner }
  }

  private let policy: Policy
  private let report: @Sendable (RestoreFinding) -> Void

  package init(policy: Policy, report: @escaping @Sendable (RestoreFinding) -> Void) {
    self.policy = policy
    self.report = report
  }

  /// Applies everything but content to an open file.
  package func apply(
    _ entry: TreeEntry,
    attributes: [EntryAttribute],
    to file: OpenFile,
    path: [UInt8]
  ) {
    if policy.setsOwner {
      attempt(.owner, path) { () throws(FilesError) in
        try file.setOwner(uid: entry.uid, gid: entry.gid)
      }
    }
    for attribute in attributes {
      attempt(.extendedAttributes, path) { () throws(FilesError) in
        try file.setExtendedAttribute(attribute.name, attribute.value)
      }
    }
    attempt(.mode, path) { () throws(FilesError) in try file.setMode(entry.mode) }
    attempt(.times, path) { () throws(FilesError) in
      try file.setTimes(modification: entry.timestamp)
    }
    if entry.flags != 0 {
      attempt(.flags, path) { () throws(FilesError) in
        try file.setInodeFlags(adding: entry.flags)
      }
    }
  }

  /// Applies everything to a folder, after its entries were made.
  package func apply(
    _ entry: TreeEntry,
    attributes: [EntryAttribute],
    to folder: DirectoryHandle,
    path: [UInt8]
  ) {
    if policy.setsOwner {
      attempt(.owner, path) { () throws(FilesError) in
        try folder.setOwner(uid: entry.uid, gid: entry.gid)
      }
    }
    for attribute in attributes {
      attempt(.extendedAttributes, path) { () throws(FilesError) in
        try folder.setExtendedAttribute(attribute.name, attribute.value)
      }
    }
    attempt(.mode, path) { () throws(FilesError) in try folder.setMode(entry.mode) }
    attempt(.times, path) { () throws(FilesError) in
      try folder.setTimes(modification: entry.timestamp)
    }
    if entry.flags != 0 {
      attempt(.flags, path) { () throws(FilesError) in
        try folder.setInodeFlags(adding: entry.flags)
      }
    }
  }

  /// Makes a link, FIFO or device and applies what such an entry can have.
  ///
  /// Returns false if it was not made.
  package func makeSpecial(
    _ entry: TreeEntry,
    attributes: [EntryAttribute],
    in folder: DirectoryHandle,
    path: [UInt8]
  ) -> Bool {
    do {
      try make(entry, in: folder)
    } catch {
      let refused =
        error.isPermission && (entry.kind == .characterDevice || entry.kind == .blockDevice)
      report(
        RestoreFinding(
          path: path,
          reason: refused
            ? .deviceSkipped
            : .notRestored(operation: error.operationName, errno: error.errno)
        )
      )
      return false
    }
    if policy.setsOwner {
      attempt(.owner, path) { () throws(FilesError) in
        try folder.setOwner(of: entry.name, uid: entry.uid, gid: entry.gid)
      }
    }
    for attribute in attributes {
      attempt(.extendedAttributes, path) { () throws(FilesError) in
        try folder.setExtendedAttribute(
          attribute.name,
          attribute.value,
          of: entry.name
        )
      }
    }
    if entry.kind != .symbolicLink {
      attempt(.mode, path) { () throws(FilesError) in
        try folder.setMode(of: entry.name, entry.mode)
      }
    }
    attempt(.times, path) { () throws(FilesError) in
      try folder.setTimes(of: entry.name, modification: entry.timestamp)
    }
    return true
  }

  private func make(_ entry: TreeEntry, in folder: DirectoryHandle) throws(FilesError) {
    switch entry.kind {
    case .symbolicLink: try folder.makeSymbolicLink(target: entry.linkTarget, name: entry.name)
    case .fifo: try folder.makeFIFO(entry.name, mode: 0o600)
    case .characterDevice, .blockDevice:
      try folder.makeDevice(
        entry.name,
        kind: entry.kind == .blockDevice ? .blockDevice : .characterDevice,
        major: entry.device.major,
        minor: entry.device.minor,
        mode: 0o600
      )
    case .file, .directory, .socket: break
    }
  }

  private func attempt(
    _ kind: RestoreFinding.AttributeKind,
    _ path: [UInt8],
    _ body: () throws(FilesError) -> Void
  ) {
    do {
      try body()
    } catch {
      report(
        RestoreFinding(
          path: path,
          reason: .attributes(kind, operation: error.operationName, errno: error.errno)
        )
      )
    }
  }
}

extension TreeEntry {
  /// The modification time as the file system takes it.
  package var timestamp: Timestamp {
    Timestamp(seconds: modified.seconds, nanoseconds: modified.nanoseconds)
  }
}
