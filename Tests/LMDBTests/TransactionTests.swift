import Testing

@testable import LMDB

@Suite("A transaction") struct TransactionTests {
  private struct Reason: Error, Equatable {}

  @Test func `what throws is undone, and the error comes out`() throws {
    let place = Place()
    let environment = try place.environment()
    let table = try environment.databases(["rows"])[0]
    try environment.write { try $0.put([1], for: [1], in: table) }
    #expect(throws: Reason()) {
      try environment.write { (transaction) throws in
        try transaction.put([2], for: [1], in: table)
        try transaction.put([2], for: [2], in: table)
        throw Reason()
      }
    }
    try environment.read { (transaction) throws in
      #expect(try transaction.get([1], in: table) == [1])
      #expect(try transaction.count(of: table) == 1)
    }
  }

  @Test func `a result comes out, and rows outlive the environment`() throws {
    let place = Place()
    do {
      let environment = try place.environment(durability: .synced)
      let table = try environment.databases(["rows"])[0]
      let count = try environment.write { (transaction) throws in
        try transaction.put([7], for: [1], in: table)
        return try transaction.count(of: table)
      }
      #expect(count == 1)
    }
    let environment = try place.environment()
    let table = try environment.databases(["rows"])[0]
    #expect(try environment.read { try $0.get([1], in: table) } == [7])
  }

  @Test func `a reader sees one state while a writer goes on`() throws {
    let place = Place()
    let environment = try place.environment()
    let table = try environment.databases(["rows"])[0]
    try environment.read { (before) throws in
      try environment.write { try $0.put([1], for: [1], in: table) }
      #expect(try before.get([1], in: table) == nil)
    }
    #expect(try environment.read { try $0.get([1], in: table) } == [1])
  }

  @Test func `a full map is told apart, and the rows before it stay`() throws {
    let place = Place()
    let environment = try place.environment(mapByteCount: 1 << 18)
    let table = try environment.databases(["rows"])[0]
    try environment.write { try $0.put([1], for: [1], in: table) }
    #expect(throws: LMDBError.full) {
      try environment.write { (transaction) throws in
        for key in UInt8(0)...255 {
          try transaction.put([UInt8](repeating: key, count: 3000), for: [2, key], in: table)
        }
      }
    }
    // An error that the caller swallows must not be committed either.
    #expect(throws: LMDBError.self) {
      try environment.write { (transaction) throws in
        for key in UInt8(0)...255 {
          do throws(LMDBError) {
            try transaction.put([UInt8](repeating: key, count: 3000), for: [2, key], in: table)
          } catch {
            return
          }
        }
      }
    }
    #expect(try environment.read { try $0.count(of: table) } == 1)
  }

  @Test func `many threads read at once`() async throws {
    let place = Place()
    let environment = try place.environment()
    let table = try environment.databases(["rows"])[0]
    try environment.write { (transaction) throws in
      for key in UInt8(0)..<200 { try transaction.put([key], for: [key], in: table) }
    }
    try await withThrowingTaskGroup(of: Bool.self) { group in
      for _ in 0..<8 {
        group.addTask {
          try (UInt8(0)..<200).allSatisfy { key in
            try environment.read { try $0.get([key], in: table) } == [key]
          }
        }
      }
      for try await sound in group { #expect(sound) }
    }
  }

  @Test func `an error of another kind is kept as text`() {
    #expect(LMDBError(LMDBError.full) == .full)
    #expect(LMDBError(Reason()) == .other("Reason()"))
    #expect(LMDBError.damaged("").isDamage)
    #expect(LMDBError.corrupted("").isDamage)
    #expect(!LMDBError.full.isDamage)
  }
}
