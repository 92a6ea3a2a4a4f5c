package import CoreTypes
package import Sealing
package import Storage

/// What verifying one pack found.
package struct PackReport: Sendable {
  /// Objects that were read, and the bytes that were read for them.
  package internal(set) var objectCount = 0
  package internal(set) var byteCount = 0
  /// Damage, in the order of the pack.
  package internal(set) var findings: [PackingError] = []
  /// Objects that cannot be read any more.
  package internal(set) var lost: Set<ObjectID> = []
  /// True if nothing in the pack says which objects it holds.
  package internal(set) var isUnlisted = false
  /// Objects that the store has and could not read.
  package internal(set) var unread: Set<ObjectID> = []
  /// True if the store could not read which objects the pack holds.
  package internal(set) var isUnread = false
}

/// Reads every byte of packs and compares it with what proves it.
///
/// Source: Formats/pack.md §2, §6.
///
/// Without keys: header, stubs, bodies, heads, trailer, name. With keys: also every chunk's id.
package final class PackVerifier {
  private let store: any BlobStore
  private let reader: PackReader
  private let keyring: Keyring?
  private let opener: ObjectOpener?

  package init(store: any BlobStore, keyring: Keyring?) throws(SealingError) {
    self.store = store
    reader = PackReader(store: store)
    self.keyring = keyring
    if let keyring {
      opener = try ObjectOpener(keyring: keyring)
    } else {
      opener = nil
    }
  }

  /// Bodies that are hashed together: objects, and bytes unless one alone is longer.
  private static let batchCount = 8
  private static let batchByteCount = 10 << 20
  /// Bytes of neighbouring objects that are read at once, unless one alone is longer.
  private static let stretchByteCount = 2 << 20

  /// Verifies one pack; memory is bounded by a few objects and the pack's heads.
  package func verify(_ pack: PackID) -> PackReport {
    var report = PackReport()
    do {
      let trailer = try trailer(of: pack, report: &report)
      let name = BlobName(.pack, pack.digest)
      let header = try readBytes(name, from: 0, count: PackTrailer.header.count)
      if header != PackTrailer.header {
        report.findings.append(.damagedTrailer(pack, reason: "its first 16 bytes are damaged"))
      }
      report.byteCount += trailer.byteCount + trailer.headsByteCount + header.count
      let heads = try reader.heads(of: pack, trailer: trailer)
      var batch: [ReadObject] = []
      var batchByteCount = 0
      var stretch = Stretch()
      for (index, head) in heads.enumerated() {
        report.objectCount += 1
        if !stretch.holds(trailer.places[index]) {
          stretch = readStretch(trailer.places[index...], in: name)
        }
        guard
          let object = read(
            trailer.places[index],
            head: head,
            in: pack,
            from: stretch,
            report: &report
          )
        else { continue }
        batch.append(object)
        batchByteCount += object.body.count
        if batch.count == PackVerifier.batchCount || batchByteCount >= PackVerifier.batchByteCount {
          verify(batch, of: pack, report: &report)
          batch.removeAll(keepingCapacity: true)
          batchByteCount = 0
        }
      }
      verify(batch, of: pack, report: &report)
    } catch {
      report.isUnread = error.isUnreadable
      report.findings.append(error)
    }
    return report
  }

  /// The trailer, made anew if it is damaged, which is entered in the report.
  private func trailer(
    of pack: PackID,
    report: inout PackReport
  ) throws(PackingError) -> PackTrailer {
    do {
      return try reader.storedTrailer(of: pack)
    } catch {
      if case .storage = error { throw error }
      if case .damagedTrailer = error, let rebuilt = try reader.rebuiltTrailer(of: pack) {
        report.findings.append(error)
        return rebuilt
      }
      report.isUnlisted = true
      throw error
    }
  }

  /// An object whose head is sound, read and not yet verified.
  private struct ReadObject {
    let place: ObjectPlace
    let head: ObjectHead
    let body: [UInt8]
  }

  /// Stubs and bodies of neighbouring objects.
  private struct Stretch {
    var start = 0
    var bytes: [UInt8] = []

    func holds(_ place: ObjectPlace) -> Bool {
      place.stubOffset >= start && place.bodyOffset + place.bodyByteCount <= start + bytes.count
    }
  }

  /// Reads the first of these objects and those behind it that fit; nothing if that fails.
  private func readStretch(_ places: ArraySlice<ObjectPlace>, in name: BlobName) -> Stretch {
    guard let first = places.first else { return Stretch() }
    var end = first.bodyOffset + first.bodyByteCount
    for place in places.dropFirst() {
      let next = place.bodyOffset + place.bodyByteCount
      guard next - first.stubOffset <= PackVerifier.stretchByteCount else { break }
      end = next
    }
    do {
      let count = end - first.stubOffset
      return Stretch(
        start: first.stubOffset,
        bytes: try readBytes(name, from: first.stubOffset, count: count)
      )
    } catch {
      // Each object is read by itself then, so that what is readable is.
      return Stretch()
    }
  }

  /// Verifies what a catalog needs of a pack: length, trailer, heads.
  ///
  /// Bodies are not read.
  package func verifyHeads(_ pack: PackID) -> PackReport {
    var report = PackReport()
    do {
      let trailer = try trailer(of: pack, report: &report)
      report.byteCount += trailer.byteCount + trailer.headsByteCount
      for (place, head) in zip(
        trailer.places,
        try reader.heads(of: pack, trailer: trailer)
      ) {
        report.objectCount += 1
        do {
          let sound = try head.get()
          if let opener { _ = try openDirectory(of: sound, opener, place: place, pack: pack) }
        } catch {
          report.lost.insert(place.id)
          report.findings.append(error)
        }
      }
    } catch {
      report.isUnread = error.isUnreadable
      report.findings.append(error)
    }
    return report
  }

  private func openDirectory(
    of head: ObjectHead,
    _ opener: ObjectOpener,
    place: ObjectPlace,
    pack: PackID
  ) throws(PackingError) -> ObjectDirectory {
    do {
      return try opener.directory(of: head)
    } catch {
      throw .sealed(place.id, pack: pack, error)
    }
  }

  private func read(
    _ place: ObjectPlace,
    head: Result<ObjectHead, PackingError>,
    in pack: PackID,
    from stretch: Stretch,
    report: inout PackReport
  ) -> ReadObject? {
    let name = BlobName(.pack, pack.digest)
    do throws(PackingError) {
      let stub: [UInt8]
      let body: [UInt8]
      if stretch.holds(place) {
        let middle = place.bodyOffset - stretch.start
        stub = Array(stretch.bytes[place.stubOffset - stretch.start..<middle])
        body = Array(stretch.bytes[middle..<middle + place.bodyByteCount])
      } else {
        stub = try readBytes(name, from: place.stubOffset, count: ObjectPreamble.stubByteCount)
        body = try readBytes(name, from: place.bodyOffset, count: place.bodyByteCount)
      }
      report.byteCount += stub.count + body.count
      let sound: ObjectHead
      switch head {
      case .success(let head): sound = head
      case .failure(let error):
        report.lost.insert(place.id)
        throw error
      }
      if stub != sound.preamble.stub {
        report.findings.append(
          .damagedStub(place.id, pack: pack)
        )
      }
      return ReadObject(place: place, head: sound, body: body)
    } catch {
      if error.isUnreadable { report.unread.insert(place.id) }
      report.findings.append(error)
      return nil
    }
  }

  private func verify(_ batch: [ReadObject], of pack: PackID, report: inout PackReport) {
    for (object, hash) in zip(batch, PlainHash.of(each: batch.map(\.body))) {
      do throws(PackingError) {
        guard hash == object.head.bodyHash else {
          report.lost.insert(object.place.id)
          throw PackingError.damagedObject(
            object.place.id,
            pack: pack,
            reason: "its body does not have the hash that its head names"
          )
        }
        try verifyContent(
          of: object.head,
          body: object.body,
          place: object.place,
          pack: pack,
          report: &report
        )
      } catch {
        report.findings.append(error)
      }
    }
  }

  private func verifyContent(
    of head: ObjectHead,
    body: consuming [UInt8],
    place: ObjectPlace,
    pack: PackID,
    report: inout PackReport
  ) throws(PackingError) {
    guard let keyring, let opener else { return }
    do throws(SealingError) {
      let directory = try opener.directory(of: head)
      let opened = try opener.openBody(body, preamble: head.preamble)
      guard directory.kind == opened.kind, directory.identityKey == opened.identityKey,
        directory.chunkIDs.count == opened.lengths.count
      else {
        throw SealingError.malformed(what: "directory unlike its body")
      }
      guard let naming = keyring.identityKey(directory.identityKey) else {
        throw SealingError.unknownKey(directory.identityKey)
      }
      try opened.prove(directory.chunkIDs, naming: naming)
    } catch {
      report.lost.insert(place.id)
      throw .sealed(place.id, pack: pack, error)
    }
  }

  private func readBytes(
    _ name: BlobName,
    from offset: Int,
    count: Int
  ) throws(PackingError)
    -> [UInt8]
  {
    do {
      return try store.read(name, from: offset, count: count)
    } catch {
      throw .storage(error)
    }
  }
}
