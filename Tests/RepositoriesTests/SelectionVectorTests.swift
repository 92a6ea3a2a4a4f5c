import CoreTypes
import Sealing
import TestSupport
import Testing

@testable import Repositories

/// Formats/store.md §5.
@Suite("Vectors of selections")
struct SelectionVectorTests {
  @Test func `the file of the vectors is what it is written as`() throws {
    let file = try Vectors.file("store/selection.bin")
    let first = try #require(ObjectID([UInt8](repeating: 1, count: 32)))
    let second = try #require(ObjectID([UInt8](repeating: 2, count: 32)))
    let made = StoreSelection(
      snapshots: [RecordID(first.digest)],
      objects: ChosenObjects([second, first, second])
    )
    #expect(made.file == file)
    let read = try StoreSelection(decoding: Array(file.dropLast(32)))
    #expect(read == made && read.name.bytes == Array(file.suffix(32)))
  }

  @Test func `selections that must be taken are taken, and written as the same bytes`() throws {
    let vectors = try Vectors.bytes("store/selection-accepted.txt")
    #expect(vectors.count == 4)
    for (name, bytes) in vectors {
      #expect(try StoreSelection(decoding: bytes).encoded == bytes, "\(name)")
    }
  }

  @Test func `selections that must be refused are refused`() throws {
    let vectors = try Vectors.bytes("store/selection-refused.txt")
    #expect(vectors.count > 10)
    for (name, bytes) in vectors {
      #expect(throws: RecordError.self, "\(name)") { try StoreSelection(decoding: bytes) }
    }
  }

  @Test func `the limits of ids hold at their ends`() throws {
    func map(snapshots: Int, lists: Int) -> [UInt8] {
      func bytes(_ count: Int) -> [UInt8] {
        let byteCount = count * 32
        let shifts = byteCount < 65_536 ? [8, 0] : [24, 16, 8, 0]
        let head: UInt8 = byteCount < 65_536 ? 0x59 : 0x5a
        let length = shifts.map { UInt8(truncatingIfNeeded: byteCount >> $0) }
        let ids = (0..<count).flatMap { number in
          Digest(words: UInt64(number), 0, 0, 0).bytes
        }
        return [head] + length + ids
      }
      return [0xa2, 1] + bytes(snapshots) + [2] + bytes(lists)
    }
    let most = try StoreSelection(
      decoding: map(snapshots: SelectionLimits.snapshots, lists: SelectionLimits.lists)
    )
    #expect(most.snapshots.count == 65_536 && most.lists.count == 1024)
    #expect(most.file.count <= SelectionLimits.byteCount)
    for (snapshots, lists) in [(65_537, 1024), (65_536, 1025)] {
      #expect(throws: RecordError.self) {
        try StoreSelection(decoding: map(snapshots: snapshots, lists: lists))
      }
    }
  }
}
