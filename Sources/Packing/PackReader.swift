package import CoreTypes
package import Sealing
package import Storage

/// Reads packs of one store: trailers, heads, bodies.
///
/// Source: Formats/pack.md §4.
package struct PackReader: Sendable {
  private let store: any BlobStore

  package init(store: any BlobStore) {
    self.store = store
  }

  /// Bytes before the first stub.
  package static let headerByteCount = PackTrailer.header.count

  /// The trailer, proven by the pack's name; made anew from the rest of the pack where that at its end is damaged.
  package func trailer(of pack: PackID) throws(PackingError) -> PackTrailer {
    do {
      return try storedTrailer(of: pack)
    } catch {
      guard case .damagedTrailer = error, let rebuilt = try rebuiltTrailer(of: pack) else {
        throw error
      }
      return rebuilt
    }
  }

  /// The trailer as stubs and heads say it was; `nil` if they are damaged too.
  func rebuiltTrailer(of pack: PackID) throws(PackingError) -> PackTrailer? {
    do {
      return try TrailerRebuild(store: store, pack: pack).run()
    } catch {
      throw .storage(error)
    }
  }

  /// The trailer at the end of the pack, proven by the pack's name and size.
  func storedTrailer(of pack: PackID) throws(PackingError) -> PackTrailer {
    let name = BlobName(.pack, pack.digest)
    do {
      let size = try store.byteCount(of: name)
      guard size >= PackTrailer.header.count + PackTrailer.fixedByteCount,
        size <= BlobKind.pack.byteLimit
      else { throw PackingError.damagedTrailer(pack, reason: "\(size) bytes long") }
      let end = try store.read(
        name,
        from: size - PackTrailer.endByteCount,
        count: PackTrailer.endByteCount
      )
      guard let count = PackTrailer.byteCount(fromEnd: end), count <= size else {
        throw PackingError.damagedTrailer(pack, reason: "no trailer at the end")
      }
      let bytes = try store.read(name, from: size - count, count: count)
      guard PlainHash.of(bytes) == pack.digest else {
        throw PackingError.damagedTrailer(pack, reason: "its hash is not the pack's name")
      }
      let trailer = try PackTrailer(decoding: bytes, pack: pack)
      guard trailer.packByteCount == size else {
        throw PackingError.wrongLength(pack, expected: trailer.packByteCount, found: size)
      }
      return trailer
    } catch let error as PackingError {
      throw error
    } catch let error as StorageError {
      throw .storage(error)
    } catch {
      throw .damagedTrailer(pack, reason: "\(error)")
    }
  }

  /// All heads of a pack by one read; a damaged one is given as its error, the others stay readable.
  package func heads(
    of pack: PackID,
    trailer: PackTrailer
  ) throws(PackingError)
    -> [Result<ObjectHead, PackingError>]
  {
    let bytes: [UInt8]
    do {
      bytes = try store.read(
        BlobName(.pack, pack.digest),
        from: trailer.headsOffset,
        count: trailer.headsByteCount
      )
    } catch {
      throw .storage(error)
    }
    return trailer.places.map { place in
      let start = place.headOffset - trailer.headsOffset
      let part = Array(bytes[start..<start + place.headByteCount])
      return Result { () throws(PackingError) in
        try PackReader.head(part, of: place, in: pack)
      }
    }
  }

  /// One head, proven by the object's id.
  package func head(of place: ObjectPlace, in pack: PackID) throws(PackingError) -> ObjectHead {
    do {
      let bytes = try store.read(
        BlobName(.pack, pack.digest),
        from: place.headOffset,
        count: place.headByteCount
      )
      return try PackReader.head(bytes, of: place, in: pack)
    } catch let error as PackingError {
      throw error
    } catch let error as StorageError {
      throw .storage(error)
    } catch {
      throw .damagedObject(place.id, pack: pack, reason: "\(error)")
    }
  }

  /// Stub and body by one read, for a reader with keys: the body proves itself when it is opened.
  ///
  /// Falls back to the head when the stub is damaged.
  package func body(
    of place: ObjectPlace,
    in pack: PackID
  ) throws(PackingError)
    -> (preamble: ObjectPreamble, body: [UInt8])
  {
    var bytes: [UInt8]
    do {
      bytes = try store.read(
        BlobName(.pack, pack.digest),
        from: place.stubOffset,
        count: ObjectPreamble.stubByteCount + place.bodyByteCount
      )
    } catch {
      throw .storage(error)
    }
    let stub = bytes[..<ObjectPreamble.stubByteCount]
    let preamble: ObjectPreamble
    do {
      preamble = try ObjectPreamble(decoding: stub.dropFirst(4))
      guard stub.starts(with: ObjectPreamble.stubMagic),
        preamble.bodyByteCount == place.bodyByteCount
      else { throw SealingError.malformed(what: "stub") }
    } catch {
      // The stub is a copy of what the head says: the object is readable as long as one of them is.
      let head = try head(of: place, in: pack)
      bytes.removeFirst(ObjectPreamble.stubByteCount)
      return (head.preamble, bytes)
    }
    bytes.removeFirst(ObjectPreamble.stubByteCount)
    return (preamble, bytes)
  }

  private static func head(
    _ bytes: [UInt8],
    of place: ObjectPlace,
    in pack: PackID
  )
    throws(PackingError) -> ObjectHead
  {
    guard PlainHash.of(bytes) == place.id.digest else {
      throw .damagedObject(place.id, pack: pack, reason: "its head does not hash to its id")
    }
    do {
      let head = try ObjectHead(decoding: bytes)
      guard head.preamble.bodyByteCount == place.bodyByteCount else {
        throw SealingError.malformed(what: "length of the body in the head")
      }
      return head
    } catch {
      throw .damagedObject(place.id, pack: pack, reason: "\(error)")
    }
  }
}
