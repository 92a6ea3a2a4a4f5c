import CoreTypes
import Testing

@testable import Sealing

@Suite("Objects")
struct ObjectTests {
  @Test func `an object opens to what was sealed, compressed and not`() throws {
    let keyring = try makeKeyring()
    let many = (1...100).map { Array(repeating: UInt8($0), count: $0 * 7) }
    for chunks in [[[42]], [Array("hello".utf8)], many, [randomBytes(70_000, seed: 1)]] {
      for compression in [CompressionChoice.off, .level(1), .standard] {
        let object = try makeObject(chunks, keyring, compression: compression)
        let head = try ObjectHead(decoding: object.head)
        let opener = try ObjectOpener(keyring: keyring)
        let directory = try opener.directory(of: head)
        #expect(directory.chunkIDs == object.chunkIDs)
        #expect(directory.kind == .data)
        #expect(directory.identityKey == keyring.currentIdentityKey.id)
        let frame = try opener.openFrame(object.body, preamble: head.preamble)
        #expect(directory.frameByteCount == frame.byteCount)
        let body = try opener.openBody(object.body, preamble: head.preamble)
        #expect(body.lengths == chunks.map(\.count))
        #expect(body.plaintext == chunks.flatMap(\.self))
        try body.prove(directory.chunkIDs, naming: keyring.currentIdentityKey)
      }
    }
  }

  @Test func `the codec is zstd only where it saves something`() throws {
    let keyring = try makeKeyring()
    let opener = try ObjectOpener(keyring: keyring)
    for (chunk, compression, codec) in [
      (Array(repeating: 7, count: 5000), CompressionChoice.standard, UInt8(1)),
      (Array(repeating: 7, count: 5000), .off, 0),
      (randomBytes(5000, seed: 2), .standard, 0), ([1, 2, 3], .standard, 0),
    ] {
      let object = try makeObject([chunk], keyring, compression: compression)
      #expect(try opener.openFrame(object.body, preamble: object.preamble).codec == codec)
    }
  }

  @Test func `an object's id is the hash of its head, and the head names the body's hash`() throws {
    let keyring = try makeKeyring()
    let object = try makeObject([[1, 2, 3]], keyring)
    let head = try ObjectHead(decoding: object.head)
    #expect(object.id == ObjectID(PlainHash.of(object.head)))
    #expect(head.id == object.id)
    #expect(head.preamble == object.preamble)
    #expect(head.bodyHash == PlainHash.of(object.body))
    #expect(try ObjectPreamble(decoding: object.preamble.bytes[...]) == object.preamble)
    #expect(object.preamble.stub.count == ObjectPreamble.stubByteCount)
  }

  @Test func `sealing the same twice makes two different objects`() throws {
    let keyring = try makeKeyring()
    let (one, two) = (try makeObject([[1]], keyring), try makeObject([[1]], keyring))
    #expect(one.chunkIDs == two.chunkIDs)
    #expect(one.id != two.id)
    #expect(one.preamble.nonce != two.preamble.nonce)
    #expect(one.body != two.body)
  }

  @Test func `a body's size tells no more than its Padmé size`() throws {
    let keyring = try makeKeyring()
    let sizes = try [1, 2, 900, 4000].map { count in
      try makeObject([randomBytes(count, seed: 3)], keyring, compression: .off).body.count
    }
    #expect(sizes == [4112, 4112, 4112, 4112])
  }

  @Test func `chunk ids differ between kinds and between keys`() throws {
    let (one, two) = (try makeKeyring(), try makeKeyring())
    let content = Array("content".utf8)
    let data = one.currentIdentityKey.chunkID(of: content.span, kind: .data)
    #expect(data != one.currentIdentityKey.chunkID(of: content.span, kind: .tree))
    #expect(data != two.currentIdentityKey.chunkID(of: content.span, kind: .data))
    #expect(data == one.currentIdentityKey.chunkID(of: content.span, kind: .data))
    #expect(data.digest != PlainHash.of(content))
  }

  @Test func `the gear key stream is 2,048 bytes and follows from the id key`() throws {
    let (one, two) = (try makeKeyring(), try makeKeyring())
    let stream = one.currentIdentityKey.gearKeyStream()
    #expect(stream.count == 2048)
    #expect(stream == one.currentIdentityKey.gearKeyStream())
    #expect(stream != two.currentIdentityKey.gearKeyStream())
    #expect(Set(stride(from: 0, to: 2048, by: 64).map { Array(stream[$0..<$0 + 64]) }).count == 32)
  }

  @Test func `changed content is not proven`() throws {
    let keyring = try makeKeyring()
    let naming = keyring.currentIdentityKey
    let chunks: [[UInt8]] = [[1, 2, 3], [4, 5]]
    let ids = chunks.map { naming.chunkID(of: $0.span, kind: .data) }
    func body(_ plaintext: [UInt8], _ lengths: [Int], _ kind: ChunkKind = .data) -> OpenedBody {
      OpenedBody(
        kind: kind,
        identityKey: keyring.currentIdentityKey.id,
        lengths: lengths,
        plaintext: plaintext
      )
    }
    try body([1, 2, 3, 4, 5], [3, 2]).prove(ids, naming: naming)
    #expect(throws: SealingError.wrongContent(ids[1])) {
      try body([1, 2, 3, 4, 6], [3, 2]).prove(ids, naming: naming)
    }
    #expect(throws: SealingError.wrongContent(ids[0])) {
      try body([1, 2, 3, 4, 5], [2, 3]).prove(ids, naming: naming)
    }
    #expect(throws: SealingError.wrongContent(ids[0])) {
      try body([1, 2, 3, 4, 5], [3, 2], .tree).prove(ids, naming: naming)
    }
    #expect(throws: SealingError.malformed(what: "number of chunks")) {
      try body([1, 2, 3], [3]).prove(ids, naming: naming)
    }
  }
}
