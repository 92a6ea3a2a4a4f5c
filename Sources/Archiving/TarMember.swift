package import Trees

/// One entry of a tar archive, before its content.
package struct TarMember: Equatable, Sendable {
  /// What it is, and what only that has.
  package enum Kind: Equatable, Sendable {
    case file(byteCount: UInt64)
    /// Of which only some parts follow, as `TarHeader.aligned` makes them.
    case sparseFile(byteCount: UInt64, parts: [Range<UInt64>])
    /// A further name of a file that stands before.
    case hardLink(to: [UInt8])
    case symbolicLink(target: [UInt8])
    case directory
    case fifo
    case characterDevice(DeviceNumber)
    case blockDevice(DeviceNumber)
  }

  /// Relative to where the archive is unpacked; names joined by `/`.
  package var path: [UInt8]
  package var kind: Kind
  /// The low 12 bits.
  package var mode: UInt16 = 0
  package var uid: UInt32 = 0
  package var gid: UInt32 = 0
  /// Names of the owners; empty if they are not known.
  package var user = ""
  package var group = ""
  package var modified = EntryTime.zero
  /// Extended attributes; ACLs and capabilities are among them.
  package var attributes: [EntryAttribute] = []

  package init(path: [UInt8], kind: Kind) {
    self.path = path
    self.kind = kind
  }
}

extension TarMember.Kind {
  /// The letter of the header.
  ///
  /// Source: POSIX.1-2017, pax, "ustar Interchange Format".
  var typeFlag: UInt8 {
    switch self {
    case .file, .sparseFile: UInt8(ascii: "0")
    case .hardLink: UInt8(ascii: "1")
    case .symbolicLink: UInt8(ascii: "2")
    case .characterDevice: UInt8(ascii: "3")
    case .blockDevice: UInt8(ascii: "4")
    case .directory: UInt8(ascii: "5")
    case .fifo: UInt8(ascii: "6")
    }
  }
}
