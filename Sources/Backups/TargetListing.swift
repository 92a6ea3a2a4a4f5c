import Files
import Restoring

/// The names that a folder of the target had when a restore came to it, compared with the snapshot's in order.
///
/// Without it, each entry would cost a look at the file system.
struct TargetListing {
  private let names: [[UInt8]]
  private var next = 0
  /// Names that the snapshot lacks, of those that were passed.
  private(set) var extras: [[UInt8]] = []
  /// Names that a restore which was killed may have left.
  private(set) var leftovers: [[UInt8]] = []
  /// A name that was not listed was there: another spelling of one that was, or something new.
  var isAmbiguous = false

  init(of folder: DirectoryHandle) throws(FilesError) {
    names = try folder.entries().map(\.name).sorted { $0.lexicographicallyPrecedes($1) }
  }

  /// Whether the folder had the name.
  ///
  /// Must be asked in ascending order; what lies between counts as extra.
  mutating func has(_ name: [UInt8]) -> Bool {
    while next < names.count, names[next].lexicographicallyPrecedes(name) { pass() }
    guard next < names.count, names[next] == name else { return false }
    next += 1
    return true
  }

  /// Counts a name that looked like a leftover, and is none, as extra.
  mutating func addExtra(_ name: [UInt8]) { extras.append(name) }

  /// Counts the rest as extra.
  mutating func finish() {
    while next < names.count { pass() }
  }

  private mutating func pass() {
    if TemporaryName.isOne(names[next]) {
      leftovers.append(names[next])
    } else {
      extras.append(names[next])
    }
    next += 1
  }
}
