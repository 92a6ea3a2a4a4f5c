import Archiving
import CoreTypes
import Repositories
package import Trees

/// Writes a part of a snapshot as a tar archive, in order of paths.
package struct TarDump {
  /// Figures of a dump.
  package struct Counts: Equatable, Sendable {
    package internal(set) var files = 0
    package internal(set) var folders = 0
    package internal(set) var others = 0
    /// Content that was written.
    package internal(set) var bytes: UInt64 = 0
    /// Files that changed while they were backed up.
    package internal(set) var torn = 0
    /// Sockets, for which tar has no form.
    package internal(set) var leftOut = 0
  }

  private let reader: TreeReader<BrowsingError>
  private let content: ContentReader
  private let output: ContentReader.Body
  private let users: [UInt32: String]
  private let groups: [UInt32: String]
  private let linkGroups: [LinkMember: Int]
  /// The path under which the first member of a group of hard links was written.
  private var firstNames: [Int: [UInt8]] = [:]
  private var written: UInt64 = 0
  private var counts = Counts()

  /// Prepares an archive of entries of `snapshot`, whose bytes go to `output`.
  package init(
    of snapshot: Snapshot,
    source: NodeSource,
    content: ContentReader,
    output: @escaping ContentReader.Body
  ) throws(BrowsingError) {
    reader = source.reader
    self.content = content
    self.output = output
    users = TarDump.names(snapshot.users)
    groups = TarDump.names(snapshot.groups)
    var nodes: [TreeNode] = []
    for id in snapshot.hardLinks {
      nodes.append(
        try reading { () throws(TreeReadError<BrowsingError>) in try source.reader.node(id) }
      )
    }
    var linkGroups: [LinkMember: Int] = [:]
    do {
      for (number, members) in try HardLinks.groups(of: nodes).enumerated() {
        for member in members { linkGroups[member] = number }
      }
    } catch {
      throw .tree(error)
    }
    self.linkGroups = linkGroups
  }

  private static func names(_ owners: [SnapshotOwner]) -> [UInt32: String] {
    Dictionary(owners.map { ($0.number, $0.name) }) { first, _ in first }
  }

  /// Writes the whole archive; paths in it are those below `base`, which is above all of `tops` or one of them.
  package mutating func write(
    _ tops: [TreeTop],
    below base: [UInt8]
  ) throws(BrowsingError)
    -> Counts
  {
    let baseCount = base == [Path.slash] ? 0 : base.count
    for top in tops {
      let listing = TreeListing(reader: reader)
      let rootCount = top.path.count - top.namesBelowRoot.reduce(0) { $0 + $1.count + 1 }
      try listing.forEachEntry(of: top, reach: .everything) { path, entry throws(BrowsingError) in
        let name = path.count > baseCount ? Array(path[(baseCount + 1)...]) : []
        let below = path.count > rootCount ? path[rootCount...].drop { $0 == Path.slash } : []
        let member = LinkMember(root: UInt32(clamping: top.root), path: Array(below))
        try write(entry, as: name.isEmpty ? [UInt8(ascii: ".")] : name, member, at: path)
      }
    }
    try put(TarHeader.end(after: written)[...])
    return counts
  }

  private mutating func put(_ bytes: ArraySlice<UInt8>) throws(BrowsingError) {
    written &+= UInt64(bytes.count)
    try output(bytes)
  }

  private mutating func write(
    _ entry: TreeEntry,
    as name: [UInt8],
    _ link: LinkMember,
    at path: [UInt8]
  ) throws(BrowsingError) {
    if entry.kind != .directory, let group = linkGroups[link] {
      if let first = firstNames[group] {
        counts.others += 1
        return try put(TarHeader.bytes(of: member(entry, name, .hardLink(to: first), []))[...])
      }
      firstNames[group] = name
    }
    let attributes = try reading { () throws(TreeReadError<BrowsingError>) in
      try reader.attributes(of: entry)
    }
    let kind: TarMember.Kind
    switch entry.kind {
    case .file: return try writeFile(entry, as: name, attributes, at: path)
    case .socket:
      counts.leftOut += 1
      return
    case .directory:
      counts.folders += 1
      kind = .directory
    case .symbolicLink: kind = .symbolicLink(target: entry.linkTarget)
    case .fifo: kind = .fifo
    case .characterDevice: kind = .characterDevice(entry.device)
    case .blockDevice: kind = .blockDevice(entry.device)
    }
    if entry.kind != .directory { counts.others += 1 }
    try put(TarHeader.bytes(of: member(entry, name, kind, attributes))[...])
  }

  private mutating func writeFile(
    _ entry: TreeEntry,
    as name: [UInt8],
    _ attributes: [EntryAttribute],
    at path: [UInt8]
  ) throws(BrowsingError) {
    counts.files += 1
    if entry.changedWhileRead { counts.torn += 1 }
    let parts = try content.partsBesideHoles(of: entry, at: path)
      .map { TarHeader.aligned($0, byteCount: entry.size) }
    let kind: TarMember.Kind =
      parts.map { .sparseFile(byteCount: entry.size, parts: $0) } ?? .file(byteCount: entry.size)
    try put(TarHeader.bytes(of: member(entry, name, kind, attributes))[...])
    var count: UInt64 = 0
    let whole = entry.size > 0 ? [0..<entry.size] : []
    try content.read(entry, parts: parts ?? whole, at: path) { bytes throws(BrowsingError) in
      count += UInt64(bytes.count)
      try put(bytes)
    }
    counts.bytes &+= count
    try put(TarHeader.padding(after: count)[...])
  }

  private func member(
    _ entry: TreeEntry,
    _ name: [UInt8],
    _ kind: TarMember.Kind,
    _ attributes: [EntryAttribute]
  ) -> TarMember {
    var member = TarMember(path: name, kind: kind)
    member.mode = entry.kind == .symbolicLink ? 0o777 : entry.mode
    member.uid = entry.uid
    member.gid = entry.gid
    member.user = users[entry.uid] ?? ""
    member.group = groups[entry.gid] ?? ""
    member.modified = entry.modified
    member.attributes = attributes
    return member
  }
}
