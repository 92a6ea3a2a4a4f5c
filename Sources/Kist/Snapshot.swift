import CoreTypes
import Repositories
import Trees

/// One backup, as a list shows it.
public struct Snapshot: Equatable, Sendable {
  /// 64 hexadecimal digits.
  public let id: String
  /// Start of the backup: seconds since 1970.
  public let seconds: Int64
  /// `nil` for snapshots that no single machine made.
  public let host: String?
  /// Name of who made it.
  public let user: String?
  /// As they were given, or set later.
  public let tags: [String]
  /// The folders and files that were backed up; a name that is not UTF-8 shows replacement characters.
  public let paths: [String]
  /// Regular files.
  public let fileCount: UInt64
  /// Bytes of content in all files, before deduplication.
  public let byteCount: UInt64
  /// Files and folders that could not be read.
  public let unreadableCount: UInt64

  init(_ record: Record, _ snapshot: Trees.Snapshot) {
    id = "\(record.id)"
    seconds = record.clear.time.seconds
    host = snapshot.author?.host
    user = snapshot.author?.user
    tags = snapshot.author?.tags ?? []
    paths = snapshot.roots.map { String(decoding: $0.path, as: UTF8.self) }
    fileCount = snapshot.totals.files
    byteCount = snapshot.totals.bytes
    unreadableCount = snapshot.unreadable
  }
}
