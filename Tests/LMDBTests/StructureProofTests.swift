import TestSupport
import Glibc
import Testing

@testable import LMDB

@Suite("Proof of a file") struct StructureProofTests {
  private static let names = ["one", "two", "three"]

  /// The variable of the environment as a number.
  private static func number(_ variable: String) -> UInt64? {
    guard let text = unsafe getenv(variable) else { return nil }
    return UInt64(unsafe String(cString: text))
  }

  /// Puts, changes, removes and clears at random; values may fill pages of their own.
  private func change(
    _ environment: Environment,
    _ tables: [Database],
    _ random: inout SplitMix64
  ) throws {
    try environment.write { (transaction) throws in
      for _ in 0..<Int.random(in: 1...300, using: &random) {
        let table = tables[Int.random(in: 0..<tables.count, using: &random)]
        let key = random.bytes(Int.random(in: 1...3, using: &random)) + [1, 2, 3, 4, 5, 6, 7, 8]
        switch Int.random(in: 0..<100, using: &random) {
        case 0: try transaction.clear(table)
        case 1..<40: _ = try transaction.delete(key, in: table)
        case 40..<44:
          try transaction.put(
            random.bytes(Int.random(in: 2000...30_000, using: &random)),
            for: key,
            in: table
          )
        default:
          let length = Int.random(in: 0...200, using: &random)
          try transaction.put(random.bytes(length), for: key, in: table)
        }
      }
    }
  }

  @Test func `what LMDB writes is proven, whatever was done`() throws {
    let seed = TestSeed.make(for: "writes to LMDB")
    var random = SplitMix64(seed: seed)
    for round in 0..<3 {
      let place = Place()
      for step in 0..<15 {
        // A value proves once, so each state has one of its own.
        let environment = try place.environment()
        let tables = try environment.databases(Self.names)
        do throws(LMDBError) {
          try environment.prove()
        } catch {
          Issue.record("KIST_TEST_SEED=\(seed), round \(round), step \(step): \(error)")
        }
        for _ in 0..<3 { try change(environment, tables, &random) }
      }
    }
  }

  @Test func `a state is proven while others are written`() async throws {
    let place = Place()
    let environment = try place.environment()
    let tables = try environment.databases(Self.names)
    let count = try await withThrowingTaskGroup(of: Int.self) { group in
      group.addTask {
        var random = SplitMix64(seed: 5)
        for _ in 0..<150 { try change(environment, tables, &random) }
        return 0
      }
      group.addTask {
        var proofs = 0
        while proofs < 40 { if try environment.proveLastState() { proofs += 1 } }
        return proofs
      }
      return try await group.reduce(0) { $0 + $1 }
    }
    #expect(count == 40)
  }

  /// All rows of all tables.
  private func rows(_ environment: Environment) throws -> [[UInt8]: [UInt8]] {
    var rows: [[UInt8]: [UInt8]] = [:]
    let tables = try environment.databases(Self.names)
    try environment.read { (transaction) throws in
      for (number, table) in tables.enumerated() {
        unsafe try transaction.forEach(in: table) { key, value in
          let name = unsafe Array(key)
          rows[[UInt8(number)] + name] = unsafe Array(value)
          return true
        }
      }
    }
    return rows
  }

  // With KIST_TEST_ALL_BITS=1 every bit of the file.
  @Test func `a flipped bit is found, or changes nothing`() throws {
    let seed = TestSeed.make(for: "bits of LMDB")
    var random = SplitMix64(seed: 77)
    let place = Place()
    do {
      let environment = try place.environment()
      let tables = try environment.databases(Self.names)
      for _ in 0..<4 { try change(environment, tables, &random) }
    }
    let sound = place.data(place.dataByteCount, at: 0)
    let expected = try rows(try place.environment())
    random = SplitMix64(seed: seed)
    let isBroad = Self.number("KIST_TEST_ALL_BITS") != nil
    let bits = isBroad ? sound.count * 8 : 800
    var found = 0
    for number in 0..<bits {
      let bit = isBroad ? number : Int(random.next() % UInt64(sound.count * 8))
      place.patchData([sound[bit / 8] ^ 1 << UInt8(bit % 8)], at: bit / 8)
      do {
        let environment = try place.environment()
        try environment.prove()
        #expect(try rows(environment) == expected, "KIST_TEST_SEED=\(seed), bit \(bit)")
      } catch {
        #expect(LMDBError(error).isDamage, "KIST_TEST_SEED=\(seed), bit \(bit): \(error)")
        found += 1
      }
      place.patchData([sound[bit / 8]], at: bit / 8)
    }
    #expect(found > bits / 10, "of \(bits) flipped bits \(found) were found")
  }

  @Test func `a row with a changed byte is not lent`() throws {
    let place = Place()
    do {
      let environment = try place.environment()
      let table = try environment.databases(["rows"])[0]
      try environment.write { try $0.put([1, 2, 3, 4, 5, 6], for: Array("a key".utf8), in: table) }
    }
    let bytes = place.data(place.dataByteCount, at: 0)
    let start = try #require(
      bytes.indices.last { bytes[$0...].starts(with: Array("a key".utf8) + [1, 2, 3, 4, 5, 6]) }
    )
    // The check of four bytes stands behind the value.
    for offset in 5..<15 {
      place.patchData([bytes[start + offset] ^ 0x10], at: start + offset)
      let environment = try place.environment()
      let table = try environment.databases(["rows"])[0]
      for read in [false, true] {
        #expect(throws: LMDBError.corrupted("the check of a row of 6 bytes does not match")) {
          try environment.read { (transaction) throws in
            if read {
              _ = try transaction.get(Array("a key".utf8), in: table)
            } else {
              unsafe try transaction.forEach(in: table) { _, _ in true }
            }
          }
        }
      }
      place.patchData([bytes[start + offset]], at: start + offset)
    }
  }

  @Test func `a row of another table is not lent`() throws {
    let place = Place()
    let environment = try place.environment()
    let tables = try environment.databases(["left", "right"])
    try environment.write { try $0.put([7], for: [1], in: tables[0]) }
    let swapped = Database(handle: tables[0].handle, seed: tables[1].seed)
    #expect(throws: LMDBError.corrupted("the check of a row of 1 bytes does not match")) {
      _ = try environment.read { try $0.get([1], in: swapped) }
    }
  }
}
