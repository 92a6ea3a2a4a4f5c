import CoreTypes

extension Snapshot {
  /// Throws what is wrong with this snapshot, by every rule that needs no node.
  package func validate() throws(TreeError) {
    try limit(parents.count, SnapshotLimits.parents)
    try ascend(parents) { $0.digest.bytes }
    try limit(roots.count, SnapshotLimits.roots)
    try ascend(roots) { $0.path }
    for root in roots {
      try Trees.validate(absolutePath: root.path)
      try root.entry.validate(in: .root)
      // Anything else would have no name to be restored under.
      guard root.path.count > 1 || root.entry.kind == .directory else {
        throw .illegalPath(root.path)
      }
    }
    try limit(rules.count, SnapshotLimits.rules)
    try ascend(rules) { Array($0.name.utf8) }
    for rule in rules {
      try limit(rule.name.utf8.count, SnapshotLimits.textByteCount)
      try limit(rule.value.utf8.count, SnapshotLimits.ruleByteCount)
    }
    try validate(owners: users)
    try validate(owners: groups)
    try limit(hardLinks.count, SnapshotLimits.hardLinkNodes)
    if let author { try validate(author: author) }
    var sum = TreeTotals.zero
    for root in roots { try sum.add(root.entry.totals) }
    guard sum == totals else { throw .wrongTotals(promised: totals, found: sum) }
  }

  private func validate(owners: [SnapshotOwner]) throws(TreeError) {
    try limit(owners.count, SnapshotLimits.owners)
    var last: UInt32?
    for owner in owners {
      if let last, last >= owner.number {
        throw .outOfRange(key: SnapshotKey.owners.rawValue, value: UInt64(owner.number))
      }
      last = owner.number
      try limit(owner.name.utf8.count, SnapshotLimits.textByteCount)
    }
  }

  private func validate(author: SnapshotAuthor) throws(TreeError) {
    guard author.time.nanoseconds < 1_000_000_000 else {
      throw .illegalTime(nanoseconds: UInt64(author.time.nanoseconds))
    }
    try limit(author.tags.count, SnapshotLimits.tags)
    for text in [author.host, author.user, author.program] + author.tags {
      try limit(text.utf8.count, SnapshotLimits.textByteCount)
    }
  }

  private func limit(_ count: Int, _ limit: Int) throws(TreeError) {
    guard count <= limit else { throw .elementCount(count) }
  }

  /// Throws unless every element's key comes after the one before it.
  private func ascend<Element>(
    _ elements: [Element],
    key: (Element) -> [UInt8]
  )
    throws(TreeError)
  {
    var last: [UInt8]?
    for element in elements {
      let next = key(element)
      if let last, !last.lexicographicallyPrecedes(next) {
        throw .unsorted(previous: last, next: next)
      }
      last = next
    }
  }
}
