import CoreTypes
import Sealing
import Storage
import TestSupport
import Testing

@testable import Packing

/// Every bit of a pack, and every way in which sectors are lost.
@Suite("Packs, bit by bit and sector by sector")
struct FlipTests {
  private let pack: PackID
  private let bytes: [UInt8]

  init() throws { (pack, bytes) = try FlipTests.make(objectCount: 3) }

  /// A pack of small objects, of which each takes about 4.5 KiB.
  private static func make(objectCount: UInt8) throws -> (PackID, [UInt8]) {
    let keyring = try makeKeyring()
    let store = try makeMemoryStore()
    var writer = try PackWriter(in: store)
    for number in 1...objectCount {
      try writer.append(try makeObject([[number], [number, number]], keyring))
    }
    let pack = try writer.finish().id
    return (pack, try store.read(BlobName(.pack, pack.digest)))
  }

  private func report(_ bytes: [UInt8]) throws -> PackReport {
    try FlipTests.report(bytes, of: pack)
  }

  private static func report(_ bytes: [UInt8], of pack: PackID) throws -> PackReport {
    let store = try makeMemoryStore()
    try store.put(bytes, as: BlobName(.pack, pack.digest))
    return try PackVerifier(store: store, keyring: nil).verify(pack)
  }

  @Test(arguments: [2, 3] as [UInt8], 0..<4)
  func `every flipped bit is found without a key`(objectCount: UInt8, quarter: Int) throws {
    let (pack, bytes) = try FlipTests.make(objectCount: objectCount)
    try #require(try FlipTests.report(bytes, of: pack).findings.isEmpty && bytes.count > 8000)
    let all = 8 * bytes.count
    let range = quarter * all / 4..<(quarter + 1) * all / 4
    for bit in range {
      var damaged = bytes
      damaged[bit / 8] ^= 1 << UInt8(bit % 8)
      if try FlipTests.report(damaged, of: pack).findings.isEmpty { Issue.record("bit \(bit)") }
    }
    Cases.tell(.flips, range.count, "bits of a pack of \(bytes.count) bytes, found without a key")
  }

  @Test func `every cut and every addition is found`() throws {
    for count in bytes.indices where try report(Array(bytes[..<count])).findings.isEmpty {
      Issue.record("cut to \(count)")
    }
    var random = SplitMix64(seed: TestSeed.make(for: "additions to packs"))
    let additions = Cases.planned(6200)
    for round in 0..<additions {
      let more =
        round % 2 == 0
        ? [UInt8](repeating: 0, count: 1 + round) : random.bytes(1 + Int(random.next() % 600))
      if try report(bytes + more).findings.isEmpty { Issue.record("\(more.count) bytes behind") }
    }
    Cases.tell(.cuts, bytes.count + additions, "cuts of a pack, and bytes behind it")
  }

  @Test func `an end that was never written, and reads as zeros or as old bytes, is found`() throws
  {
    var random = SplitMix64(seed: TestSeed.make(for: "ends of packs"))
    let old = random.bytes(bytes.count)
    for count in bytes.indices {
      let end =
        count % 4 == 0 ? old[count...] : [UInt8](repeating: 0, count: bytes.count - count)[...]
      if try report(Array(bytes[..<count]) + end).findings.isEmpty {
        Issue.record("not written from \(count) on")
      }
    }
    Cases.tell(.cuts, bytes.count, "ends of a pack that were not written")
  }

  @Test func `sectors that are zero, exchanged, doubled, lost or old are found`() throws {
    var random = SplitMix64(seed: TestSeed.make(for: "sectors of packs"))
    var count = 0
    func expectFound(_ damaged: [UInt8], _ what: String) throws {
      guard damaged != bytes else { return }
      if try report(damaged).findings.isEmpty { Issue.record("\(what)") }
      count += 1
    }
    for size in [64, 512, 4096] {
      let starts = Array(stride(from: 0, to: bytes.count - size + 1, by: size))
      for first in starts {
        let sector = first..<first + size
        for filling: UInt8 in [0, 0xFF] {
          var damaged = bytes
          damaged.replaceSubrange(sector, with: repeatElement(filling, count: size))
          try expectFound(damaged, "\(size) bytes of \(filling) at \(first)")
        }
        try expectFound(Array(bytes[..<first]) + bytes[sector.upperBound...], "\(first) lost")
        try expectFound(Array(bytes[..<sector.upperBound]) + bytes[first...], "\(first) doubled")
        for second in starts where second > first && (size > 64 || random.next() % 4 == 0) {
          var damaged = bytes
          let other = Array(bytes[second..<second + size])
          damaged.replaceSubrange(second..<second + size, with: bytes[sector])
          damaged.replaceSubrange(sector, with: other)
          try expectFound(damaged, "\(first) and \(second) exchanged")
        }
      }
    }
    Cases.tell(.cuts, count, "sectors of a pack zeroed, exchanged, doubled, lost")
  }
}
