package import CoreTypes
import Sealing

/// Proves a pack while it comes, byte by byte, before it has its name; needs no key.
///
/// Every byte is covered: bodies by the hashes in their heads, heads by their ids, header, stubs and trailer by what they
/// must be. Holds one part at a time, and 100 bytes an object. Source: Formats/pack.md §1–3.
package struct PackProof: Sendable {
  /// Objects of one pack; twice what writers put into one.
  package static let objectLimit = 131_072
  /// Bytes of one pack.
  package static let byteLimit = 1 << 30

  private enum Stage {
    case header
    /// The first four bytes of a stub, or of the first head.
    case mark
    case stub
    case body
    case headPrefix
    case head
    case trailer
    case end
  }

  /// What is known of an object when its body has come.
  private struct Body {
    /// Hash of the preamble in the stub.
    let preamble: Digest
    let hash: Digest
    let byteCount: Int
  }

  private var stage = Stage.header
  private var part: [UInt8] = []
  private var wanted = PackTrailer.header.count
  private var bodies: [Body] = []
  private var pending: (preamble: Digest, byteCount: Int)?
  private var lines: [(id: ObjectID, head: Int, body: Int)] = []
  private var ids: Set<ObjectID> = []
  private var expectedTrailer: [UInt8] = []
  private var name: PackID?
  /// Bytes that came.
  package private(set) var byteCount = 0

  package init() {}

  /// Takes the next bytes.
  package mutating func append(_ bytes: [UInt8]) throws(PackingError) {
    guard bytes.count <= PackProof.byteLimit - byteCount else {
      throw .unproven(reason: "it is longer than 1 GiB")
    }
    byteCount += bytes.count
    var start = 0
    while start < bytes.count {
      guard stage != .end else { throw .unproven(reason: "bytes follow its end") }
      let count = min(wanted - part.count, bytes.count - start)
      part.append(contentsOf: bytes[start..<start + count])
      start += count
      if part.count == wanted { try advance() }
    }
  }

  /// The name that the pack must have; throws if it has not ended.
  package func finish() throws(PackingError) -> PackID {
    guard let name else { throw .unproven(reason: "it is cut short") }
    return name
  }

  // MARK: Parts

  /// One whole part has come.
  private mutating func advance() throws(PackingError) {
    switch stage {
    case .header:
      guard part == PackTrailer.header else { throw .unproven(reason: "its first 16 bytes") }
      expect(.mark, ObjectPreamble.stubMagic.count)
    case .mark: try mark()
    case .stub: try stub()
    case .body:
      guard let pending else { throw .unproven(reason: "a body without a stub") }
      bodies.append(
        Body(
          preamble: pending.preamble,
          hash: PlainHash.of(part),
          byteCount: pending.byteCount
        )
      )
      expect(.mark, ObjectPreamble.stubMagic.count)
    case .headPrefix: try headPrefix()
    case .head: try head()
    case .trailer:
      guard part == expectedTrailer else { throw .unproven(reason: "its trailer") }
      name = PackID(PlainHash.of(part))
      expect(.end, 0)
    case .end: throw .unproven(reason: "bytes follow its end")
    }
  }

  private mutating func expect(_ stage: Stage, _ count: Int) {
    self.stage = stage
    part.removeAll(keepingCapacity: true)
    wanted = count
  }

  private mutating func mark() throws(PackingError) {
    if part == ObjectPreamble.stubMagic {
      guard bodies.count < PackProof.objectLimit else {
        throw .unproven(reason: "too many objects")
      }
      expect(.stub, ObjectPreamble.byteCount)
    } else if part == ObjectPreamble.headMagic, !bodies.isEmpty {
      // The four bytes belong to the first head.
      stage = .headPrefix
      wanted = ObjectPreamble.headPrefixByteCount
    } else {
      throw .unproven(reason: "neither stub nor head behind object \(bodies.count)")
    }
  }

  private mutating func stub() throws(PackingError) {
    let count = try preamble(part[...]).bodyByteCount
    pending = (preamble: PlainHash.of(part), byteCount: count)
    expect(.body, count)
  }

  private mutating func headPrefix() throws(PackingError) {
    let body = bodies[lines.count]
    let start = ObjectPreamble.headMagic.count
    let end = start + ObjectPreamble.byteCount
    let own = Array(part[start..<end])
    guard part.starts(with: ObjectPreamble.headMagic), PlainHash.of(own) == body.preamble else {
      throw .unproven(reason: "head \(lines.count) is unlike its stub")
    }
    guard Digest(part[end..<end + Digest.byteCount]) == body.hash else {
      throw .unproven(reason: "body \(lines.count) does not have the hash that its head names")
    }
    stage = .head
    wanted = ObjectPreamble.headPrefixByteCount + (try preamble(own[...]).directoryByteCount)
  }

  private mutating func head() throws(PackingError) {
    let id = ObjectID(PlainHash.of(part))
    guard ids.insert(id).inserted else {
      throw .unproven(reason: "object \(id.digest.short) twice")
    }
    lines.append((id: id, head: part.count, body: bodies[lines.count].byteCount))
    guard lines.count == bodies.count else {
      return expect(.headPrefix, ObjectPreamble.headPrefixByteCount)
    }
    expectedTrailer = PackTrailer.encode(lines)
    expect(.trailer, expectedTrailer.count)
  }

  private func preamble(_ bytes: ArraySlice<UInt8>) throws(PackingError) -> ObjectPreamble {
    do {
      return try ObjectPreamble(decoding: bytes)
    } catch {
      throw .unproven(reason: "the preamble of object \(bodies.count)")
    }
  }
}
