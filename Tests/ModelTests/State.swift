/// What a record of the log does.
enum Kind: Int {
  case snapshot = 1
  case removal
  case condemnation
  case hold
}

/// One copy of the repository.
struct Store {
  /// Objects that the index of this store answers for.
  var present: Mask = 0
  /// Records in its log, closed under ancestors.
  var log: Mask = 0
  /// Objects marked damaged here, and not brought back since.
  var damaged: Mask = 0
  /// Chunks whose last copy here was destroyed by damage, not by the rules.
  var lost: Mask = 0
  /// True if it holds only what was chosen for it.
  var isSelecting = false
  /// True if it selects, and its selection was damaged: it counts as whole.
  var isUnreadable = false
  /// Objects that its selection lists, and the snapshots that it says it holds.
  var chosen: Mask = 0
  var promised: Mask = 0
}

/// The volatile memory of one writer.
struct Writer {
  /// Chunk is not resolved yet.
  static let open = 15
  /// Chunk is taken from the pinned snapshot.
  static let pinned = 14

  var isBusy = false
  var store = 0
  /// Chunks of the snapshot it writes.
  var needs: Mask = 0
  /// The pinned snapshot, or 15.
  var pin = 15
  /// For each chunk the object it resolved to, `open` or `pinned`.
  var choices = Nibbles()
  /// The log that it has seen, and against which it commits.
  var known: Mask = 0
}

/// The volatile memory of one collector.
struct Collector {
  enum Phase: Int {
    case idle
    /// It has chosen what to condemn, and new objects are uploaded.
    case marked
    /// It has decided what to delete, but not deleted it (a broken sweep).
    case decided
  }

  var phase = Phase.idle
  var store = 0
  var condemns: Mask = 0
  var replaces: Mask = 0
  /// The log that it has marked from.
  var known: Mask = 0
}

/// Two values, chosen by number.
struct Pair<Value> {
  var first: Value
  var second: Value

  subscript(number: Int) -> Value {
    get { number == 0 ? first : second }
    set { if number == 0 { first = newValue } else { second = newValue } }
  }
}

/// The whole world: objects ever made, records ever written, stores, and everybody's memory.
///
/// Objects and records are numbered as they come to be; an ancestor has a lower number.
struct State {
  var objectCount = 0
  /// For each object the chunks that it holds.
  var contents = Nibbles()

  var recordCount = 0
  var kinds = Nibbles()
  /// The chunks that a snapshot needs, or the snapshot that a removal or hold is about.
  var subjects = Nibbles()
  var ancestors = Lanes()
  var adds = Lanes()
  var condemns = Lanes()
  var replaces = Lanes()
  /// What each record keeps alive (rule 2), worked out once when it is written.
  var relies = Lanes()

  var stores = Pair(first: Store(), second: Store())
  var writers = Pair(first: Writer(), second: Writer())
  var collectors = Pair(first: Collector(), second: Collector())
  var damageCount = 0
  /// A snapshot was acknowledged although a chunk of it was not there.
  var wasAcknowledgedIncomplete = false
  /// A store no longer promised a live snapshot that it had promised, or never promised one that it acknowledged.
  var wasPromiseBroken = false

  func kind(_ record: Int) -> Kind {
    guard let kind = Kind(rawValue: kinds[record]) else { preconditionFailure("no such record") }
    return kind
  }

  func count(of kind: Kind) -> Int {
    (0..<recordCount).reduce(0) { $0 + (kinds[$1] == kind.rawValue ? 1 : 0) }
  }

  /// The chunks that some of these objects holds.
  func chunks(in objects: Mask) -> Mask {
    var found: Mask = 0
    for object in Members(objects) { found |= Mask(truncatingIfNeeded: contents[object]) }
    return found
  }
}
