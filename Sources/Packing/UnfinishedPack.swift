import CoreTypes
import Sealing
package import Storage

/// A pack that was never finished, with the heads that were kept beside it; needs no key.
///
/// A body and a head that fits it are a whole object, proven by its id. Source: Formats/pack.md §5, store.md §1.
package struct UnfinishedPack {
  private var bytes: [UInt8]
  /// Heads that were kept, by the preamble that stands in the stub too.
  private let heads: [[UInt8]: Range<Int>]
  private let kept: [UInt8]

  /// `kept` is what stood beside it: heads, and behind each its hash.
  package init(_ bytes: [UInt8], kept: [UInt8]) {
    self.bytes = bytes
    self.kept = kept
    heads = UnfinishedPack.heads(in: kept)
  }

  /// What was found by neither head nor name: a reader with keys may find more in it.
  package var rest: [UInt8] { bytes }

  /// Writes every whole object, as it is, into packs of a store; `enter` is called with each that is durable.
  ///
  /// Afterwards `rest` has the others. Returns how many there were.
  package mutating func save(
    in store: any BlobStore,
    _ enter: (VerbatimPackWriter.Written) throws -> Void
  ) throws -> Int {
    var writer: VerbatimPackWriter?
    var saved: Set<ObjectID> = []
    var offset = 0
    while let stub = nextStub(from: offset) {
      offset = stub + 1
      guard let (head, headBytes, body) = object(at: stub) else { continue }
      offset = stub + ObjectPreamble.stubByteCount + body.count
      // Not found again by its stub.
      bytes[stub] = 0
      guard saved.insert(head.id).inserted else { continue }
      if writer == nil { writer = try VerbatimPackWriter(in: store) }
      try writer?.append(head, headBytes: headBytes, body: body)
    }
    if let writer = writer.take() { try enter(try writer.finish()) }
    return saved.count
  }

  private func nextStub(from offset: Int) -> Int? {
    bytes.firstPlace(
      of: ObjectPreamble.stubMagic,
      from: offset,
      followedBy: ObjectPreamble.stubByteCount
    )
  }

  /// The object behind a stub; `nil` if there is no head for it, or its body is cut short or not the head's.
  private func object(at stub: Int) -> (head: ObjectHead, headBytes: [UInt8], body: [UInt8])? {
    let start = stub + ObjectPreamble.stubByteCount
    guard let place = heads[Array(bytes[stub + 4..<start])] else { return nil }
    do {
      let headBytes = Array(kept[place])
      let head = try ObjectHead(decoding: headBytes)
      guard head.preamble.bodyByteCount <= bytes.count - start else { return nil }
      let body = Array(bytes[start..<start + head.preamble.bodyByteCount])
      guard PlainHash.of(body) == head.bodyHash else { return nil }
      return (head, headBytes, body)
    } catch {
      // Not a head after all.
      return nil
    }
  }

  /// Where heads stand; what is no head is passed over.
  private static func heads(in kept: [UInt8]) -> [[UInt8]: Range<Int>] {
    var heads: [[UInt8]: Range<Int>] = [:]
    var offset = 0
    while let start = kept.firstPlace(
      of: ObjectPreamble.headMagic,
      from: offset,
      followedBy: ObjectPreamble.headPrefixByteCount
    ) {
      offset = start + 1
      let preamble = kept[start + 4..<start + 4 + ObjectPreamble.byteCount]
      do {
        let count =
          ObjectPreamble.headPrefixByteCount
          + (try ObjectPreamble(decoding: preamble).directoryByteCount)
        guard count + Digest.byteCount <= kept.count - start else { continue }
        // An id is the hash of the head itself, so it cannot tell that the head is as it was.
        let check = kept[start + count..<start + count + Digest.byteCount]
        guard check.elementsEqual(PlainHash.of(Array(kept[start..<start + count])).bytes) else {
          continue
        }
        heads[Array(preamble)] = start..<start + count
        offset = start + count + Digest.byteCount
      } catch {
        // The four bytes stood there by chance, or the head is damaged: the search goes on behind them.
        continue
      }
    }
    return heads
  }
}
