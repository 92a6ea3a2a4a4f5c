import TestSupport
import Testing

@testable import LMDB

@Suite("A table") struct TableTests {
  @Test func `twenty thousand random rows come back, and in order`() throws {
    let seed: UInt64 = 42
    var random = SplitMix64(seed: seed)
    let place = Place()
    let environment = try place.environment()
    let table = try environment.databases(["rows"])[0]
    var model: [[UInt8]: [UInt8]] = [:]
    for _ in 0..<4 {
      try environment.write { (transaction) throws in
        for _ in 0..<5000 {
          let key = random.bytes(Int.random(in: 1...48, using: &random))
          let value = random.bytes(Int.random(in: 0...64, using: &random))
          try transaction.put(value, for: key, in: table)
          model[key] = value
        }
      }
    }
    var visited: [[UInt8]] = []
    try environment.read { (transaction) throws in
      #expect(try transaction.count(of: table) == model.count, "seed \(seed)")
      unsafe try transaction.forEach(in: table) { key, value in
        let key = unsafe Array(key)
        visited.append(key)
        if unsafe Array(value) != model[key] { Issue.record("seed \(seed), key \(key)") }
        return true
      }
      for (key, value) in model.prefix(2000) {
        #expect(try transaction.get(key, in: table) == value, "seed \(seed)")
      }
      #expect(try transaction.lastKey(in: table) == visited.last)
    }
    #expect(visited == model.keys.sorted { $0.lexicographicallyPrecedes($1) }, "seed \(seed)")
  }

  @Test func `every way to ask for a key finds the same value`() throws {
    let place = Place()
    let environment = try place.environment()
    let table = try environment.databases(["rows"])[0]
    let key: [UInt8] = [1, 2, 3]
    try environment.write { try $0.put([9, 8], for: key, in: table) }
    try environment.read { (transaction) throws in
      #expect(try transaction.get(key, in: table) == [9, 8])
      let bySpan = try transaction.get(key.span, in: table)
      #expect(bySpan == [9, 8])
      let found = try unsafe key.withUnsafeBytes { unsafe try transaction.get($0, in: table) }
      #expect(found == [9, 8])
      #expect(try transaction.contains(key, in: table))
      #expect(try transaction.get([1, 2], in: table) == nil)
      #expect(try !transaction.contains([1, 2], in: table))
    }
  }

  @Test func `an empty value is not an absent one`() throws {
    let place = Place()
    let environment = try place.environment()
    let table = try environment.databases(["rows"])[0]
    try environment.write { (transaction) throws in
      try transaction.put([], for: [1], in: table)
      #expect(try transaction.get([1], in: table) == [])
      #expect(try transaction.delete([1], in: table))
      #expect(try transaction.get([1], in: table) == nil)
      #expect(try !transaction.delete([1], in: table))
    }
  }

  @Test(arguments: [0, 512, 4000])
  func `a key of a length that cannot be is refused everywhere`(_ count: Int) throws {
    let place = Place()
    let environment = try place.environment()
    let table = try environment.databases(["rows"])[0]
    let key = [UInt8](repeating: 1, count: count)
    let expected = LMDBError.keyLength(count)
    try environment.write { (transaction) throws in
      try transaction.put([1], for: [UInt8](repeating: 1, count: 511), in: table)
    }
    func refused(_ body: (borrowing WriteTransaction) throws -> Void) {
      #expect(throws: expected) { try environment.write(body) }
    }
    refused { try $0.put([], for: key, in: table) }
    refused { _ = try $0.insert([], for: key, in: table) }
    refused { try $0.append([], for: key, in: table) }
    refused { _ = try $0.delete(key, in: table) }
    refused { _ = try $0.get(key, in: table) }
    refused { _ = try $0.get(key.span, in: table) }
    refused { unsafe try $0.forEach(in: table, from: key) { _, _ in true } }
  }

  @Test func `insert keeps what is there, append keeps the order`() throws {
    let place = Place()
    let environment = try place.environment()
    let table = try environment.databases(["rows"])[0]
    try environment.write { (transaction) throws in
      #expect(try transaction.insert([1], for: [5], in: table))
      #expect(try !transaction.insert([2], for: [5], in: table))
      #expect(try transaction.get([5], in: table) == [1])
      try transaction.append([3], for: [6], in: table)
    }
    for key in [[UInt8(6)], [4]] {
      #expect(throws: LMDBError.keyOrder) {
        try environment.write { try $0.append([9], for: key, in: table) }
      }
    }
    try environment.read { (transaction) throws in
      #expect(try transaction.get([6], in: table) == [3])
      #expect(try transaction.count(of: table) == 2)
    }
  }

  @Test func `iteration starts at a key, or behind it, and stops when told`() throws {
    let place = Place()
    let environment = try place.environment()
    let table = try environment.databases(["rows"])[0]
    try environment.write { (transaction) throws in
      for key in [UInt8(10), 20, 30] { try transaction.put([key], for: [key], in: table) }
    }
    func keys(from start: [UInt8]?, limit: Int = 9) throws -> [UInt8] {
      var keys: [UInt8] = []
      try environment.read { (transaction) throws in
        unsafe try transaction.forEach(in: table, from: start) { key, _ in
          unsafe keys.append(key[0])
          return keys.count < limit
        }
      }
      return keys
    }
    #expect(try keys(from: nil) == [10, 20, 30])
    #expect(try keys(from: [20]) == [20, 30])
    #expect(try keys(from: [11]) == [20, 30])
    #expect(try keys(from: [31]) == [])
    #expect(try keys(from: nil, limit: 2) == [10, 20])
    #expect(throws: LMDBError.full) {
      try environment.read { unsafe try $0.forEach(in: table) { _, _ in throw LMDBError.full } }
    }
  }

  @Test func `a cleared table is empty and its neighbour is not`() throws {
    let place = Place()
    let environment = try place.environment()
    let tables = try environment.databases(["one", "two"])
    try environment.write { (transaction) throws in
      for table in tables { try transaction.put([1], for: [1], in: table) }
    }
    try environment.write { try $0.clear(tables[0]) }
    try environment.read { (transaction) throws in
      #expect(try transaction.count(of: tables[0]) == 0)
      #expect(try transaction.lastKey(in: tables[0]) == nil)
      #expect(try transaction.count(of: tables[1]) == 1)
    }
  }
}
