import CoreTypes
import Repositories
import Sealing
import Storage

/// An item that was read, and how much of it was sent.
struct OutgoingItem {
  let start: ItemStart
  /// Empty for all that is no object.
  let head: ArraySlice<UInt8>
  let body: ArraySlice<UInt8>
  var sentByteCount = 0

  var byteCount: Int { head.count + body.count }
}

/// What is to be sent next.
enum SupplyPiece {
  case message(Message)
  /// An item that was read, to be sent in pieces.
  case item(OutgoingItem)
}

/// Items that the other end asked for, in the order in which they are sent.
protocol Supply {
  /// Names that were asked for.
  var nameCount: Int { get }

  /// The next item or absence; `nil` at the end.
  mutating func nextPiece() throws(MirrorError) -> SupplyPiece?
}

/// Files that the other end asked for, in the order of the list.
struct FileSupply: Supply {
  private let repository: KeylessRepository
  private let log: RecordLog
  private let kind: ItemKind
  private let names: [Digest]
  private var next = 0
  private let choice: MirrorChoice?

  init(
    _ kind: ItemKind,
    _ names: [Digest],
    of repository: KeylessRepository,
    choice: MirrorChoice?
  ) {
    self.choice = choice
    self.repository = repository
    self.kind = kind
    self.names = names
    log = repository.log
  }

  var nameCount: Int { names.count }

  mutating func nextPiece() throws(MirrorError) -> SupplyPiece? {
    guard next < names.count else { return nil }
    defer { next += 1 }
    return try file(names[next])
  }

  private func file(_ name: Digest) throws(MirrorError) -> SupplyPiece {
    let bytes: [UInt8]
    do {
      switch kind {
      case .configuration: bytes = try repository.store.readConfiguration()
      case .record:
        guard let record = log.records[RecordID(name)] else {
          return .message(.absent(kind, name))
        }
        bytes = record.bytes
      case .slot: bytes = try repository.store.read(BlobName(.slot, name))
      case .keyringEntry: bytes = try repository.store.read(BlobName(.keyringEntry, name))
      case .manifest:
        if let list = choice?.list(named: name) {
          bytes = list
        } else {
          bytes = try repository.store.read(BlobName(.manifest, name))
        }
      case .selection:
        guard let selection = choice?.selection ?? repository.holding.selection else {
          return .message(.absent(kind, name))
        }
        bytes = selection.encoded
      case .object: return .message(.absent(kind, name))
      }
    } catch {
      guard case .missing = error else { throw .storage(error) }
      return .message(.absent(kind, name))
    }
    // What is damaged here is not passed on.
    guard kind == .configuration || PlainHash.of(bytes) == name else {
      return .message(.absent(kind, name))
    }
    return .item(
      OutgoingItem(
        start: ItemStart(kind: kind, name: name, headByteCount: 0, bodyByteCount: bytes.count),
        head: [],
        body: bytes[...]
      )
    )
  }
}
