/// The records of an extended header: length, keyword, value.
///
/// Source: POSIX.1-2017, pax, "pax Extended Header".
struct PaxRecords {
  private(set) var bytes: [UInt8] = []

  var isEmpty: Bool { bytes.isEmpty }

  mutating func add(_ keyword: String, _ value: String) {
    add(Array(keyword.utf8), Array(value.utf8))
  }

  mutating func add(_ keyword: String, _ value: [UInt8]) { add(Array(keyword.utf8), value) }

  /// Adds one record; a value may hold any bytes.
  mutating func add(_ keyword: [UInt8], _ value: [UInt8]) {
    // Space, equals sign and newline; the length counts its own digits.
    let rest = keyword.count + value.count + 3
    var length = rest + 1
    while "\(length)".utf8.count + rest != length { length = "\(length)".utf8.count + rest }
    bytes += "\(length) ".utf8
    bytes += keyword
    bytes.append(UInt8(ascii: "="))
    bytes += value
    bytes.append(UInt8(ascii: "\n"))
  }

  /// The name of an attribute as part of a keyword, in which no `=` may stand.
  ///
  /// Source: GNU tar, xattrs.c, `xattr_encode_keyword`.
  static func keyword(_ name: [UInt8]) -> [UInt8] {
    guard name.contains(where: { $0 == UInt8(ascii: "=") || $0 == UInt8(ascii: "%") }) else {
      return name
    }
    return name.flatMap { byte -> [UInt8] in
      switch byte {
      case UInt8(ascii: "="): Array("%3D".utf8)
      case UInt8(ascii: "%"): Array("%25".utf8)
      default: [byte]
      }
    }
  }
}
