package import CoreTypes
import Encoding
package import Files
import Sealing

/// What this machine remembers of mirrors and of checks; may be lost or damaged at any time.
///
/// Lives in the state folder of a repository: `mirrors/<hash of the destination>` and `checks/<mark of the store>`, each a
/// CBOR map and the first 8 bytes of its hash. A file that is damaged counts as absent, and is told.
package struct MirrorMemory: Sendable {
  private let folder: String

  /// Touches nothing before something is kept.
  package init(stateFolder: String, repository: RepositoryID) {
    folder = "\(stateFolder)/\(repository)"
  }

  /// The first 16 bytes of the hash of a store's id: tells stores apart without naming them.
  package static func mark(of store: StoreID) -> [UInt8] {
    Array(PlainHash.of(store.bytes).bytes.prefix(NoteLimits.markByteCount))
  }

  // MARK: Mirrors

  /// Everything that is remembered of mirrors in order of destination, and the paths of files that are damaged.
  package func mirrors() throws(FilesError) -> (notes: [MirrorNote], damaged: [String]) {
    let path = folder + "/mirrors"
    var notes: [MirrorNote] = []
    var damaged: [String] = []
    guard let handle = try open(path) else { return ([], []) }
    for entry in try handle.entries() {
      let name = String(decoding: entry.name, as: UTF8.self)
      // Temporary files of a run that goes on.
      guard name.count == 2 * NoteLimits.nameByteCount else { continue }
      switch try read(MirrorNote.self, name, in: handle) {
      case .note(let note): notes.append(note)
      case .damaged: damaged.append("\(path)/\(name)")
      case .nothing: break
      }
    }
    return (notes.sorted { $0.destination < $1.destination }, damaged.sorted())
  }

  /// What is remembered of one mirror; `nil` if nothing, or if it cannot be read.
  package func mirror(_ destination: String) throws(FilesError) -> MirrorNote? {
    guard let handle = try open(folder + "/mirrors"),
      case .note(let note) = try read(MirrorNote.self, name(of: destination), in: handle),
      note.destination == destination
    else { return nil }
    return note
  }

  /// The path of what was remembered of a mirror, if that is damaged.
  package func damagedMirror(_ destination: String) throws(FilesError) -> String? {
    try damaged(MirrorNote.self, name(of: destination), in: folder + "/mirrors")
  }

  package func keep(_ note: MirrorNote) throws(FilesError) {
    try write(note, to: name(of: note.destination), in: folder + "/mirrors")
  }

  /// Forgets a mirror; false if nothing was remembered of it.
  package func forget(_ destination: String) throws(FilesError) -> Bool {
    guard let handle = try open(folder + "/mirrors") else { return false }
    do {
      try handle.unlink(Array(name(of: destination).utf8))
      return true
    } catch {
      guard error.isNotFound else { throw error }
      return false
    }
  }

  // MARK: Checks

  /// What checks of a store found; `nil` if none is remembered.
  package func checks(ofStoreMarked mark: [UInt8]) throws(FilesError) -> CheckNote? {
    guard mark.count == NoteLimits.markByteCount, let handle = try open(folder + "/checks"),
      case .note(let note) = try read(CheckNote.self, Hexadecimal.text(of: mark), in: handle)
    else { return nil }
    return note
  }

  /// The path of what was remembered of a store's checks, if that is damaged.
  package func damagedChecks(ofStoreMarked mark: [UInt8]) throws(FilesError) -> String? {
    guard mark.count == NoteLimits.markByteCount else { return nil }
    return try damaged(CheckNote.self, Hexadecimal.text(of: mark), in: folder + "/checks")
  }

  package func keep(_ note: CheckNote, ofStoreMarked mark: [UInt8]) throws(FilesError) {
    try write(note, to: Hexadecimal.text(of: mark), in: folder + "/checks")
  }

  // MARK: Files

  private enum Reading<Note> {
    case note(Note)
    case damaged
    case nothing
  }

  private func name(of destination: String) -> String {
    let hash = PlainHash.of(Array(destination.utf8)).bytes
    return Hexadecimal.text(of: Array(hash.prefix(NoteLimits.nameByteCount)))
  }

  private func open(_ path: String) throws(FilesError) -> DirectoryHandle? {
    do {
      return try DirectoryHandle.open(path: path)
    } catch {
      // Something else has its name: nothing is remembered then.
      guard error.isNotFound || error.isNotADirectory else { throw error }
      return nil
    }
  }

  private func damaged(
    _ type: (some KeptNote).Type,
    _ name: String,
    in path: String
  ) throws(FilesError) -> String? {
    guard let handle = try open(path), case .damaged = try read(type, name, in: handle) else {
      return nil
    }
    return "\(path)/\(name)"
  }

  private func read<Note: KeptNote>(
    _ type: Note.Type,
    _ name: String,
    in handle: DirectoryHandle
  ) throws(FilesError) -> Reading<Note> {
    let bytes: [UInt8]
    do {
      let file = try handle.openForReading(Array(name.utf8))
      guard try file.status().kind == .regular else { return .damaged }
      bytes = try file.readAll(limit: NoteLimits.byteCount)
    } catch {
      // A link, a file that is too large, or one that the disk does not give: whatever it is, it is no note.
      return error.isNotFound ? .nothing : .damaged
    }
    return Note(kept: bytes).map { .note($0) } ?? .damaged
  }

  private func write(_ note: some KeptNote, to name: String, in path: String) throws(FilesError) {
    let handle = try DirectoryHandle.makePath(path, mode: 0o700)
    try StateFile.write(note.kept, to: name, in: handle, at: path)
  }
}

/// Limits of what is read back.
enum NoteLimits {
  static let byteCount = 1 << 20
  static let keyCount = 64
  static let frontierCount = 4096
  static let destinationByteCount = 65_536
  static let failureByteCount = 65_536
  static let markByteCount = 16
  /// Bytes of the hash that names a file.
  static let nameByteCount = 16
  static let checkByteCount = 8
}

/// A note that is kept in a file of its own.
protocol KeptNote {
  func write(to writer: inout CBORWriter)
  /// Reads one map; `nil` if it is not what was written.
  init?(reading reader: inout CBORReader) throws
}

extension KeptNote {
  /// The bytes of the file.
  var kept: [UInt8] {
    var writer = CBORWriter()
    write(to: &writer)
    return writer.bytes + PlainHash.of(writer.bytes).bytes.prefix(NoteLimits.checkByteCount)
  }

  /// Reads a file; `nil` if it is damaged.
  init?(kept bytes: [UInt8]) {
    guard bytes.count > NoteLimits.checkByteCount else { return nil }
    let content = Array(bytes.dropLast(NoteLimits.checkByteCount))
    guard
      PlainHash.of(content).bytes.prefix(NoteLimits.checkByteCount)
        .elementsEqual(bytes.suffix(NoteLimits.checkByteCount))
    else { return nil }
    var reader = CBORReader(content)
    do {
      try self.init(reading: &reader)
      try reader.finish()
    } catch {
      // Of another program, then: as good as damaged.
      return nil
    }
  }
}
