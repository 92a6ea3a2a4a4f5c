import CoreTypes
import Encoding
import Sodium
import TestSupport
import Testing

@testable import Sealing

/// Whatever stands in a head, slot or key, before the seal and behind it, is read or refused; nothing traps.
@Suite("Decoders of what is sealed, given anything")
struct DecoderTests {
  let keyring: Keyring
  let objects: [SealedObject]

  init() throws {
    keyring = try makeKeyring()
    objects = [
      try makeObject([[1, 2, 3]], keyring),
      try makeObject((1...20).map { Array(repeating: UInt8($0), count: 50) }, keyring),
    ]
  }

  @Test func `heads and preambles`() throws {
    var heads = Mutations(of: objects.map(\.head), seed: TestSeed.make(for: "heads"))
    let count = Cases.planned(100_000)
    for _ in 0..<count {
      let bytes = heads.next()
      do throws(SealingError) {
        let head = try ObjectHead(decoding: bytes)
        #expect(head.sealedDirectory.count == head.preamble.directoryByteCount)
      } catch {
        // Refused: as good an answer.
      }
      do throws(SealingError) {
        let preamble = try ObjectPreamble(decoding: bytes.dropFirst(4))
        #expect(preamble.bodyByteCount <= ObjectLimits.bodyByteCount)
      } catch {
        // Refused: as good an answer.
      }
    }
    Cases.tell(.decoders, 2 * count, "heads and preambles of objects")
  }

  @Test func `directories behind the seal`() throws {
    let originals = objects.map { object in
      var writer = ByteWriter(capacity: 64)
      writer.write(object.kind.rawValue)
      writer.writeZeros(3)
      writer.write(UInt32(object.chunkIDs.count))
      writer.write(UInt32(100))
      writer.write(UInt32(0))
      writer.write(contentsOf: keyring.currentIdentityKey.id.bytes)
      for id in object.chunkIDs { writer.write(id.digest) }
      writer.writeZeros(Padding.powerOfTwo(writer.bytes.count, floor: 64) - writer.bytes.count)
      return writer.bytes
    }
    for original in originals { _ = try ObjectOpener.decodeDirectory(original) }
    var directories = Mutations(of: originals, seed: TestSeed.make(for: "directories"), reach: 100)
    let count = Cases.planned(120_000)
    var taken = 0
    for _ in 0..<count {
      do throws(SealingError) {
        let bytes = directories.next()
        let directory = try ObjectOpener.decodeDirectory(bytes)
        #expect(directory.chunkIDs.count * Digest.byteCount <= bytes.count)
        taken += 1
      } catch {
        // Refused: as good an answer.
      }
    }
    #expect(taken > count / 100)
    Cases.tell(.decoders, count, "directories of objects, behind the seal")
  }

  @Test func `frames behind the seal`() throws {
    let opener = try ObjectOpener(keyring: keyring)
    let originals = try objects.map {
      try opener.openFrame($0.body, preamble: $0.preamble).bytes
    }
    var frames = Mutations(of: originals, seed: TestSeed.make(for: "frames"), reach: 130)
    let count = Cases.planned(60_000)
    for _ in 0..<count {
      do throws(SealingError) {
        let frame = try ObjectFrame(decoding: frames.next())
        #expect(frame.contentRange.upperBound <= frame.bytes.count)
      } catch {
        // Refused: as good an answer.
      }
    }
    Cases.tell(.decoders, count, "frames of objects, behind the seal")
  }

  @Test func `slots, with a right checksum and without`() throws {
    let recovery = RecoveryKey()
    let slot = try KeySlot(
      wrapping: CapabilityBundle(),
      secret: .recoveryKey(recovery.secret),
      repository: someRepository,
      note: KeySlot.Note(label: "Küche", made: someTime)
    )
    let parts = try parts(of: slot.encoded)
    #expect(try KeySlot(decoding: DecoderTests.file(of: parts)).encoded == slot.encoded)
    var files = Mutations(of: [slot.encoded], seed: TestSeed.make(for: "slots"))
    var headers = Mutations(of: [parts[0]], seed: files.random.next())
    let count = Cases.planned(60_000)
    for round in 0..<count {
      let file: [UInt8]
      if round % 2 == 0 {
        file = files.next()
      } else {
        file = DecoderTests.file(of: [headers.next()] + parts[1...])
      }
      do throws(SealingError) {
        let slot = try KeySlot(decoding: file)
        guard slot.kind == .recoveryKey else { continue }
        _ = try slot.open(with: .recoveryKey(recovery.secret), repository: someRepository)
      } catch {
        // Refused: as good an answer.
      }
    }
    Cases.tell(.decoders, count, "slots")
  }

  @Test func `what slots and keys hold, behind the seal`() throws {
    let bundle = CapabilityBundle()
    var bundles = Mutations(
      of: [bundle.encoded()],
      seed: TestSeed.make(for: "bundles"),
      reach: 90
    )
    let count = Cases.planned(40_000)
    for _ in 0..<count {
      do throws(SealingError) {
        _ = try CapabilityBundle(decoding: bundles.next())
      } catch {
        // Refused: as good an answer.
      }
    }
    let sealer = KeyringSealer(repository: someRepository, keyringKey: SecretBytes(random: 32))
    var entries = Mutations(
      of: [try sealer.newDataKey(made: someTime), try sealer.newIdentityKey(made: someTime)],
      seed: bundles.random.next()
    )
    for _ in 0..<count {
      do throws(SealingError) {
        _ = try sealer.open(entries.next())
      } catch {
        // Refused: as good an answer.
      }
    }
    Cases.tell(.decoders, 2 * count, "bundles of slots, entries of the keyring")
  }

  /// The four parts of a slot's file before its checksum.
  private func parts(of file: [UInt8]) throws -> [[UInt8]] {
    var reader = CBORReader(file)
    try reader.expectArray(5)
    return try (0..<4).map { _ in Array(try reader.readBytes(limit: 512)) }
  }

  /// A slot's file with the right checksum.
  private static func file(of parts: [[UInt8]]) -> [UInt8] {
    var file = CBORWriter()
    file.arrayHeader(5)
    for part in parts { file.bytes(part) }
    file.bytes(Array(PlainHash.of(parts.flatMap(\.self)).bytes[..<16]))
    return file.bytes
  }
}
