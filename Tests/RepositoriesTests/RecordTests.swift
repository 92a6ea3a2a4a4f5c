import CoreTypes
import Sealing
import Sodium
import Testing

@testable import Repositories

@Suite("Records")
struct RecordTests {
  let keyring: Keyring
  let signer = SigningKey(seed: SecretBytes(random: 32))

  init() throws { keyring = try makeDataKey() }

  private func clear(_ change: (inout RecordClear) -> Void = { _ in }) throws -> RecordClear {
    var clear = RecordClear(
      repository: RepositoryID(digest(1)),
      writer: try writer(signer),
      sequence: 3,
      parents: [RecordID(digest(4)), RecordID(digest(5))],
      kind: .snapshot,
      time: someTime
    )
    change(&clear)
    return clear
  }

  private func sign(_ clear: RecordClear, content: [UInt8]? = nil) throws -> Record {
    try Record(signing: clear, content: content, key: keyring.currentDataKey, signer: signer)
  }

  @Test func `a record reads back with all its fields`() throws {
    let full = try clear {
      $0.adds = [ObjectID(digest(1)), ObjectID(digest(2))]
      $0.addManifests = [digest(3)]
      $0.condemns = [ObjectID(digest(4))]
      $0.replaces = [ObjectID(digest(5))]
      $0.subjects = [RecordID(digest(6))]
      $0.enrolled = digest(7)
    }
    for content in [nil, [], [1, 2, 3]] as [[UInt8]?] {
      let record = try sign(full, content: content)
      let read = try Record.all(in: record.bytes)
      #expect(read.count == 1)
      #expect(read.first?.clear == record.clear)
      #expect(read.first?.id == record.id)
      #expect(read.first?.isSignatureRight == true)
      if let content { #expect(try read.first?.content(with: keyring) == content) }
    }
  }

  @Test func `kinds keep their numbers, unknown ones too`() {
    for number in UInt64(0)...20 { #expect(RecordKind(number).number == number) }
    #expect(RecordKind(8) == .unknown(8))
    #expect(RecordKind(.max).number == .max)
  }

  @Test func `every changed bit changes the id, and is malformed or wrongly signed`() throws {
    let record = try sign(try clear(), content: [1, 2, 3])
    for bit in 0..<record.bytes.count * 8 {
      var damaged = record.bytes
      damaged[bit / 8] ^= 1 << UInt8(bit % 8)
      do throws(RecordError) {
        for read in try Record.all(in: damaged) {
          #expect(read.id != record.id, "bit \(bit)")
          #expect(!read.isSignatureRight, "bit \(bit)")
        }
      } catch {
        // Malformed: refused before any signature is looked at.
      }
    }
  }

  @Test func `cut and empty record files are refused`() throws {
    let record = try sign(try clear(), content: [1])
    for count in 0..<record.bytes.count {
      #expect(throws: RecordError.self, "\(count)") {
        try Record.all(in: Array(record.bytes[..<count]))
      }
    }
    #expect(throws: RecordError.self) { try Record.all(in: record.bytes + [0]) }
  }

  @Test func `a file may hold several records`() throws {
    let (one, two) = (try sign(try clear()), try sign(try clear { $0.sequence = 4 }))
    #expect(try Record.all(in: one.bytes + two.bytes).map(\.id) == [one.id, two.id])
  }

  @Test func `unsorted and doubled ids are refused`() throws {
    let (low, high) = (digest(1), digest(2))
    for pair in [[high, low], [low, low]] {
      let changes: [(inout RecordClear) -> Void] = [
        { $0.parents = pair.map { RecordID($0) } }, { $0.adds = pair.map { ObjectID($0) } },
        { $0.addManifests = pair }, { $0.condemns = pair.map { ObjectID($0) } },
        { $0.replaces = pair.map { ObjectID($0) } },
        { $0.subjects = pair.map { RecordID($0) } },
      ]
      for (number, change) in changes.enumerated() {
        let record = try sign(try clear(change))
        #expect(throws: RecordError.self, "list \(number)") { try Record.all(in: record.bytes) }
      }
    }
  }

  @Test func `a record signed by another than its writer is noticed`() throws {
    let record = try Record(
      signing: try clear(),
      content: nil,
      key: keyring.currentDataKey,
      signer: SigningKey(seed: SecretBytes(random: 32))
    )
    #expect(!record.isSignatureRight)
  }

  @Test func `content opens with the right keyring alone`() throws {
    let record = try sign(try clear(), content: [1])
    #expect(throws: SealingError.unknownKey(keyring.currentDataKey.id)) {
      try record.content(with: try makeDataKey())
    }
    #expect(throws: SealingError.self) { try sign(try clear()).content(with: keyring) }
  }
}
