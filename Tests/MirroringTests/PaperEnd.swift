import CoreTypes
import Indexing
import Packing
import Repositories
import Sealing
import Storage

@testable import Mirroring

/// One end of a mirror run on paper: its session, and what its store would hold.
///
/// No thread, no disk. A value: whoever copies it can let the copy end otherwise.
struct PaperEnd {
  /// Head and body of an object.
  struct Sealed {
    let head: [UInt8]
    let body: [UInt8]
  }

  /// What is in the store for everybody to see.
  private(set) var records: [Digest: [UInt8]] = [:]
  private(set) var objects: [ObjectID: Sealed] = [:]
  private(set) var hasEnded = false
  /// Objects that came.
  private(set) var takenCount = 0
  private let repository: RepositoryID
  private var session: MirrorSession
  private var parser = FrameParser()
  private var said: [UInt8] = []
  private var listed: [Digest] = []
  private var brought: [Digest: [UInt8]] = [:]
  private var wanted: [ObjectID] = []
  /// Bytes of an item in one message: small, so that there are many.
  private static let pieceByteCount = 1500

  /// An end whose store holds nothing yet.
  init(_ repository: RepositoryID, mark: UInt8, wishes: [String]) {
    self.init(repository, records: [:], objects: [:], mark: mark, wishes: wishes)
  }

  /// An end whose store holds what a repository has.
  init(_ source: KeylessRepository, _ repository: RepositoryID, wishes: [String]) throws {
    var objects: [ObjectID: Sealed] = [:]
    for id in try source.index.objectIDs() {
      guard let location = try source.index.location(of: id) else { continue }
      let (pack, place) = (location.pack.digest, location.place)
      objects[id] = Sealed(
        head: try source.store.read(
          BlobName(.pack, pack),
          from: place.headOffset,
          count: place.headByteCount
        ),
        body: try source.store.read(
          BlobName(.pack, pack),
          from: place.bodyOffset,
          count: place.bodyByteCount
        )
      )
    }
    let records = source.log.records.values.map { ($0.id.digest, $0.bytes) }
    self.init(
      repository,
      records: Dictionary(uniqueKeysWithValues: records),
      objects: objects,
      mark: 1,
      wishes: wishes
    )
  }

  /// The same store in a new run.
  func again(wishes: [String]) -> PaperEnd {
    PaperEnd(repository, records: records, objects: objects, mark: 3, wishes: wishes)
  }

  private init(
    _ repository: RepositoryID,
    records: [Digest: [UInt8]],
    objects: [ObjectID: Sealed],
    mark: UInt8,
    wishes: [String]
  ) {
    self.repository = repository
    self.records = records
    self.objects = objects
    let names = DigestSet(records.keys)
    let own = Hello(
      program: "paper",
      repository: repository,
      storeMark: [mark],
      offers: [Hello.Offer.give, Hello.Offer.receive],
      wishes: wishes,
      sets: [
        Hello.SetSummary(set: .records, count: UInt64(names.count), digest: names.digest)
      ]
    )
    session = MirrorSession(MirrorSession.Setting(own: own, sets: [.records: names]))
  }

  /// What it says before it has heard anything.
  var greeting: [UInt8] { WirePreamble.bytes + session.greeting.frame.bytes }

  /// Hears bytes of the stream; what it says to them.
  mutating func hear(_ bytes: [UInt8]) throws(MirrorError) -> [UInt8] {
    parser.append(bytes)
    while !hasEnded, let frame = try parser.next() {
      guard let message = try Message(frame) else { continue }
      try perform(try session.received(message))
      while let fetch = session.nextFetch() { say(fetch) }
    }
    defer { said = [] }
    return said
  }

  private mutating func say(_ message: Message) { said += message.frame.bytes }

  private mutating func perform(_ actions: [MirrorSession.Action]) throws(MirrorError) {
    for action in actions {
      switch action {
      case .send(let message): say(message)
      case .supply(let kind, let names, let isLast, _):
        guard kind == .object else {
          for name in names { give(kind, name) }
          session.supplied(names: names.count)
          continue
        }
        listed += names
        if isLast { giveListed() }
      case .loadObjects:
        try perform(try session.loaded(objects: DigestSet(objects.keys.map(\.digest))))
      case .create: throw .malformed("nobody asked for a repository")
      case .proveRecords(let files):
        for file in files { try prove(file) }
        try perform(session.plannedManifests([]))
      case .planObjects:
        try perform(session.plannedObjects(WantedObjects(wanted.filter { objects[$0] == nil })))
      case .take(let id, let head, let body):
        try take(id, head: head, body: body)
        try perform(session.consumed(itemBytes: head.count + body.count))
      case .commit:
        guard wanted.allSatisfy({ objects[$0] != nil }) else {
          throw .malformed("records whose objects did not all come")
        }
        records.merge(brought) { $1 }
        try perform(session.finished(DoneReport()))
      case .end: hasEnded = true
      case .keep, .expect, .lacking: break
      }
    }
  }

  private mutating func prove(_ file: [UInt8]) throws(MirrorError) {
    do throws(RecordError) {
      for record in try Record.all(in: file) {
        guard record.isSignatureRight else { throw RecordError.malformed("signature") }
        brought[record.id.digest] = record.bytes
        wanted += record.clear.adds
      }
    } catch {
      throw .malformed("\(error)")
    }
  }

  private mutating func take(
    _ id: ObjectID,
    head: [UInt8],
    body: [UInt8]
  ) throws(MirrorError) {
    do throws(SealingError) {
      let sound = try ObjectHead(decoding: head)
      guard sound.id == id, sound.bodyHash == PlainHash.of(body) else {
        throw SealingError.malformed(what: "hash")
      }
    } catch {
      throw .wrongHash("object \(id)")
    }
    objects[id] = Sealed(head: head, body: body)
    takenCount += 1
  }

  private mutating func giveListed() {
    let held = listed.compactMap { objects[ObjectID($0)] }
    let bytes = held.reduce(0) { $0 + $1.head.count + $1.body.count }
    say(.batch(count: UInt64(held.count), bytes: UInt64(bytes)))
    for name in listed { give(.object, name) }
    session.supplied(names: listed.count)
    listed = []
  }

  private mutating func give(_ kind: ItemKind, _ name: Digest) {
    let head: [UInt8]
    let body: [UInt8]
    if kind == .object {
      guard let object = objects[ObjectID(name)] else { return say(.absent(kind, name)) }
      (head, body) = (object.head, object.body)
    } else {
      guard kind == .record, let record = records[name] else { return say(.absent(kind, name)) }
      (head, body) = ([], record)
    }
    let item = head + body
    let start = ItemStart(
      kind: kind,
      name: name,
      headByteCount: head.count,
      bodyByteCount: body.count
    )
    say(.item(start, Array(item.prefix(PaperEnd.pieceByteCount))))
    var place = PaperEnd.pieceByteCount
    while place < item.count {
      say(.more(Array(item[place..<min(place + PaperEnd.pieceByteCount, item.count)])))
      place += PaperEnd.pieceByteCount
    }
    session.sent(itemBytes: item.count)
  }
}

/// A run between two ends on paper.
struct PaperRun {
  var near: PaperEnd
  var far: PaperEnd
  /// What each end was told, whole.
  private(set) var toNear: [UInt8] = []
  private(set) var toFar: [UInt8] = []
  /// Why an end gave up.
  private(set) var failure: MirrorError?

  init(_ near: PaperEnd, _ far: PaperEnd) {
    self.near = near
    self.far = far
  }

  var isDone: Bool { near.hasEnded && far.hasEnded }

  /// Runs until nobody says anything; `change` may change what reaches an end.
  mutating func run(_ change: (_ said: [UInt8], _ isToFar: Bool) -> [UInt8] = { said, _ in said }) {
    var (fromNear, fromFar) = (near.greeting, far.greeting)
    do throws(MirrorError) {
      while !fromNear.isEmpty || !fromFar.isEmpty {
        let heard = change(fromNear, true)
        toFar += heard
        fromFar += try far.hear(heard)
        let answer = change(fromFar, false)
        toNear += answer
        fromFar = []
        fromNear = try near.hear(answer)
      }
    } catch {
      failure = error
    }
  }
}
