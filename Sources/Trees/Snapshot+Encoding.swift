import CoreTypes
import Encoding

extension Snapshot {
  /// The snapshot as one CBOR map.
  ///
  /// Nothing is checked: see `validate()`.
  package func encoded() -> [UInt8] {
    var writer = CBORWriter()
    writer.mapHeader(keyCount)
    writer.field(SnapshotKey.version.rawValue, SnapshotKey.currentVersion)
    if !parents.isEmpty {
      writer.field(SnapshotKey.parents.rawValue, arrayOf: parents.count)
      for parent in parents { writer.bytes(parent.digest) }
    }
    if !roots.isEmpty {
      writer.field(SnapshotKey.roots.rawValue, arrayOf: roots.count)
      for root in roots {
        writer.arrayHeader(2)
        writer.bytes(root.path)
        root.entry.encode(into: &writer)
      }
    }
    if !rules.isEmpty {
      writer.field(SnapshotKey.rules.rawValue, arrayOf: rules.count)
      for rule in rules {
        writer.arrayHeader(2)
        writer.text(rule.name)
        writer.text(rule.value)
      }
    }
    if hasOwners {
      writer.field(SnapshotKey.owners.rawValue, arrayOf: 2)
      writer.owners(users)
      writer.owners(groups)
    }
    if !hardLinks.isEmpty {
      writer.field(SnapshotKey.hardLinks.rawValue, arrayOf: hardLinks.count)
      for id in hardLinks { writer.chunkID(id) }
    }
    if totals != .zero {
      writer.unsigned(SnapshotKey.totals.rawValue)
      writer.totals(totals)
    }
    if let author {
      writer.unsigned(SnapshotKey.author.rawValue)
      author.encode(into: &writer)
    }
    if unreadable != 0 { writer.field(SnapshotKey.unreadable.rawValue, unreadable) }
    return writer.bytes
  }

  private var hasOwners: Bool { !users.isEmpty || !groups.isEmpty }

  private var keyCount: Int {
    [
      true, !parents.isEmpty, !roots.isEmpty, !rules.isEmpty, hasOwners, !hardLinks.isEmpty,
      totals != .zero, author != nil, unreadable != 0,
    ].count { $0 }
  }
}

extension SnapshotAuthor {
  fileprivate func encode(into writer: inout CBORWriter) {
    let keys = [time != .zero, !host.isEmpty, !user.isEmpty, !program.isEmpty, !tags.isEmpty]
    writer.mapHeader(keys.count { $0 })
    if time != .zero {
      writer.unsigned(AuthorKey.time.rawValue)
      writer.time(time)
    }
    if !host.isEmpty { writer.field(AuthorKey.host.rawValue, host) }
    if !user.isEmpty { writer.field(AuthorKey.user.rawValue, user) }
    if !program.isEmpty { writer.field(AuthorKey.program.rawValue, program) }
    if !tags.isEmpty {
      writer.field(AuthorKey.tags.rawValue, arrayOf: tags.count)
      for tag in tags { writer.text(tag) }
    }
  }
}

extension CBORWriter {
  fileprivate mutating func owners(_ owners: [SnapshotOwner]) {
    arrayHeader(owners.count)
    for owner in owners {
      arrayHeader(2)
      unsigned(UInt64(owner.number))
      text(owner.name)
    }
  }
}
