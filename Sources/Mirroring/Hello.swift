package import CoreTypes
import Encoding
package import Repositories

/// What a peer may do with a store.
package enum Role: String, CaseIterable, Sendable {
  /// Receives objects and records that remove nothing.
  case append
  /// Gives, and receives nothing.
  case read
  /// Gives, and receives every signed record.
  case mirror
  /// As `mirror`, and makes the repository if asked.
  case full

  /// True if the role gives to the other end.
  package var gives: Bool {
    switch self {
    case .append: false
    case .read, .mirror, .full: true
    }
  }

  /// True if the role takes from the other end.
  package var receives: Bool {
    switch self {
    case .read: false
    case .append, .mirror, .full: true
    }
  }

  /// True if records that remove, condemn or revoke are received too.
  package var receivesDeletions: Bool {
    switch self {
    case .append, .read: false
    case .mirror, .full: true
    }
  }

  /// True if the role makes a repository where there is none.
  package var creates: Bool { self == .full }

  /// True if the role lets the other end remove files.
  package var removes: Bool { self == .full }

  /// True if the role lets the other end hold the commit lock.
  package var locks: Bool { receives && gives }
}

/// What a peer says first.
///
/// Source: Formats/mirror-protocol.md §4. Unknown words are ignored.
package struct Hello: Equatable, Sendable {
  /// Words of a peer that say what it allows.
  package enum Offer {
    package static let give = "give"
    package static let receive = "receive"
    package static let create = "create"
    /// The other end may use the store itself: `StoreServer`.
    package static let store = "store"
    /// Heads may be sent as soon as their bodies are there, and are kept beside an unfinished pack.
    package static let heads = "heads"
    /// This end understands what a selection is.
    package static let select = "select"
  }

  /// Words of a peer that say what it wants to happen.
  package enum Wish {
    /// This peer receives.
    package static let pull = "pull"
    /// The other peer receives.
    package static let push = "push"
    /// The other peer makes the repository if it has none.
    package static let create = "create"
    /// Whoever receives stops when it knows what would travel.
    package static let dryRun = "dry-run"
    /// Both ends tell which objects they hold, not only which records.
    package static let compare = "compare"
    /// Slots stay where they are.
    package static let noSlots = "no-slots"
    /// No exchange: this peer uses the other's store, question by question.
    package static let store = "store"
    /// The other end is to hold what this hello's selection names, and nothing else that is large.
    package static let select = "select"
  }

  /// Size and digest of a set of names.
  package struct SetSummary: Equatable, Sendable {
    package let set: NameSet
    package let count: UInt64
    package let digest: [UInt8]

    package init(set: NameSet, count: UInt64, digest: [UInt8]) {
      self.set = set
      self.count = count
      self.digest = digest
    }
  }

  package static let version: UInt64 = 1

  package var version: UInt64
  /// For people; nothing is decided by it.
  package var program: String
  /// `nil` if there is none yet.
  package var repository: RepositoryID?
  /// A hash of the store's id: tells two ends of one store.
  package var storeMark: [UInt8]
  package var offers: [String]
  package var wishes: [String]
  /// Bytes of items that the other end may send before it is granted more.
  package var credit: UInt64
  package var sets: [SetSummary]
  /// When this end's store was last found whole where it is; not told if that is not known there.
  package var verification: Verification?
  /// The hash of what this end holds, or is to bring, by choice; `nil` if that is everything.
  package var selection: Digest?

  package init(
    program: String,
    repository: RepositoryID?,
    storeMark: [UInt8],
    offers: [String],
    wishes: [String],
    sets: [SetSummary]
  ) {
    version = Hello.version
    self.program = program
    self.repository = repository
    self.storeMark = storeMark
    self.offers = offers
    self.wishes = wishes
    credit = UInt64(WireLimits.credit)
    self.sets = sets
  }

  /// What the peer says of a set; an empty one if it says nothing.
  func summary(of set: NameSet) -> SetSummary {
    sets.first { $0.set == set }
      ?? SetSummary(
        set: set,
        count: 0,
        digest: [UInt8](repeating: 0, count: DigestSet.digestByteCount)
      )
  }

  func encoded() -> [UInt8] {
    var writer = CBORWriter()
    writer.mapHeader(
      7 + [repository != nil, verification != nil, selection != nil].count { $0 }
    )
    writer.unsigned(1)
    writer.unsigned(version)
    writer.unsigned(2)
    writer.text(program)
    if let repository {
      writer.unsigned(3)
      writer.bytes(repository.digest)
    }
    writer.unsigned(4)
    writer.bytes(storeMark)
    writer.unsigned(5)
    writer.arrayHeader(offers.count)
    for offer in offers { writer.text(offer) }
    writer.unsigned(6)
    writer.arrayHeader(wishes.count)
    for wish in wishes { writer.text(wish) }
    writer.unsigned(7)
    writer.unsigned(credit)
    writer.unsigned(8)
    writer.arrayHeader(sets.count)
    for set in sets {
      writer.arrayHeader(3)
      writer.unsigned(UInt64(set.set.rawValue))
      writer.unsigned(set.count)
      writer.bytes(set.digest)
    }
    if let verification {
      writer.field(9, arrayOf: 2)
      writer.signed(verification.time)
      writer.unsigned(verification.extent.rawValue)
    }
    if let selection {
      writer.unsigned(10)
      writer.bytes(selection)
    }
    return writer.bytes
  }

  init(decoding payload: [UInt8]) throws {
    var reader = CBORReader(payload)
    let count = try reader.readMapHeader(limit: 32)
    var version: UInt64?
    var hello = Hello(
      program: "",
      repository: nil,
      storeMark: [],
      offers: [],
      wishes: [],
      sets: []
    )
    hello.credit = 0
    var previous: UInt64 = 0
    for _ in 0..<count {
      let key = try reader.readUnsigned()
      guard key > previous else { throw MirrorError.malformed("keys of a hello") }
      previous = key
      switch key {
      case 1: version = try reader.readUnsigned()
      case 2: hello.program = try reader.readText(limit: 256)
      case 3: hello.repository = RepositoryID(try reader.readDigest())
      case 4: hello.storeMark = Array(try reader.readBytes(limit: 32))
      case 5: hello.offers = try Hello.words(&reader)
      case 6: hello.wishes = try Hello.words(&reader)
      case 7: hello.credit = try reader.readUnsigned()
      case 8: hello.sets = try Hello.sets(&reader)
      case 9: hello.verification = try Hello.verification(&reader)
      case 10: hello.selection = try reader.readDigest()
      // Of a later version: what it says is not needed to go on.
      default: try reader.skipValue()
      }
    }
    try reader.finish()
    guard let version else { throw MirrorError.malformed("a hello without version") }
    hello.version = version
    self = hello
  }

  private static func words(_ reader: inout CBORReader) throws -> [String] {
    let count = try reader.readArrayHeader(limit: 64)
    var words: [String] = []
    for _ in 0..<count { words.append(try reader.readText(limit: 64)) }
    return words
  }

  private static func verification(_ reader: inout CBORReader) throws -> Verification? {
    guard try reader.readArrayHeader(limit: 2) == 2 else {
      throw MirrorError.malformed("the check of a hello")
    }
    let time = try reader.readSigned()
    // An extent of a later version says nothing here.
    return Verification.Extent(rawValue: try reader.readUnsigned()).map {
      Verification(time: time, extent: $0)
    }
  }

  private static func sets(_ reader: inout CBORReader) throws -> [SetSummary] {
    let count = try reader.readArrayHeader(limit: 64)
    var sets: [SetSummary] = []
    for _ in 0..<count {
      guard try reader.readArrayHeader(limit: 3) == 3 else {
        throw MirrorError.malformed("a set of a hello")
      }
      let number = try reader.readUnsigned()
      let size = try reader.readUnsigned()
      let digest = Array(try reader.readBytes(limit: DigestSet.digestByteCount))
      guard digest.count == DigestSet.digestByteCount else {
        throw MirrorError.malformed("a digest of a hello")
      }
      // A set of a later version is ignored.
      if number <= 255, let set = NameSet(rawValue: UInt8(number)) {
        sets.append(SetSummary(set: set, count: size, digest: digest))
      }
    }
    return sets
  }
}
