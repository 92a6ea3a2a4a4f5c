/// Paths as the roots of snapshots have them.
///
/// Source: Formats/snapshot.md §2.
package enum RootPath {
  /// The path of an entry of the folder at `folder`.
  package static func entry(_ name: [UInt8], in folder: [UInt8]) -> [UInt8] {
    let slash = UInt8(ascii: "/")
    return folder == [slash] ? folder + name : folder + [slash] + name
  }

  /// `path` made absolute, without `.`, doubled slashes, and `..` (taken literally, links are not looked at).
  package static func cleaned(_ path: [UInt8], workingFolder: [UInt8]) -> [UInt8] {
    let slash = UInt8(ascii: "/")
    let whole = path.first == slash ? path : workingFolder + [slash] + path
    var parts: [ArraySlice<UInt8>] = []
    for part in whole.split(separator: slash) {
      if part.elementsEqual([UInt8(ascii: ".")]) { continue }
      if part.elementsEqual([UInt8(ascii: "."), UInt8(ascii: ".")]) {
        _ = parts.popLast()
      } else {
        parts.append(part)
      }
    }
    return [slash] + Array(parts.joined(separator: [slash]))
  }
}
