import CoreTypes
import Encoding

extension Snapshot {
  /// Reads a snapshot, and checks every rule that needs no node.
  package init(decoding bytes: [UInt8]) throws(TreeError) {
    guard bytes.count <= SnapshotLimits.byteCount else {
      throw .nodeTooLarge(bytes: bytes.count)
    }
    self.init()
    var reader = CBORReader(bytes)
    var map = try reader.map(limit: 9)
    try reader.expect(key: SnapshotKey.version.rawValue, in: &map)
    let version = try reader.number()
    guard version == SnapshotKey.currentVersion else { throw .unsupportedVersion(version) }
    while let raw = try reader.nextKey(in: &map) {
      guard let key = SnapshotKey(rawValue: raw) else { throw .unknownKey(raw) }
      try decode(key, from: &reader)
    }
    try reader.ended()
    try validate()
  }

  private mutating func decode(
    _ key: SnapshotKey,
    from reader: inout CBORReader
  )
    throws(TreeError)
  {
    switch key {
    case .version:
      // The keys ascend, so the first cannot come again.
      throw .unknownKey(key.rawValue)
    case .parents:
      let count = try reader.elements(limit: SnapshotLimits.parents, for: key)
      for _ in 0..<count { parents.append(RecordID(try reader.chunkID().digest)) }
    case .roots:
      for _ in 0..<(try reader.elements(limit: SnapshotLimits.roots, for: key)) {
        try reader.array(exactly: 2)
        let path = try reader.byteString(limit: TreeLimits.pathByteCount)
        roots.append(SnapshotRoot(path: path, entry: try TreeEntry(decoding: &reader, in: .root)))
      }
    case .rules:
      for _ in 0..<(try reader.elements(limit: SnapshotLimits.rules, for: key)) {
        try reader.array(exactly: 2)
        rules.append(
          SnapshotRule(
            name: try reader.string(limit: SnapshotLimits.textByteCount),
            value: try reader.string(limit: SnapshotLimits.ruleByteCount)
          )
        )
      }
    case .owners:
      try reader.array(exactly: 2)
      users = try reader.owners()
      groups = try reader.owners()
      guard !users.isEmpty || !groups.isEmpty else { throw .needlessKey(key.rawValue) }
    case .hardLinks:
      let count = try reader.elements(limit: SnapshotLimits.hardLinkNodes, for: key)
      for _ in 0..<count { hardLinks.append(try reader.chunkID()) }
    case .totals:
      totals = try reader.totals()
      guard totals != .zero else { throw .needlessKey(key.rawValue) }
    case .author:
      author = try SnapshotAuthor(decoding: &reader)
    case .unreadable:
      unreadable = try reader.number()
      guard unreadable != 0 else { throw .needlessKey(key.rawValue) }
    }
  }
}

extension SnapshotAuthor {
  fileprivate init(decoding reader: inout CBORReader) throws(TreeError) {
    self.init()
    var map = try reader.map(limit: 5)
    while let raw = try reader.nextKey(in: &map) {
      guard let key = AuthorKey(rawValue: raw) else { throw .unknownKey(raw) }
      switch key {
      case .time:
        time = try reader.time()
        guard time != .zero else { throw .needlessKey(raw) }
      case .host: host = try reader.text(for: key)
      case .user: user = try reader.text(for: key)
      case .program: program = try reader.text(for: key)
      case .tags:
        let count = try reader.array(limit: SnapshotLimits.tags)
        guard count > 0 else { throw .needlessKey(raw) }
        for _ in 0..<count {
          tags.append(try reader.string(limit: SnapshotLimits.textByteCount))
        }
      }
    }
  }
}

extension CBORReader {
  /// The length of an array that is left away when it is empty.
  fileprivate mutating func elements(limit: Int, for key: SnapshotKey) throws(TreeError) -> Int {
    let count = try array(limit: limit)
    guard count > 0 else { throw .needlessKey(key.rawValue) }
    return count
  }

  fileprivate mutating func text(for key: AuthorKey) throws(TreeError) -> String {
    let text = try string(limit: SnapshotLimits.textByteCount)
    guard !text.isEmpty else { throw .needlessKey(key.rawValue) }
    return text
  }

  fileprivate mutating func owners() throws(TreeError) -> [SnapshotOwner] {
    let count = try array(limit: SnapshotLimits.owners)
    var owners: [SnapshotOwner] = []
    owners.reserveCapacity(count)
    for _ in 0..<count {
      try array(exactly: 2)
      let raw = try number()
      guard let number = UInt32(exactly: raw) else {
        throw .outOfRange(key: SnapshotKey.owners.rawValue, value: raw)
      }
      owners.append(
        SnapshotOwner(number: number, name: try string(limit: SnapshotLimits.textByteCount))
      )
    }
    return owners
  }
}
