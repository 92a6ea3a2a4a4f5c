import CoreTypes
import Sealing
import Storage

/// Makes the trailer of a pack anew from its stubs and heads, when the one at its end is damaged.
///
/// What is made is proven as every trailer is, by the pack's name; so no key is needed. Source: Formats/pack.md §5.
struct TrailerRebuild {
  let store: any BlobStore
  let pack: PackID

  /// `nil` if a stub or a head is damaged too, or the pack ends before its heads.
  func run() throws(StorageError) -> PackTrailer? {
    let name = BlobName(.pack, pack.digest)
    let size = try store.byteCount(of: name)
    guard size <= BlobKind.pack.byteLimit else { return nil }
    var stubs: [ObjectPreamble] = []
    var offset = PackTrailer.header.count
    while let stub = try stub(at: offset, of: name, size) {
      guard stubs.count < PackTrailer.objectLimit else { return nil }
      offset += ObjectPreamble.stubByteCount + stub.bodyByteCount
      stubs.append(stub)
    }
    var lines: [(id: ObjectID, head: Int, body: Int)] = []
    lines.reserveCapacity(stubs.count)
    for stub in stubs {
      let count = ObjectPreamble.headPrefixByteCount + stub.directoryByteCount
      guard count <= size - offset else { return nil }
      let bytes = try store.read(name, from: offset, count: count)
      lines.append((id: ObjectID(PlainHash.of(bytes)), head: count, body: stub.bodyByteCount))
      offset += count
    }
    let bytes = PackTrailer.encode(lines)
    guard !lines.isEmpty, PlainHash.of(bytes) == pack.digest else { return nil }
    do {
      return try PackTrailer(decoding: bytes, pack: pack)
    } catch {
      // What has the right name and is no trailer was never one.
      return nil
    }
  }

  /// `nil` where no stub stands, or its body does not end in the pack.
  private func stub(
    at offset: Int,
    of name: BlobName,
    _ size: Int
  ) throws(StorageError) -> ObjectPreamble? {
    guard ObjectPreamble.stubByteCount <= size - offset else { return nil }
    let bytes = try store.read(name, from: offset, count: ObjectPreamble.stubByteCount)
    guard bytes.starts(with: ObjectPreamble.stubMagic) else { return nil }
    do {
      let stub = try ObjectPreamble(decoding: bytes[ObjectPreamble.stubMagic.count...])
      let rest = size - offset - ObjectPreamble.stubByteCount
      return stub.bodyByteCount <= rest ? stub : nil
    } catch {
      return nil
    }
  }
}
