internal import Glibc

/// Names as C takes them.
///
/// What they come from has checked them; this is the second barrier, behind which a name cannot
/// lead out of its folder, nor be cut by a zero in it.
enum CName {
  /// What the bytes of a name stand for.
  enum Kind {
    /// One name in a folder.
    case component
    /// Names with slashes between them, or what a link or an attribute holds.
    case text
  }

  /// Lends the bytes with a zero behind them; throws EINVAL if they are not of their kind.
  static func with<Result>(
    _ name: [UInt8],
    _ kind: Kind = .component,
    for operation: String,
    _ body: (UnsafePointer<CChar>) throws(FilesError) -> Result
  ) throws(FilesError) -> Result {
    guard isAllowed(name, kind) else { throw FilesError(operation, name, EINVAL) }
    return try unsafe withUnsafeTemporaryAllocation(of: CChar.self, capacity: name.count + 1) {
      (buffer) throws(FilesError) in
      for index in name.indices { unsafe buffer[index] = CChar(bitPattern: name[index]) }
      unsafe buffer[name.count] = 0
      guard let base = unsafe UnsafePointer(buffer.baseAddress) else {
        preconditionFailure("a buffer of at least one element has an address")
      }
      return unsafe try body(base)
    }
  }

  private static func isAllowed(_ name: [UInt8], _ kind: Kind) -> Bool {
    guard !name.contains(0) else { return false }
    switch kind {
    case .text: return true
    case .component:
      let dot = UInt8(ascii: ".")
      return !name.isEmpty && !name.contains(UInt8(ascii: "/")) && name != [dot]
        && name != [dot, dot]
    }
  }
}
