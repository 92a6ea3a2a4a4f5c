import CoreTypes

extension TreeEntry {
  /// Throws what is wrong with this entry, by every rule that needs no other node.
  package func validate(in place: EntryPlace = .directory) throws(TreeError) {
    switch place {
    case .directory: try Trees.validate(name: name)
    case .root: guard name == TreeEntry.rootName else { throw .illegalName(name) }
    }
    try validateMetadata()
    try validateContent()
    try require(directory == nil || kind == .directory, key: .directory)
    guard kind != .directory || directory != nil else {
      throw .missingKey(EntryKey.directory.rawValue)
    }
    try require(subtree == .zero || kind == .directory, key: .subtree)
    for count in [subtree.files, subtree.bytes, subtree.entries] where count >= TreeLimits.total {
      throw .outOfRange(key: EntryKey.subtree.rawValue, value: count)
    }
  }

  private func validateMetadata() throws(TreeError) {
    try require(mode == 0 || kind != .symbolicLink, key: .mode)
    guard mode <= 0o7777 else {
      throw .outOfRange(key: EntryKey.mode.rawValue, value: UInt64(mode))
    }
    guard modified.nanoseconds < 1_000_000_000 else {
      throw .illegalTime(nanoseconds: UInt64(modified.nanoseconds))
    }
    try require(flags == 0 || kind == .file || kind == .directory, key: .flags)
    guard flags & ~InodeFlags.restorable == 0 else {
      throw .outOfRange(key: EntryKey.flags.rawValue, value: UInt64(flags))
    }
    let attributesByteCount = try attributes.validatedByteCount()
    guard attributesByteCount <= TreeLimits.inlineAttributesByteCount,
      attributes.isEmpty || attributesNode == nil
    else { throw .misplacedAttributes(bytes: attributesByteCount) }
    try require(linkTarget.isEmpty || kind == .symbolicLink, key: .linkTarget)
    if kind == .symbolicLink {
      guard !linkTarget.isEmpty, linkTarget.count <= TreeLimits.linkTargetByteCount,
        !linkTarget.contains(0)
      else { throw .illegalLinkTarget(bytes: linkTarget.count) }
    }
    try require(device == .zero || kind.isDevice, key: .device)
  }

  private func validateContent() throws(TreeError) {
    try require(size == 0 || kind == .file, key: .size)
    try require(holes == nil || kind == .file, key: .holes)
    try require(!changedWhileRead || kind == .file, key: .changedWhileRead)
    guard kind == .file || content == .empty else { throw .illegalContent }
    guard size <= TreeLimits.total else {
      throw .outOfRange(key: EntryKey.size.rawValue, value: size)
    }
    switch content {
    case .empty:
      guard size == 0 else { throw .illegalContent }
    case .inline(let bytes):
      guard !bytes.isEmpty, bytes.count <= TreeLimits.inlineByteCount else { throw .illegalContent }
      try requireSize(UInt64(bytes.count))
    case .list(let items):
      guard !items.isEmpty, items.count <= TreeLimits.directItems,
        size > UInt64(TreeLimits.inlineByteCount)
      else { throw .illegalContent }
      try requireSize(try items.validatedByteCount())
    case .paged:
      guard size > UInt64(TreeLimits.inlineByteCount) else { throw .illegalContent }
    }
  }

  private func requireSize(_ found: UInt64) throws(TreeError) {
    guard size == found else { throw .wrongSize(promised: size, found: found) }
  }

  private func require(_ condition: Bool, key: EntryKey) throws(TreeError) {
    guard condition else { throw .misplacedKey(key.rawValue, kind) }
  }
}

/// Throws unless `name` is one that a directory may hold.
func validate(name: [UInt8]) throws(TreeError) { try validate(name: name[...]) }

/// Throws unless `name` is one that a directory may hold.
func validate(name: ArraySlice<UInt8>) throws(TreeError) {
  let count = name.count
  var isLegal = count > 0 && count <= TreeLimits.nameByteCount
  var dots = 0
  for byte in name {
    if byte == 0 || byte == UInt8(ascii: "/") { isLegal = false }
    if byte == UInt8(ascii: ".") { dots &+= 1 }
  }
  guard isLegal, dots < count || count > 2 else { throw .illegalName(Array(name)) }
}

extension [EntryAttribute] {
  /// Names and values together in bytes, after checking each name and their order.
  package func validatedByteCount() throws(TreeError) -> Int {
    guard count <= TreeLimits.attributes else { throw .elementCount(count) }
    var sum = 0
    var last: [UInt8]?
    for attribute in self {
      let name = attribute.name
      guard !name.isEmpty, name.count <= TreeLimits.nameByteCount, !name.contains(0),
        attribute.value.count <= TreeLimits.attributeValueByteCount
      else { throw .illegalAttribute(name: name) }
      if let last, !last.lexicographicallyPrecedes(name) {
        throw .unsorted(previous: last, next: name)
      }
      // Cannot overflow: every addend is below 2^25, and there are at most 2^16.
      sum += name.count + attribute.value.count
      last = name
    }
    return sum
  }
}
