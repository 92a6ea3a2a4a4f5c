/// An extended attribute.
///
/// Source: xattr(7).
package struct EntryAttribute: Hashable, Sendable {
  /// 1–255 bytes without NUL, namespace included.
  package var name: [UInt8]
  package var value: [UInt8]

  package init(name: [UInt8], value: [UInt8]) {
    self.name = name
    self.value = value
  }
}
