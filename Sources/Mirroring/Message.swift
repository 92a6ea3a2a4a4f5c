package import CoreTypes
import Repositories
import Storage

/// What can be asked for by name.
package enum ItemKind: UInt8, Sendable {
  case configuration = 0
  case slot = 1
  case keyringEntry = 2
  case manifest = 3
  case record = 4
  case object = 5
  /// What an end holds by choice: Formats/store.md §5.
  case selection = 6

  /// The kind of file; `nil` for what is no file of its own.
  var blobKind: BlobKind? {
    switch self {
    case .slot: .slot
    case .keyringEntry: .keyringEntry
    case .manifest: .manifest
    case .configuration, .record, .object, .selection: nil
    }
  }

  /// Bytes of one item; of an object without its head.
  var byteLimit: Int {
    switch self {
    case .configuration: 65_536
    case .slot, .keyringEntry: 4096
    case .manifest: BlobKind.manifest.byteLimit
    case .record: 64 << 20
    case .object: WireObject.bodyByteLimit
    case .selection: SelectionLimits.byteCount
    }
  }
}

/// What is known of an item when its first bytes come.
package struct ItemStart: Equatable, Sendable {
  package let kind: ItemKind
  package let name: Digest
  /// Bytes of an object's head; zero for everything else.
  package let headByteCount: Int
  /// Bytes of an object's body, or of the file.
  package let bodyByteCount: Int

  package init(kind: ItemKind, name: Digest, headByteCount: Int, bodyByteCount: Int) {
    self.kind = kind
    self.name = name
    self.headByteCount = headByteCount
    self.bodyByteCount = bodyByteCount
  }
}

/// What a peer says when it has received all that it wanted, or nothing.
package struct DoneReport: Equatable, Sendable {
  /// Records, objects and bytes of objects that were stored, or with a dry run would travel.
  package var records: UInt64
  package var objects: UInt64
  package var bytes: UInt64

  package init(records: UInt64 = 0, objects: UInt64 = 0, bytes: UInt64 = 0) {
    self.records = records
    self.objects = objects
    self.bytes = bytes
  }
}

/// Everything that peers say to each other.
///
/// Source: Formats/mirror-protocol.md §3–6.
package enum Message: Equatable, Sendable {
  case hello(Hello)
  /// Asks what a set holds below prefixes.
  case walk(NameSet, [NamePrefix])
  /// The answers, in the order of the prefixes.
  case nodes(NameSet, [WalkNode])
  /// Asks for items; `isLast` ends a list that takes several messages.
  case fetch(ItemKind, [Digest], isLast: Bool, answer: FetchAnswer)
  /// What an answer to `fetch` will bring: items and their bytes.
  case batch(count: UInt64, bytes: UInt64)
  /// The first bytes of an item.
  case item(ItemStart, [UInt8])
  /// Further bytes of the item that was begun last.
  case more([UInt8])
  /// The item is not there, or is damaged there.
  case absent(ItemKind, Digest)
  /// So many bytes more may be sent.
  case credit(UInt64)
  /// The peer is still there.
  case alive
  case error(code: UInt64, text: String)
  case done(DoneReport)

  /// How a `fetch` wants to be answered.
  package enum FetchAnswer: UInt8, Sendable {
    /// With the items.
    case items = 0
    /// Only with what they would come to.
    case size = 1
  }
}
