import CoreTypes
package import Files
package import Trees

/// Gives restored files their attributes, in the order that lets each of them stay.
///
/// Owner before mode, because changing the owner clears setuid; capabilities after the owner for the same reason; times after
/// everything that touches them; the mode behind all that, because it tells that a file is finished; flags last, because an
/// immutable file takes nothing more. Setuid and setgid are only
/// given to a file that has the owner for whom they were meant.
package struct EntryWriter: Sendable {
  private let owners: OwnerRule
  private let report: @Sendable (RestoreFinding) -> Void

  /// FS_IMMUTABLE_FL and FS_APPEND_FL.
  ///
  /// Source: ioctl_iflags(2).
  static let lockingFlags: UInt32 = 0x30

  package init(owners: OwnerRule, report: @escaping @Sendable (RestoreFinding) -> Void) {
    self.owners = owners
    self.report = report
  }

  /// Applies everything but content to something that was just made.
  ///
  /// `made` is its status, where that is known: an owner that it has need not be given to it. `inherits` says that it may
  /// have got an access control list from the folder that it is in.
  package func apply(
    _ entry: TreeEntry,
    attributes: [EntryAttribute],
    toNew holder: some AttributeHolder,
    made: FileStatus?,
    inherits: Bool,
    path: () -> [UInt8]
  ) {
    let wanted = owners.attributes(attributes)
    if inherits { removeOthers(than: wanted, from: holder, path) }
    set(entry, wanted, on: holder, current: made, path)
    if entry.flags != 0 {
      attempt(.flags, path) { () throws(FilesError) in
        try holder.setInodeFlags(adding: entry.flags)
      }
    }
  }

  /// Applies to something that was there what is not as it should be.
  ///
  /// Returns whether anything was not.
  package func apply(
    _ entry: TreeEntry,
    attributes: [EntryAttribute],
    to holder: some AttributeHolder,
    current: FileStatus,
    path: () -> [UInt8]
  ) -> Bool {
    guard differs(entry, attributes: attributes, holder, current: current) else {
      reportUnattained(entry, current, path)
      return false
    }
    let wanted = owners.attributes(attributes)
    let flags = presentFlags(of: holder)
    if let flags, flags & EntryWriter.lockingFlags != 0 {
      attempt(.flags, path) { () throws(FilesError) in
        try holder.setInodeFlags(replacing: flags & ~EntryWriter.lockingFlags)
      }
    }
    removeOthers(than: wanted, from: holder, path)
    set(entry, wanted, on: holder, current: current, path)
    if let flags {
      let exact = EntryWriter.exact(flags, entry)
      let present = flags & ~EntryWriter.lockingFlags
      if exact != present {
        attempt(.flags, path) { () throws(FilesError) in
          try holder.setInodeFlags(replacing: exact)
        }
      }
    } else if entry.flags != 0 {
      attempt(.flags, path) { () throws(FilesError) in
        try holder.setInodeFlags(adding: entry.flags)
      }
    }
    return true
  }

  /// Whether a file belongs to somebody who is neither its owner in the snapshot nor this user, and would be given away.
  ///
  /// Who opened it for writing while it was his could go on writing when it is not.
  package func isForeign(_ entry: TreeEntry, _ current: FileStatus) -> Bool {
    guard owners.isPrivileged, let owner = owners.owner(of: entry) else { return false }
    return current.uid != owner.uid && current.uid != owners.userID
  }

  /// Whether something that is there has other attributes than the entry.
  package func differs(
    _ entry: TreeEntry,
    attributes: [EntryAttribute],
    _ holder: some AttributeHolder,
    current: FileStatus
  ) -> Bool {
    if current.modification != entry.timestamp { return true }
    var mode = entry.mode
    if let owner = owners.owner(of: entry) {
      let isOwned = current.uid == owner.uid && current.gid == owner.gid
      if !isOwned {
        // An ordinary user cannot change that; the mode is compared as it would be given.
        if owners.isPrivileged || current.uid == owner.uid { return true }
        mode &=
          ~(Self.droppedBits(entry, uid: current.uid != owner.uid, gid: current.gid != owner.gid))
      }
    } else {
      mode &=
        ~(Self.droppedBits(entry, uid: current.uid != entry.uid, gid: current.gid != entry.gid))
    }
    if entry.kind != .symbolicLink, current.mode != mode { return true }
    do {
      let present = try holder.extendedAttributes().filter { AttributeName.isRestored($0.name) }
      let wanted = owners.attributes(attributes).filter { AttributeName.isRestored($0.name) }
      guard present.count == wanted.count else { return true }
      for (one, other) in zip(present, wanted)
      where one.name != other.name || one.value != other.value { return true }
    } catch {
      return true
    }
    guard let flags = presentFlags(of: holder) else { return false }
    return flags != Self.exact(flags, entry)
  }

  /// Reports what an entry that is otherwise right cannot have.
  private func reportUnattained(
    _ entry: TreeEntry,
    _ current: FileStatus,
    _ path: () -> [UInt8]
  ) {
    let owner = owners.owner(of: entry)
    if let owner, current.uid != owner.uid || current.gid != owner.gid {
      let reason = RestoreFinding.Reason.attributes(
        .owner,
        operation: "fchown",
        errno: FilesError.notPermitted
      )
      report(RestoreFinding(path: path(), reason: reason))
    }
    let wanted = owner ?? (uid: entry.uid, gid: entry.gid)
    let dropped = Self.droppedBits(
      entry,
      uid: current.uid != wanted.uid,
      gid: current.gid != wanted.gid
    )
    if dropped != 0 { report(RestoreFinding(path: path(), reason: .specialBitsDropped)) }
  }

  /// Reports what is wrong with the entry of this path below the target.
  func note(_ path: [UInt8], _ reason: RestoreFinding.Reason) {
    report(RestoreFinding(path: path, reason: reason))
  }

  // MARK: Steps

  private func set(
    _ entry: TreeEntry,
    _ attributes: [EntryAttribute],
    on holder: some AttributeHolder,
    current: FileStatus?,
    _ path: () -> [UInt8]
  ) {
    let dropped = setOwner(entry, on: holder, current: current, path)
    for attribute in attributes {
      do {
        try holder.setExtendedAttribute(attribute.name, attribute.value)
      } catch {
        report(
          RestoreFinding(
            path: path(),
            reason: .extendedAttribute(
              name: attribute.name,
              operation: error.operationName,
              errno: error.errno
            )
          )
        )
      }
    }
    if dropped != 0 { report(RestoreFinding(path: path(), reason: .specialBitsDropped)) }
    attempt(.times, path) { () throws(FilesError) in
      try holder.setTimes(modification: entry.timestamp)
    }
    // Behind the times, which it leaves alone: as long as a file has the mode of an unfinished one, it is one.
    attempt(.mode, path) { () throws(FilesError) in try holder.setMode(entry.mode & ~dropped) }
  }

  /// Gives the entry its owner as far as that is wanted and allowed.
  ///
  /// Returns the bits of the mode that must not be set, because they would speak for somebody else.
  private func setOwner(
    _ entry: TreeEntry,
    on holder: some AttributeHolder,
    current: FileStatus?,
    _ path: () -> [UInt8]
  ) -> UInt16 {
    let present = (uid: current?.uid ?? owners.userID, gid: current?.gid ?? owners.groupID)
    guard let owner = owners.owner(of: entry) else {
      return Self.droppedBits(
        entry,
        uid: present.uid != entry.uid,
        gid: present.gid != entry.gid
      )
    }
    if let current, current.uid == owner.uid, current.gid == owner.gid { return 0 }
    do {
      if owners.isPrivileged {
        try holder.setOwner(uid: owner.uid, gid: owner.gid)
        return 0
      }
      // One of his own groups a user can give; who owns the file he cannot change.
      try holder.setOwner(uid: UInt32.max, gid: owner.gid)
      if present.uid == owner.uid { return 0 }
      report(
        RestoreFinding(
          path: path(),
          reason: .attributes(.owner, operation: "fchown", errno: FilesError.notPermitted)
        )
      )
      return Self.droppedBits(entry, uid: true, gid: false)
    } catch {
      report(
        RestoreFinding(
          path: path(),
          reason: .attributes(.owner, operation: error.operationName, errno: error.errno)
        )
      )
      return Self.droppedBits(
        entry,
        uid: present.uid != owner.uid,
        gid: present.gid != owner.gid
      )
    }
  }

  private static func droppedBits(_ entry: TreeEntry, uid: Bool, gid: Bool) -> UInt16 {
    guard entry.kind != .symbolicLink else { return 0 }
    return entry.mode & ((uid ? 0o4000 : 0) | (gid ? 0o2000 : 0))
  }

  private func removeOthers(
    than wanted: [EntryAttribute],
    from holder: some AttributeHolder,
    _ path: () -> [UInt8]
  ) {
    attempt(.extendedAttributes, path) { () throws(FilesError) in
      for attribute in try holder.extendedAttributes()
      where AttributeName.isRestored(attribute.name)
        && !wanted.contains(where: { $0.name == attribute.name })
      {
        try holder.removeExtendedAttribute(attribute.name)
      }
    }
  }

  private func presentFlags(of holder: some AttributeHolder) -> UInt32? {
    do {
      return try holder.inodeFlags()
    } catch {
      // Without an answer the flags are left alone.
      return nil
    }
  }

  /// The entry's flags, and those of the present ones that are none of ours.
  private static func exact(_ present: UInt32, _ entry: TreeEntry) -> UInt32 {
    present & ~Trees.InodeFlags.restorable | entry.flags
  }

  private func attempt(
    _ kind: RestoreFinding.AttributeKind,
    _ path: () -> [UInt8],
    _ body: () throws(FilesError) -> Void
  ) {
    do {
      try body()
    } catch {
      report(
        RestoreFinding(
          path: path(),
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
