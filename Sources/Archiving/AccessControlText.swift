import CoreTypes

/// Access control lists in the words of tar archives.
///
/// Sources: acl(5), "short text form"; linux/posix_acl_xattr.h.
enum AccessControlText {
  /// Keyword of the extended header by name of the attribute.
  static func keyword(for attribute: [UInt8]) -> String? {
    if attribute.elementsEqual("system.posix_acl_access".utf8) { return "SCHILY.acl.access" }
    if attribute.elementsEqual("system.posix_acl_default".utf8) { return "SCHILY.acl.default" }
    return nil
  }

  private static let version: UInt32 = 2
  private static let entryByteCount = 8

  /// The list that an attribute's value holds, owners as numbers; `nil` if it is none.
  static func text(_ value: [UInt8]) -> String? {
    guard value.count >= 4, (value.count - 4) % entryByteCount == 0 else { return nil }
    var reader = ByteReader(value)
    do {
      guard try reader.readUInt32() == version else { return nil }
      var entries: [String] = []
      while reader.remaining >= entryByteCount {
        let (tag, rights) = (try reader.readUInt16(), try reader.readUInt16())
        let id = try reader.readUInt32()
        guard let who = who(tag, id) else { return nil }
        entries.append(
          who + (rights & 4 != 0 ? "r" : "-") + (rights & 2 != 0 ? "w" : "-")
            + (rights & 1 != 0 ? "x" : "-")
        )
      }
      return entries.joined(separator: ",")
    } catch {
      return nil
    }
  }

  private static func who(_ tag: UInt16, _ id: UInt32) -> String? {
    switch tag {
    case 0x01: "user::"
    case 0x02: "user:\(id):"
    case 0x04: "group::"
    case 0x08: "group:\(id):"
    case 0x10: "mask::"
    case 0x20: "other::"
    default: nil
    }
  }
}
