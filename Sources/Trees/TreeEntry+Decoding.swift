package import Encoding

extension TreeEntry {
  /// Reads one entry and checks every rule that needs no other node.
  package init(
    decoding reader: inout CBORReader,
    in place: EntryPlace = .directory
  )
    throws(TreeError)
  {
    self.init(name: [], kind: .file)
    var map = try reader.map(limit: 19)
    var kindFound = false
    while let raw = try reader.nextKey(in: &map) {
      guard let key = EntryKey(rawValue: raw) else { throw .unknownKey(raw) }
      if key == .kind { kindFound = true }
      try decode(key, from: &reader)
    }
    guard !name.isEmpty else { throw .missingKey(EntryKey.name.rawValue) }
    guard kindFound else { throw .missingKey(EntryKey.kind.rawValue) }
    try validate(in: place)
  }

  private mutating func decode(_ key: EntryKey, from reader: inout CBORReader) throws(TreeError) {
    switch key {
    case .name:
      name = try reader.byteString(limit: TreeLimits.nameByteCount)
    case .kind:
      let raw = try reader.number()
      guard let known = UInt8(exactly: raw).flatMap(EntryKind.init(rawValue:)) else {
        throw .unknownKind(raw)
      }
      kind = known
    case .mode: mode = try reader.number(for: key)
    case .uid: uid = try reader.number(for: key)
    case .gid: gid = try reader.number(for: key)
    case .modified:
      modified = try reader.time()
      guard modified != .zero else { throw .needlessKey(key.rawValue) }
    case .size: size = try reader.number(for: key)
    case .attributes:
      attributes = try reader.attributes(limit: TreeLimits.inlineAttributesByteCount)
      guard !attributes.isEmpty else { throw .needlessKey(key.rawValue) }
    case .attributesNode: attributesNode = try reader.chunkID()
    case .flags: flags = try reader.number(for: key)
    case .linkTarget:
      linkTarget = try reader.byteString(limit: TreeLimits.linkTargetByteCount)
      guard !linkTarget.isEmpty else { throw .needlessKey(key.rawValue) }
    case .device:
      try reader.array(exactly: 2)
      device.major = try reader.fixedNumber(for: key)
      device.minor = try reader.fixedNumber(for: key)
      guard device != .zero else { throw .needlessKey(key.rawValue) }
    case .inline:
      try setContent(.inline(try reader.byteString(limit: TreeLimits.inlineByteCount)))
    case .list:
      try setContent(.list(try reader.items(limit: TreeLimits.directItems)))
    case .paged:
      try setContent(.paged(try reader.chunkID()))
    case .directory: directory = try reader.chunkID()
    case .holes: holes = try reader.chunkID()
    case .changedWhileRead:
      let value = try reader.number()
      guard value == 1 else { throw .outOfRange(key: key.rawValue, value: value) }
      changedWhileRead = true
    case .subtree:
      subtree = try reader.totals()
      guard subtree != .zero else { throw .needlessKey(key.rawValue) }
    }
  }

  private mutating func setContent(_ found: FileContent) throws(TreeError) {
    guard content == .empty else { throw .illegalContent }
    content = found
  }
}

extension CBORReader {
  /// A number that is left away when it is zero.
  fileprivate mutating func number<Value: FixedWidthInteger & UnsignedInteger>(
    for key: EntryKey
  ) throws(TreeError) -> Value {
    let value: Value = try fixedNumber(for: key)
    guard value != 0 else { throw .needlessKey(key.rawValue) }
    return value
  }

  fileprivate mutating func fixedNumber<Value: FixedWidthInteger & UnsignedInteger>(
    for key: EntryKey
  ) throws(TreeError) -> Value {
    let raw = try number()
    guard let value = Value(exactly: raw) else {
      throw .outOfRange(key: key.rawValue, value: raw)
    }
    return value
  }
}
