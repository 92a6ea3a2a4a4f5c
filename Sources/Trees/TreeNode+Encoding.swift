import Encoding

/// Keys of a node's map.
enum NodeKey {
  static let kind: UInt64 = 1
  static let second: UInt64 = 2
  static let third: UInt64 = 3
}

extension TreeNode {
  /// The node as one CBOR map.
  ///
  /// Nothing is checked: builders and `init(decoding:)` do that.
  package func encoded() -> [UInt8] {
    var writer: CBORWriter
    switch self {
    case .directoryPage(let totals, let entries):
      writer = CBORWriter.directory(.directoryPage, totals, elements: entries.count)
      for entry in entries { entry.encode(into: &writer) }
    case .directoryIndex(let totals, let children):
      writer = CBORWriter.directory(.directoryIndex, totals, elements: children.count)
      for child in children { writer.child(child) }
    case .listPage(let bytes, let items):
      writer = CBORWriter.list(.listPage, bytes, elements: items.count)
      for item in items { writer.item(item) }
    case .listIndex(let bytes, let children):
      writer = CBORWriter.list(.listIndex, bytes, elements: children.count)
      for child in children { writer.child(child) }
    case .holes(let holes):
      writer = CBORWriter.array(.holes, elements: holes.count)
      for hole in holes {
        writer.arrayHeader(2)
        writer.unsigned(hole.offset)
        writer.unsigned(hole.length)
      }
    case .attributes(let attributes):
      writer = CBORWriter.head(.attributes, keys: 2)
      writer.unsigned(NodeKey.second)
      writer.attributes(attributes)
    case .hardLinks(let groups):
      writer = CBORWriter.array(.hardLinks, elements: groups.count)
      for group in groups { writer.group(group) }
    }
    return writer.bytes
  }
}

extension CBORWriter {
  /// Everything of a directory's page or index that stands before its elements.
  static func directory(_ kind: TreeNodeKind, _ totals: TreeTotals, elements: Int) -> CBORWriter {
    var writer = head(kind, keys: 3)
    writer.unsigned(NodeKey.second)
    writer.totals(totals)
    writer.unsigned(NodeKey.third)
    writer.arrayHeader(elements)
    return writer
  }

  /// Everything of a list's page or index that stands before its elements.
  static func list(_ kind: TreeNodeKind, _ bytes: UInt64, elements: Int) -> CBORWriter {
    var writer = head(kind, keys: 3)
    writer.unsigned(NodeKey.second)
    writer.unsigned(bytes)
    writer.unsigned(NodeKey.third)
    writer.arrayHeader(elements)
    return writer
  }

  mutating func child(_ child: DirectoryChild) {
    arrayHeader(2)
    bytes(child.firstName)
    chunkID(child.id)
  }

  mutating func child(_ child: ListChild) {
    arrayHeader(2)
    chunkID(child.id)
    unsigned(child.bytes)
  }

  mutating func group(_ group: [LinkMember]) {
    arrayHeader(group.count)
    for member in group {
      arrayHeader(2)
      unsigned(UInt64(member.root))
      bytes(member.path)
    }
  }

  fileprivate static func array(_ kind: TreeNodeKind, elements: Int) -> CBORWriter {
    var writer = head(kind, keys: 2)
    writer.unsigned(NodeKey.second)
    writer.arrayHeader(elements)
    return writer
  }

  fileprivate static func head(_ kind: TreeNodeKind, keys: Int) -> CBORWriter {
    var writer = CBORWriter()
    writer.mapHeader(keys)
    writer.unsigned(NodeKey.kind)
    writer.unsigned(kind.rawValue)
    return writer
  }
}
