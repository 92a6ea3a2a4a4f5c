import CoreTypes
import Encoding
import Sealing
import Sodium
import TestSupport
import Testing

@testable import Repositories

/// Records, manifests, selections and configurations come from other machines, signed and unsigned.
@Suite("Decoders of what replicates, given anything")
struct DecoderTests {
  private func record(_ change: (inout RecordClear) -> Void) throws -> Record {
    let signer = SigningKey(seed: SecretBytes(random: 32))
    var clear = RecordClear(
      repository: RepositoryID(digest(1)),
      writer: try writer(signer),
      sequence: 3,
      parents: [RecordID(digest(4)), RecordID(digest(5))],
      kind: .snapshot,
      time: someTime
    )
    change(&clear)
    return try Record(
      signing: clear,
      content: [1, 2, 3],
      key: try makeDataKey().currentDataKey,
      signer: signer
    )
  }

  @Test func `records: what is taken is what was read`() throws {
    let full = try record {
      $0.adds = [ObjectID(digest(1)), ObjectID(digest(2))]
      $0.addManifests = [digest(3)]
      $0.condemns = [ObjectID(digest(4))]
      $0.replaces = [ObjectID(digest(5))]
      $0.subjects = [RecordID(digest(6))]
      $0.enrolled = digest(7)
    }
    let plain = try record { _ in }
    var files = Mutations(
      of: [full.bytes, plain.bytes, full.bytes + plain.bytes],
      seed: TestSeed.make(for: "records"),
      reach: 700
    )
    let count = Cases.planned(60_000)
    for _ in 0..<count {
      let bytes = files.next()
      do throws(RecordError) {
        let records = try Record.all(in: bytes)
        #expect(records.flatMap(\.bytes) == bytes)
      } catch {
        // Refused: as good an answer.
      }
    }
    // Behind the signature: a writer of ill will signs what it likes.
    var clears = Mutations(of: [full.clearBytes, plain.clearBytes], seed: files.random.next())
    var taken = 0
    for _ in 0..<count {
      let bytes = clears.next()
      do {
        let clear = try RecordClear(decoding: bytes)
        if clear.encoded() != bytes { Issue.record("not canonical: \(bytes)") }
        taken += 1
      } catch {
        // Refused: as good an answer.
      }
    }
    #expect(taken > count / 100)
    Cases.tell(.decoders, 2 * count, "records, and their clear parts behind the signature")
  }

  @Test func `lists of tags behind the seal`() throws {
    var lists = Mutations(
      of: [TagList.encode(["a", "weekly", "ä"]), TagList.encode([])],
      seed: TestSeed.make(for: "tags")
    )
    let count = Cases.planned(60_000)
    for _ in 0..<count {
      let bytes = lists.next()
      do {
        #expect(TagList.encode(try TagList.decode(bytes)) == bytes)
      } catch {
        // Refused: as good an answer.
      }
    }
    Cases.tell(.decoders, count, "lists of tags, behind the seal")
  }

  @Test func `manifests and selections: what is taken ascends`() throws {
    let ids = (0..<5).map { ObjectID(digest($0)) }.sorted()
    var manifests = Mutations(
      of: [Manifest.encode(ids[...]), Manifest.encode([])],
      seed: TestSeed.make(for: "manifests")
    )
    let count = Cases.planned(80_000)
    for _ in 0..<count {
      do throws(RecordError) {
        let found = Array(try Manifest.decode(manifests.next()))
        #expect(zip(found, found.dropFirst()).allSatisfy { $0 < $1 })
      } catch {
        // Refused: as good an answer.
      }
    }
    var map = CBORWriter()
    map.mapHeader(2)
    map.field(1, ids.flatMap(\.digest.bytes))
    map.field(2, digest(9).bytes)
    _ = try StoreSelection(decoding: map.bytes)
    var selections = Mutations(of: [map.bytes], seed: manifests.random.next())
    for _ in 0..<count {
      do throws(RecordError) {
        let found = try StoreSelection(decoding: selections.next()).snapshots
        #expect(zip(found, found.dropFirst()).allSatisfy { $0.digest < $1.digest })
      } catch {
        // Refused: as good an answer.
      }
    }
    Cases.tell(.decoders, 2 * count, "manifests and selections")
  }

  @Test func `configurations, signed and unsigned`() throws {
    let root = Root()
    let file = root.configuration.encoded(rootKey: root.key)
    var reader = CBORReader(file)
    try reader.expectArray(2)
    let payload = Array(try reader.readBytes(limit: 65_536))
    var files = Mutations(of: [file], seed: TestSeed.make(for: "configurations"))
    var payloads = Mutations(of: [payload], seed: files.random.next())
    let count = Cases.planned(40_000)
    for _ in 0..<count {
      let bytes = files.next()
      guard bytes != file else { continue }
      #expect(throws: RepositoryError.self) { try Configuration(decoding: bytes) }
    }
    // Few of them: a signature takes its time.
    for _ in 0..<count / 20 {
      let changed = payloads.next()
      var writer = CBORWriter()
      writer.arrayHeader(2)
      writer.bytes(changed)
      writer.bytes(root.key.sign(Array("kist configuration 1\n".utf8) + changed))
      do throws(RepositoryError) {
        let found = try Configuration(decoding: writer.bytes)
        #expect(found.repositoryID == root.configuration.repositoryID || changed != payload)
      } catch {
        // Refused: as good an answer.
      }
    }
    Cases.tell(.decoders, count + count / 20, "configurations, and signed ones")
  }
}
