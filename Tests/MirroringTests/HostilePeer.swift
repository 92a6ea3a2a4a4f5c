import CoreTypes
import Indexing
import Mirroring
import Packing
import Repositories
import Sealing
import Storage

/// A giver that proves nothing: it offers whatever it was given, and answers as it was told.
///
/// What a machine with ill will could send. Runs on the calling thread until the other end has ended.
final class HostilePeer {
  private let stream: MemoryStream
  private let repository: RepositoryID
  private var parser = FrameParser()
  /// Records and other files by name; they need not hash to it.
  var items: [ItemKind: [Digest: [UInt8]]] = [:]
  /// Objects by name: head and body.
  var objects: [Digest: (head: [UInt8], body: [UInt8])] = [:]
  /// What the hello names as chosen.
  var selection: Digest?
  /// Sent right after the hello.
  var after: [[UInt8]] = []
  /// Sent in place of the answer to the first fetch of this kind.
  var instead: (kind: ItemKind, frames: [[UInt8]])?
  /// What the other end said before it ended.
  private(set) var error: (code: UInt64, text: String)?
  private(set) var isDone = false

  init(_ stream: MemoryStream, repository: RepositoryID) {
    self.stream = stream
    self.repository = repository
  }

  /// Offers everything that a store has.
  func offer(_ source: KeylessRepository) throws {
    for record in source.log.records.values {
      items[.record, default: [:]][record.id.digest] = record.bytes
    }
    for id in try source.index.objectIDs() {
      guard let location = try source.index.location(of: id) else { continue }
      let pack = BlobName(.pack, location.pack.digest)
      objects[id.digest] = (
        head: try source.store.read(
          pack,
          from: location.place.headOffset,
          count: location.place.headByteCount
        ),
        body: try source.store.read(
          pack,
          from: location.place.bodyOffset,
          count: location.place.bodyByteCount
        )
      )
    }
  }

  func run() {
    defer { stream.close() }
    do {
      let records = DigestSet(items[.record, default: [:]].keys)
      var hello = Hello(
        program: "hostile",
        repository: repository,
        storeMark: [UInt8](repeating: 7, count: 16),
        offers: [Hello.Offer.give, Hello.Offer.receive],
        wishes: [],
        sets: [
          Hello.SetSummary(set: .records, count: UInt64(records.count), digest: records.digest)
        ]
      )
      hello.selection = selection
      try stream.write(WirePreamble.bytes + Message.hello(hello).frame.bytes)
      for bytes in after { try stream.write(bytes) }
      while true {
        let bytes = try stream.read()
        guard !bytes.isEmpty else { return }
        parser.append(bytes)
        while let frame = try parser.next() {
          guard let message = try Message(frame) else { continue }
          try answer(message, records: records)
          if isDone || error != nil { return }
        }
      }
    } catch {
      // The other end has gone: what it said is known.
    }
  }

  private func answer(_ message: Message, records: DigestSet) throws {
    switch message {
    case .walk(let set, let prefixes):
      try send(.nodes(set, prefixes.map { set.node(of: records, below: $0) }))
    case .fetch(let kind, let names, _, _):
      if let lie = instead, lie.kind == kind {
        instead = nil
        for frame in lie.frames { try stream.write(frame) }
        return
      }
      for name in names { try give(kind, name) }
    case .done:
      isDone = true
      try send(.done(DoneReport()))
    case .error(let code, let text): error = (code: code, text: text)
    case .hello, .nodes, .batch, .item, .more, .absent, .credit, .alive: break
    }
  }

  private func give(_ kind: ItemKind, _ name: Digest) throws {
    let start: ItemStart
    let bytes: [UInt8]
    if kind == .object {
      guard let object = objects[name] else { return try send(.absent(kind, name)) }
      start = ItemStart(
        kind: kind,
        name: name,
        headByteCount: object.head.count,
        bodyByteCount: object.body.count
      )
      bytes = object.head + object.body
    } else {
      guard let file = items[kind]?[name] else { return try send(.absent(kind, name)) }
      start = ItemStart(kind: kind, name: name, headByteCount: 0, bodyByteCount: file.count)
      bytes = file
    }
    try send(.item(start, bytes))
  }

  private func send(_ message: Message) throws { try stream.write(message.frame.bytes) }
}
