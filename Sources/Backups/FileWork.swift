import CoreTypes
import Files
import Scanning
import Trees

/// A file that must be read.
struct FileTask: Sendable {
  let folder: FolderAssembly
  let slot: Int
  let handle: DirectoryHandle
  let name: [UInt8]
  /// As it was listed.
  let status: FileStatus
  /// Its encoded entry as it was saved last, as far as that is known.
  let saved: [UInt8]?
  /// An entry whose content it still has if size and modification time are right: it is opened, and not read.
  let trusted: TreeEntry?

  /// Absolute, for messages.
  var path: [UInt8] { folder.path(of: name) }
}

/// What a worker takes from the queue.
enum FileWork: Sendable {
  /// Neighbouring files, to be read one after the other.
  case batch([FileTask])
  /// The next block of a large file.
  case block(LargeFile)
  /// A part of a stream.
  case piece(StreamPiece)
}

/// Sizes by which files are read.
enum ReadingSizes {
  /// A file longer than this is read block by block, by whoever is free: 2 MiB.
  static let largeFile = 2 << 20
  /// Bytes of a large file that are cut at once: 1 MiB.
  static let block = 1 << 20
  /// Bytes of a batch of small files: 1 MiB.
  static let batch = 1 << 20
  /// Files of a batch.
  static let batchFileCount = 256
  /// Entries after which a batch is handed out though it is not full.
  static let batchAge = 4096
  /// Batches that wait for a worker.
  static let queuedWork = 16
  /// How often a file is read that changes while it is read.
  static let tries = 3
  /// A file longer than this is read once, whether it changes or not: 64 MiB.
  ///
  /// What is larger and changes while it is read is mostly a log, a database or the disk of a virtual machine, which changes
  /// the next time too; and as much again would be read for nothing. Up to here it costs a moment.
  static let rereadLimit: UInt64 = 64 << 20
  /// Content up to this length stands in the entry.
  ///
  /// Source: Formats/chunk.md §1.
  static let inline = 128
}
