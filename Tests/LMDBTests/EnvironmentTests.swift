import TestSupport
import Glibc
import Testing

@testable import LMDB

@Suite("Opening an environment") struct EnvironmentTests {
  /// Offset of the last page in the second meta page, on pages of `pageByteCount` bytes.
  private static let lastPageOffset = 136
  private static let pageByteCount = Int(sysconf(Int32(_SC_PAGESIZE)))

  private func filled() throws -> Place {
    let place = Place()
    let environment = try place.environment()
    let table = try environment.databases(["rows"])[0]
    try environment.write { (transaction) throws in
      for key in UInt8(0)..<100 {
        try transaction.put([UInt8](repeating: key, count: 1000), for: [key], in: table)
      }
    }
    return place
  }

  private func isRefused(_ place: Place) -> Bool {
    do throws(LMDBError) {
      _ = try place.environment()
      return false
    } catch {
      return error.isDamage
    }
  }

  @Test func `a data file cut short is refused at every length`() throws {
    let place = try filled()
    let whole = place.dataByteCount
    #expect(whole > 100_000)
    #expect(!isRefused(place))
    for count in [whole - 1, whole - Self.pageByteCount, whole / 2, 8192, 8191, 4096, 200, 1] {
      place.truncateData(to: count)
      #expect(isRefused(place), "\(count) of \(whole) bytes")
    }
  }

  @Test func `an empty data file is made anew`() throws {
    let place = try filled()
    place.truncateData(to: 0)
    let environment = try place.environment()
    let table = try environment.databases(["rows"])[0]
    #expect(try environment.read { try $0.count(of: table) } == 0)
  }

  @Test(arguments: [0, 1])
  func `a meta page with another magic or version is refused`(_ page: Int) throws {
    for offset in [16, 20] {
      let place = try filled()
      place.patchData([0xFF, 0, 0, 0], at: page * Self.pageByteCount + offset)
      #expect(isRefused(place))
    }
  }

  @Test(arguments: [UInt64.max, UInt64.max - 1, UInt64(1) << 63, UInt64(1) << 52, UInt64(1) << 20])
  func `a meta page that claims absurd pages is refused and not trapped on`(
    _ claimed: UInt64
  ) throws {
    let bytes = (0..<8).map { UInt8(truncatingIfNeeded: claimed >> (8 * UInt64($0))) }
    for page in 0..<2 {
      let place = try filled()
      place.patchData(bytes, at: page * Self.pageByteCount + Self.lastPageOffset)
      #expect(isRefused(place))
    }
  }

  @Test(arguments: [UInt32(0), 1, 4095, 131_072, .max])
  func `a page size that cannot be is refused`(_ size: UInt32) throws {
    let place = try filled()
    place.patchData(
      (0..<4).map { UInt8(truncatingIfNeeded: size >> (8 * UInt32($0))) },
      at: 40
    )
    #expect(isRefused(place))
  }

  // A transaction that frees the pages it has just taken never writes them: LMDB then leaves the
  // file shorter than its meta page says. Such a file is sound and must open.
  @Test func `rows that were put and removed in one transaction do not look like damage`() throws {
    for seed in UInt64(0)..<20 {
      var random = SplitMix64(seed: seed)
      let place = Place()
      for _ in 0..<4 {
        let environment = try place.environment(durability: seed % 2 == 0 ? .synced : .relaxed)
        let table = try environment.databases(["rows"])[0]
        for _ in 0..<3 {
          let count = UInt8.random(in: 1...40, using: &random)
          try environment.write { (transaction) throws in
            for key in 0..<count {
              let length = Int.random(in: 0...100_000, using: &random)
              try transaction.put([UInt8](repeating: key, count: length), for: [key], in: table)
            }
            for key in (0..<count).reversed() { _ = try transaction.delete([key], in: table) }
          }
        }
      }
      #expect(!isRefused(place), "seed \(seed)")
    }
  }

  @Test func `a folder that is not there is the system's error`() {
    #expect(throws: LMDBError.system(operation: "open", errno: ENOENT)) {
      _ = try Environment(directory: "/nonexistent/kist", databases: 1)
    }
  }

  @Test func `a read-only environment reads, and neither writes nor makes tables`() throws {
    let place = try filled()
    let environment = try place.environment(access: .readOnly)
    let table = try environment.databases(["rows"])[0]
    #expect(try environment.read { try $0.count(of: table) } == 100)
    #expect(throws: LMDBError.missing(database: "other")) {
      _ = try environment.databases(["other"])
    }
    #expect(throws: LMDBError.system(operation: "write", errno: EROFS)) {
      try environment.write { try $0.put([], for: [1], in: table) }
    }
  }

  @Test func `tables of which some are missing are damage`() throws {
    let place = try filled()
    let environment = try place.environment()
    for names in [["rows", "other"], ["other", "rows"]] {
      #expect(throws: LMDBError.damaged("there is no table other")) {
        _ = try environment.databases(names)
      }
    }
    #expect(try environment.databases(["other"]).count == 1)
    #expect(try environment.databases(["rows", "other"]).count == 2)
  }

  @Test func `meta pages of which neither followed the other are refused`() throws {
    let place = try filled()
    // Table and rows were two transactions: the second meta page has 1, the first 2.
    for (page, number, other) in [(0, UInt64(2), UInt64(1)), (1, 1, 2)] {
      let offset = page * Self.pageByteCount + Self.lastPageOffset + 8
      let sound = place.data(8, at: offset)
      #expect(sound == (0..<8).map { UInt8(truncatingIfNeeded: number >> (8 * $0)) })
      for bit in UInt64(0)..<64 {
        let flipped = number ^ 1 << bit
        place.patchData(
          (0..<8).map { UInt8(truncatingIfNeeded: flipped >> (8 * $0)) },
          at: offset
        )
        // 3 for 1, or 0 for 2, makes the older state the newer one: sound, and refreshed by its users.
        let isNeighbour = (flipped, other) == (3, 2) || (flipped, other) == (0, 1)
        #expect(isRefused(place) != isNeighbour, "page \(page), bit \(bit)")
      }
      place.patchData(sound, at: offset)
    }
  }

  @Test func `no file of an environment stays open in other programs`() throws {
    let place = try filled()
    let environment = try place.environment()
    let folder = place.path + "/"
    var found = 0
    for descriptor in Int32(0)..<1024 {
      var target = [CChar](repeating: 0, count: 4096)
      let count = unsafe readlink("/proc/self/fd/\(descriptor)", &target, target.count)
      guard count > 0 else { continue }
      let path = String(decoding: target[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self)
      guard (path + "/").hasPrefix(folder) else { continue }
      found += 1
      #expect(fcntl(descriptor, F_GETFD) & FD_CLOEXEC != 0, "\(path)")
    }
    #expect(found >= 3)
    withExtendedLifetime(environment) {}
  }

  @Test func `a table that cannot be opened leaves the environment usable`() throws {
    let place = Place()
    let environment = try place.environment()
    #expect(throws: LMDBError.self) {
      _ = try environment.databases(["1", "2", "3", "4", "5"])
    }
    #expect(try environment.databases(["1"]).count == 1)
  }

  @Test func `the default map is address space and no disk space`() throws {
    let place = Place()
    let environment = try Environment(directory: place.path, databases: 1)
    _ = try environment.databases(["rows"])
    #expect(place.dataByteCount < 1 << 20)
  }
}
