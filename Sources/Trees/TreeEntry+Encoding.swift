package import Encoding

extension TreeEntry {
  /// The entry as one CBOR map.
  package func encoded() -> [UInt8] {
    var writer = CBORWriter()
    encode(into: &writer)
    return writer.bytes
  }

  /// Writes the entry as one CBOR map.
  ///
  /// Nothing is checked: see `validate()`.
  package func encode(into writer: inout CBORWriter) {
    writer.mapHeader(keyCount)
    writer.key(.name)
    writer.bytes(name)
    writer.key(.kind)
    writer.unsigned(UInt64(kind.rawValue))
    if mode != 0 { writer.number(UInt64(mode), for: .mode) }
    if uid != 0 { writer.number(UInt64(uid), for: .uid) }
    if gid != 0 { writer.number(UInt64(gid), for: .gid) }
    if modified != .zero {
      writer.key(.modified)
      writer.time(modified)
    }
    if size != 0 { writer.number(size, for: .size) }
    if !attributes.isEmpty {
      writer.key(.attributes)
      writer.attributes(attributes)
    }
    if let attributesNode {
      writer.key(.attributesNode)
      writer.chunkID(attributesNode)
    }
    if flags != 0 { writer.number(UInt64(flags), for: .flags) }
    if !linkTarget.isEmpty {
      writer.key(.linkTarget)
      writer.bytes(linkTarget)
    }
    if device != .zero {
      writer.key(.device)
      writer.arrayHeader(2)
      writer.unsigned(UInt64(device.major))
      writer.unsigned(UInt64(device.minor))
    }
    encodeContent(into: &writer)
    if let directory {
      writer.key(.directory)
      writer.chunkID(directory)
    }
    if let holes {
      writer.key(.holes)
      writer.chunkID(holes)
    }
    if changedWhileRead { writer.number(1, for: .changedWhileRead) }
    if subtree != .zero {
      writer.key(.subtree)
      writer.totals(subtree)
    }
  }

  private func encodeContent(into writer: inout CBORWriter) {
    switch content {
    case .empty:
      break
    case .inline(let bytes):
      writer.key(.inline)
      writer.bytes(bytes)
    case .list(let items):
      writer.key(.list)
      writer.items(items)
    case .paged(let id):
      writer.key(.paged)
      writer.chunkID(id)
    }
  }

  private var keyCount: Int {
    var count = 2
    if mode != 0 { count += 1 }
    if uid != 0 { count += 1 }
    if gid != 0 { count += 1 }
    if modified != .zero { count += 1 }
    if size != 0 { count += 1 }
    if !attributes.isEmpty { count += 1 }
    if attributesNode != nil { count += 1 }
    if flags != 0 { count += 1 }
    if !linkTarget.isEmpty { count += 1 }
    if device != .zero { count += 1 }
    switch content {
    case .empty: break
    case .inline, .list, .paged: count += 1
    }
    if directory != nil { count += 1 }
    if holes != nil { count += 1 }
    if changedWhileRead { count += 1 }
    if subtree != .zero { count += 1 }
    return count
  }
}

extension CBORWriter {
  fileprivate mutating func key(_ key: EntryKey) { unsigned(key.rawValue) }

  fileprivate mutating func number(_ value: UInt64, for key: EntryKey) {
    unsigned(key.rawValue)
    unsigned(value)
  }
}
