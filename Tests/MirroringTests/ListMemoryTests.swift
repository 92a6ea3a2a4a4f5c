import CoreTypes
import Packing
import Repositories
import Storage
import Testing

@testable import Mirroring

/// Bytes that lists take for each object, so that a million objects stay below what each end may take.
@Suite("Memory of lists")
struct ListMemoryTests {
  private static let count = 20_000

  private func ids() -> [ObjectID] {
    var random = SplitMix64(seed: 3)
    return (0..<Self.count).map { _ in ObjectID(random.digest()) }.sorted()
  }

  /// Bytes behind every stored property; one of a kind that is not known here is an issue.
  private func byteCount(_ value: Any) -> Int {
    Mirror(reflecting: value).children.reduce(0) { sum, child in
      switch child.value {
      case let list as ContiguousArray<UInt64>: sum + 8 * list.capacity
      case let list as ContiguousArray<UInt32>: sum + 4 * list.capacity
      case let list as ContiguousArray<Bool>: sum + list.capacity
      case let list as [ObjectID]: sum + 32 * list.capacity
      case let list as [Digest]: sum + 32 * list.capacity
      case let list as [Int]: sum + 8 * list.capacity
      case let packs as [PackID: ContiguousArray<UInt32>]:
        packs.values.reduce(sum + 64 * packs.capacity) { $0 + 4 * $1.capacity }
      // The manifest itself, which there is one of.
      case is [ManifestIDs], is Int, is KeylessRepository, is PackID?: sum
      case let list as [ObjectPlace]: sum + 64 * list.capacity
      case let list as [SupplyPiece] where list.isEmpty: sum
      case let list as [PackID]: sum + 32 * list.capacity
      default:
        { () -> Int in
          Issue.record("\(child.label ?? "") of \(type(of: child.value))")
          return sum
        }()
      }
    }
  }

  @Test func `what is wanted of a manifest takes eight bytes an object at most beside it`() throws {
    var wanted = WantedObjects()
    try wanted.add(try Manifest.decode(Manifest.encode(ids()[...]))) { _ in true }
    wanted.sort()
    #expect(wanted.count == Self.count)
    #expect(byteCount(wanted) <= 8 * Self.count + 1024)
  }

  @Test func `what was asked for takes nine bytes an object`() {
    let asked = AskedObjects(WantedObjects(ids()), 0..<Self.count)
    #expect(asked.count == Self.count)
    #expect(byteCount(asked) <= 9 * Self.count + 1024)
  }

  @Test func `what was asked of a giver takes eight bytes an object at most beside the packs`()
    throws
  {
    var random = SplitMix64(seed: 4)
    let family = try Family()
    let store = try family.emptyStore()
    let ids = try (0..<2).flatMap { _ in
      try family.pack([Int](repeating: 30, count: 300), in: store, random: &random)
    }
    var supply = ObjectSupply(of: try family.open(store))
    try supply.add(ids.shuffled(using: &random).map(\.digest))
    try supply.finish()
    #expect(supply.objectCount == 600)
    #expect(byteCount(supply) <= 8 * 600 + 1024)
  }
}
