package import CoreTypes
package import Files
import Indexing
package import Packing
package import Repositories
package import Storage

/// Why a mirror run ended without its result.
package enum MirrorError: Error, Sendable {
  /// The other end spoke something else: its first bytes.
  case noise([UInt8])
  /// The other end went away.
  case closed
  /// Nothing came from the other end for so long.
  case stalled(seconds: Int)
  /// The other end broke the protocol: what it sent.
  case malformed(String)
  /// A frame is longer than the limit.
  case frameTooLong(type: UInt8, byteCount: UInt64)
  /// A message of a type that this program does not know and must not ignore.
  case unknownMessage(type: UInt8)
  /// The other end speaks another version.
  case version(UInt64)
  /// The other end holds another repository.
  case otherRepository(RepositoryID)
  /// Both ends are one store.
  case sameStore
  /// One end has no repository, and was not asked or not allowed to make one.
  case noRepository(whose: Side)
  /// The other end's role does not allow what was wanted.
  case denied(String)
  /// Chosen snapshots cannot be held by the end that would receive them: why.
  case choiceRefused(String)
  /// What came does not hash to the name under which it was asked for.
  case wrongHash(String)
  /// A record may not join the log.
  case refusedRecords([LogFinding])
  /// A record removes or condemns, and the role only appends.
  case deletionRefused(RecordID)
  /// Objects that the records require are at neither end; nothing of the records was stored.
  case incomplete([ObjectID])
  /// The quota does not hold what would come.
  case quota(limit: Int, needed: Int)
  /// The other end ended the session, for this reason.
  case peer(code: UInt64, text: String)
  /// Neither configuration nor records of a store tell which repository it is a copy of.
  case unidentified
  /// The command that connects ended with this status before anything was said.
  case command(status: Int32)
  case repository(RepositoryError)
  case storage(StorageError)
  case packing(PackingError)
  case stream(FilesError)
  /// A signal asked to stop.
  case interrupted
  /// A thread could not be started.
  case threads(errno: Int32)

  /// One of the two ends.
  package enum Side: Sendable {
    case here
    case there
  }
}

/// Numbers under which errors travel.
///
/// Source: Formats/mirror-protocol.md §7.
package enum MirrorErrorCode {
  package static let malformed: UInt64 = 1
  package static let version: UInt64 = 2
  package static let otherRepository: UInt64 = 3
  package static let sameStore: UInt64 = 4
  package static let noRepository: UInt64 = 5
  package static let denied: UInt64 = 6
  package static let wrongHash: UInt64 = 7
  package static let refusedRecords: UInt64 = 8
  package static let incomplete: UInt64 = 9
  package static let quota: UInt64 = 10
  package static let store: UInt64 = 11
  package static let stalled: UInt64 = 12
  package static let interrupted: UInt64 = 13
  package static let choiceRefused: UInt64 = 14
  package static let noSpace: UInt64 = 15
  package static let notEmpty: UInt64 = 16
}

extension MirrorError {
  /// True if the other end knows of it, because it said so or was told.
  package var isKnownThere: Bool {
    if case .peer = self { return true }
    return wire != nil
  }

  /// What the other end is told; `nil` where it cannot be told anything.
  var wire: (code: UInt64, text: String)? {
    switch self {
    case .noise, .closed, .peer, .command, .stream, .unidentified: nil
    case .stalled(let seconds): (MirrorErrorCode.stalled, "nothing came for \(seconds) s")
    case .malformed(let what): (MirrorErrorCode.malformed, what)
    case .frameTooLong(let type, let count):
      (MirrorErrorCode.malformed, "frame of type \(type) with \(count) bytes")
    case .unknownMessage(let type): (MirrorErrorCode.malformed, "unknown message \(type)")
    case .version(let version): (MirrorErrorCode.version, "version \(version)")
    case .otherRepository: (MirrorErrorCode.otherRepository, "another repository")
    case .sameStore: (MirrorErrorCode.sameStore, "both ends are one store")
    case .noRepository: (MirrorErrorCode.noRepository, "no repository")
    case .denied(let what): (MirrorErrorCode.denied, what)
    case .choiceRefused(let why): (MirrorErrorCode.choiceRefused, why)
    case .wrongHash(let name): (MirrorErrorCode.wrongHash, name)
    case .refusedRecords(let findings):
      (
        MirrorErrorCode.refusedRecords,
        "records that break the log's rules: \(findings.count), among them "
          + findings.prefix(4).map(\.subject.short).joined(separator: ", ")
      )
    case .deletionRefused(let record):
      (MirrorErrorCode.denied, "record \(record) removes or condemns")
    case .incomplete(let objects):
      (
        MirrorErrorCode.incomplete,
        "required objects that are missing: \(objects.count), among them "
          + objects.prefix(4).map { $0.digest.short }.joined(separator: ", ")
      )
    case .quota(let limit, let needed):
      (MirrorErrorCode.quota, "quota of \(limit) bytes, \(needed) needed")
    case .repository, .storage, .packing, .threads: storeFailure
    case .interrupted: (MirrorErrorCode.interrupted, "stopped as asked")
    }
  }

  /// What is told of a store that failed: what the system answered, and to which of its files.
  private var storeFailure: (code: UInt64, text: String) {
    if isFullCache { return (MirrorErrorCode.noSpace, "no space left for the cache there") }
    guard let (name, error) = refusedCall else {
      switch refusal {
      case .notEmpty?: return (MirrorErrorCode.notEmpty, "the folder for it is not empty")
      case .alreadyThere?: return (MirrorErrorCode.store, "there is a repository already")
      case .denied(_, let what)?: return (MirrorErrorCode.denied, what)
      case .selecting?:
        return (MirrorErrorCode.denied, "it holds chosen snapshots only, and takes no others")
      case .busy?: return (MirrorErrorCode.store, "another process holds its commit lock")
      case .missing(let name)?, .conflict(let name)?, .short(let name, _, _)?:
        return (MirrorErrorCode.store, "\(name) is damaged or missing there")
      default: return (MirrorErrorCode.store, "the store failed")
      }
    }
    return (
      error.isNoSpace ? MirrorErrorCode.noSpace : MirrorErrorCode.store,
      "\(name): \(error.reason)"
    )
  }

  private var isFullCache: Bool {
    guard case .repository(.index(let error)) = self else { return false }
    return error.isNoSpace
  }

  /// What this end's store answered, if that is the reason.
  private var refusal: StorageError? {
    switch self {
    case .storage(let error), .packing(.storage(let error)), .repository(.storage(let error)),
      .repository(.packing(.storage(let error))):
      error
    default: nil
    }
  }

  /// What the system refused to do with a file of this end's store, if that is the reason.
  private var refusedCall: (name: String, error: FilesError)? {
    guard case .failed(let name, let error)? = refusal else { return nil }
    return (name, error)
  }

  /// True if the disk with this end's store is full.
  package var isFullStore: Bool { refusedCall?.error.isNoSpace ?? false }
}

extension MirrorError {
  /// Any error that a store, a repository or a mirror run ends with.
  package init(_ error: any Error) {
    self =
      switch error {
      case let error as MirrorError: error
      case let error as StorageError: .storage(error)
      case let error as PackingError: .packing(error)
      // What is left came from below: the other end did nothing wrong.
      default: .repository(RepositoryError(error))
      }
  }
}

extension LogFinding {
  /// The record, or the file, that it is about.
  fileprivate var subject: Digest {
    switch self {
    case .damagedFile(let name, _), .unreadable(let name, _): name
    case .refused(let record, _), .missingParent(let record, _), .fork(let record, _): record.digest
    }
  }
}
