package import CoreTypes

/// The sets of names that two stores compare.
package enum NameSet: UInt8, CaseIterable, Sendable {
  case slots = 1
  case keyring = 2
  case records = 3
  /// Objects that a store holds and its log requires.
  case objects = 4

  /// Bytes of a name that a list carries, behind the whole bytes of the prefix.
  ///
  /// Objects are told apart by 64 bits more than the prefix: what is complete is proven by records, not by this.
  package var listedByteCount: Int { self == .objects ? 8 : Digest.byteCount }
}

/// What a set holds below a prefix.
package enum WalkNode: Equatable, Sendable {
  /// Sixteen digests, one for each next digit.
  case digests([[UInt8]])
  /// Parts of the names themselves.
  case names([[UInt8]])
}

/// Finds the names that the other end has and this one lacks.
///
/// Pure. One round trip a level of 16; a level is asked for at once. Source: Formats/mirror-protocol.md §5.
package struct DigestWalk: Sendable {
  package let set: NameSet
  private let own: DigestSet
  private var waiting: [NamePrefix] = []
  private var answered = 0
  /// Parts of names that the other end has, each with its prefix.
  package private(set) var missing: [(prefix: NamePrefix, part: [UInt8])] = []

  package init(_ set: NameSet, own: DigestSet) {
    self.set = set
    self.own = own
  }

  /// True when all that was asked was answered.
  package var isFinished: Bool { answered == waiting.count }

  /// Whole names that are missing; only for sets whose lists carry whole names.
  package var missingNames: [Digest] {
    missing.compactMap { Digest($0.part) }
  }

  /// Begins; empty if both sets are equal.
  ///
  /// `nil` if the other end's digest is not known.
  package mutating func start(peerDigest: [UInt8]?) -> [NamePrefix] {
    guard peerDigest == nil || peerDigest != own.digest else { return [] }
    waiting = [.all]
    answered = 0
    return waiting
  }

  /// Takes the answer to the prefix that was asked first of those not answered; returns what to ask next.
  package mutating func received(_ node: WalkNode) throws(MirrorError) -> [NamePrefix] {
    guard answered < waiting.count else { throw .malformed("an answer that was not asked for") }
    let prefix = waiting[answered]
    answered += 1
    if answered == waiting.count {
      waiting.removeAll(keepingCapacity: true)
      answered = 0
    }
    switch node {
    case .digests(let digests):
      guard digests.count == 16, prefix.digitCount < WireLimits.walkDepth else {
        throw .malformed("a node of a walk")
      }
      let mine = own.names(with: prefix)
      var next: [NamePrefix] = []
      let empty = [UInt8](repeating: 0, count: DigestSet.digestByteCount)
      for (digit, digest) in digests.enumerated() where digest != empty {
        let child = prefix.child(digit)
        let here = mine.isEmpty ? empty : DigestSet.digest(of: own.names(with: child))
        if here != digest { next.append(child) }
      }
      waiting += next
      return next
    case .names(let parts):
      let skipped = set.skippedByteCount(below: prefix)
      let mine = Set(
        own.names(with: prefix).map { Array($0.bytes[skipped...].prefix(set.listedByteCount)) }
      )
      for part in parts where !mine.contains(part) {
        missing.append((prefix: prefix, part: part))
      }
      return []
    }
  }
}

extension NameSet {
  /// Bytes of a name that a list leaves out, because the prefix says them.
  func skippedByteCount(below prefix: NamePrefix) -> Int {
    self == .objects ? prefix.digitCount / 2 : 0
  }

  /// The answer to a walk: what `own` holds below a prefix.
  package func node(of own: DigestSet, below prefix: NamePrefix) -> WalkNode {
    let names = own.names(with: prefix)
    if names.count <= WireLimits.leafNameCount || prefix.digitCount >= WireLimits.walkDepth {
      let skipped = skippedByteCount(below: prefix)
      return .names(names.map { Array($0.bytes[skipped...].prefix(listedByteCount)) })
    }
    return .digests((0..<16).map { DigestSet.digest(of: own.names(with: prefix.child($0))) })
  }
}
