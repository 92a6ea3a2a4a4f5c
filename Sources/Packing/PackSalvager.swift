package import CoreTypes
package import Sealing

/// An object that was found by its stub alone, ready to be sealed anew.
package struct SalvagedObject: Sendable {
  package let frame: ObjectFrame
  /// Computed from the content, with the id key that the frame names.
  package let chunkIDs: [ChunkID]
}

/// Finds whole objects in a pack that has no heads, no trailer, or holes.
///
/// Source: Formats/pack.md §5.
package final class PackSalvager {
  private let keyring: Keyring
  private let opener: ObjectOpener

  package init(keyring: Keyring) throws(SealingError) {
    self.keyring = keyring
    opener = try ObjectOpener(keyring: keyring)
  }

  /// Calls `body` with each object that opens, in order of place.
  ///
  /// Costs one pass over `bytes`.
  package func forEachObject<Failure: Error>(
    in bytes: [UInt8],
    _ body: (SalvagedObject) throws(Failure) -> Void
  ) throws(Failure) {
    var offset = 0
    while let stub = bytes.firstPlace(
      of: ObjectPreamble.stubMagic,
      from: offset,
      followedBy: ObjectPreamble.stubByteCount
    ) {
      offset = stub + 1
      // Not a stub, or the object behind it is damaged: the search goes on behind its first byte.
      guard let (object, end) = object(in: bytes, stub: stub) else { continue }
      offset = end
      try body(object)
    }
  }

  /// The object behind a stub, and where its body ends; `nil` if it does not open.
  private func object(in bytes: [UInt8], stub: Int) -> (SalvagedObject, end: Int)? {
    let bodyStart = stub + ObjectPreamble.stubByteCount
    do {
      let preamble = try ObjectPreamble(decoding: bytes[stub + 4..<bodyStart])
      guard preamble.bodyByteCount <= bytes.count - bodyStart else { return nil }
      let end = bodyStart + preamble.bodyByteCount
      let sealed = Array(bytes[bodyStart..<end])
      let frame = try opener.openFrame(sealed, preamble: preamble)
      guard let naming = keyring.identityKey(frame.identityKey) else { return nil }
      let opened = try opener.openBody(sealed, preamble: preamble)
      return (SalvagedObject(frame: frame, chunkIDs: opened.computeIDs(naming: naming)), end)
    } catch {
      return nil
    }
  }
}
