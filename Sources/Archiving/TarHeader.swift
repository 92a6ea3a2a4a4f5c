import Trees

/// Encodes what stands before, between and behind the contents of a tar archive.
///
/// The format is pax, as GNU tar and libarchive read it: a ustar header, preceded by an extended header for what does not fit it.
/// Extended attributes go into `SCHILY.xattr.*`, access control lists also into `SCHILY.acl.*`, holes into GNU's sparse
/// format 1.0.
///
/// Sources: POSIX.1-2017, pax; GNU tar manual, "Storing Sparse Files".
package enum TarHeader {
  package static let blockByteCount = 512
  /// Archives are filled up to a multiple of this.
  static let recordByteCount = 20 * blockByteCount

  /// What stands before the content of a member: for a sparse file its map of parts too.
  package static func bytes(of member: TarMember) -> [UInt8] {
    var records = PaxRecords()
    var header = UstarHeader(typeFlag: member.kind.typeFlag)
    var path = member.path
    if member.kind == .directory, path.last != UInt8(ascii: "/") {
      path.append(UInt8(ascii: "/"))
    }
    var map: [UInt8] = []
    switch member.kind {
    case .file(let byteCount): header.setSize(byteCount, &records)
    case .sparseFile(let byteCount, let parts):
      map = sparseMap(byteCount: byteCount, parts: parts)
      records.add("GNU.sparse.major", "1")
      records.add("GNU.sparse.minor", "0")
      records.add("GNU.sparse.name", path)
      records.add("GNU.sparse.realsize", "\(byteCount)")
      // Cannot overflow: parts lie within the size, which is below 2^63.
      let stored = parts.reduce(UInt64(map.count)) { $0 + UInt64($1.count) }
      header.setSize(stored, &records)
      // A program that does not know the format writes the map and the parts, and not to the file's own name.
      path = Array("GNUSparseFile.0/".utf8) + path
    case .hardLink(let target): header.setLink(target, &records)
    case .symbolicLink(let target): header.setLink(target, &records)
    case .characterDevice(let device), .blockDevice(let device): header.setDevice(device)
    case .directory, .fifo: break
    }
    header.setPath(path, &records)
    header.setOwners(of: member, &records)
    header.setTime(member.modified, &records)
    header.setMode(member.mode)
    for attribute in member.attributes {
      records.add(
        Array("SCHILY.xattr.".utf8) + PaxRecords.keyword(attribute.name),
        attribute.value
      )
      // Twice: some programs take access control lists from here alone, and some drop them otherwise.
      if let keyword = AccessControlText.keyword(for: attribute.name),
        let text = AccessControlText.text(attribute.value)
      {
        records.add(keyword, text)
      }
    }
    var bytes: [UInt8] = []
    if !records.isEmpty {
      var extended = UstarHeader(typeFlag: UInt8(ascii: "x"))
      extended.setSize(UInt64(records.bytes.count))
      extended.setName(Array("PaxHeaders/".utf8) + lastName(of: member.path))
      extended.setMode(0o644)
      bytes += extended.bytes
      bytes += records.bytes
      bytes += padding(after: UInt64(records.bytes.count))
    }
    return bytes + header.bytes + map
  }

  /// Parts of a file of so many bytes, widened to whole blocks; those that then touch become one.
  ///
  /// Readers take every part but the last to fill its blocks.
  package static func aligned(_ parts: [Range<UInt64>], byteCount: UInt64) -> [Range<UInt64>] {
    let block = UInt64(blockByteCount)
    var aligned: [Range<UInt64>] = []
    for part in parts where !part.isEmpty {
      let start = part.lowerBound / block * block
      // Cannot overflow: sizes are below 2^63.
      let end = min((part.upperBound + block - 1) / block * block, byteCount)
      if let last = aligned.last, start <= last.upperBound {
        aligned[aligned.count - 1] = last.lowerBound..<max(last.upperBound, end)
      } else {
        aligned.append(start..<end)
      }
    }
    return aligned
  }

  /// Zeros that fill the last block of a content.
  package static func padding(after byteCount: UInt64) -> [UInt8] {
    let beyond = Int(byteCount % UInt64(blockByteCount))
    return [UInt8](repeating: 0, count: beyond == 0 ? 0 : blockByteCount - beyond)
  }

  /// What ends an archive of so many bytes.
  package static func end(after byteCount: UInt64) -> [UInt8] {
    let beyond = Int((byteCount + UInt64(2 * blockByteCount)) % UInt64(recordByteCount))
    let filling = beyond == 0 ? 0 : recordByteCount - beyond
    return [UInt8](repeating: 0, count: 2 * blockByteCount + filling)
  }

  private static func lastName(of path: [UInt8]) -> [UInt8] {
    path.split(separator: UInt8(ascii: "/")).last.map { Array($0) } ?? [UInt8(ascii: ".")]
  }

  /// Number, then offset and length of every part, in decimal lines.
  private static func sparseMap(byteCount: UInt64, parts: [Range<UInt64>]) -> [UInt8] {
    var lines = parts.map { "\($0.lowerBound)\n\($0.count)\n" }
    // What ends in a hole is given its length by an empty part.
    if parts.last?.upperBound != byteCount { lines.append("\(byteCount)\n0\n") }
    let map = Array(("\(lines.count)\n" + lines.joined()).utf8)
    return map + padding(after: UInt64(map.count))
  }
}
