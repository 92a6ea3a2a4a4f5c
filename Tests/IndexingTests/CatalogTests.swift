import TestSupport
import CoreTypes
import Testing

@testable import Indexing

@Suite("Catalog")
struct CatalogTests {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func open(_ repository: UInt64 = 1) throws -> Catalog {
    try Catalog(path: folder.path, repository: RepositoryID(digest(repository)))
  }

  @Test func `every place of a chunk is found`() throws {
    let catalog = try open()
    try catalog.insert(
      pack(1),
      objects: [
        (id: object(1), chunkIDs: [chunk(1), chunk(2), chunk(1)]),
        (id: object(2), chunkIDs: [chunk(2)]),
      ]
    )
    #expect(try catalog.places(of: chunk(1)).map(\.object) == [object(1), object(1)])
    #expect(try catalog.places(of: chunk(1)).map(\.position) == [0, 2])
    #expect(try catalog.places(of: chunk(2)).map(\.object) == [object(1), object(2)])
    #expect(try catalog.places(of: chunk(2)).map(\.position) == [1, 0])
    #expect(try catalog.places(of: chunk(3)) == [])
  }

  @Test func `entering a pack twice changes nothing`() throws {
    let catalog = try open()
    let objects = [(id: object(1), chunkIDs: [chunk(1), chunk(1)])]
    try catalog.insert(pack(1), objects: objects)
    let places = try catalog.places(of: chunk(1))
    try catalog.insert(pack(1), objects: objects)
    #expect(try catalog.places(of: chunk(1)) == places)
    try catalog.insert(pack(2), objects: objects)
    #expect(try catalog.places(of: chunk(1)) == places)
    #expect(Set(places.map(\.ordinal)).count == 1)
  }

  @Test func `objects have ordinals of their own`() throws {
    let catalog = try open()
    let objects = (UInt64(0)..<300).map { (id: object($0), chunkIDs: [chunk($0 + 1000)]) }
    try catalog.insert(pack(1), objects: objects)
    let ordinals = try (UInt64(0)..<300).flatMap { number in
      let places = try catalog.places(of: chunk(number + 1000))
      #expect(places.map(\.object) == [object(number)])
      return places.map(\.ordinal)
    }
    #expect(Set(ordinals).count == 300)
  }

  @Test func `a pack is known once it was entered, an empty one too`() throws {
    let catalog = try open()
    #expect(try !catalog.knows(pack(1)))
    try catalog.insert(pack(1), objects: [(id: object(1), chunkIDs: [chunk(1)])])
    try catalog.insert(pack(2), objects: [])
    #expect(try catalog.knows(pack(1)) && catalog.knows(pack(2)))
    #expect(try catalog.unknown(of: [pack(3), pack(1), pack(2)]) == [pack(3)])
  }

  @Test func `more chunks than one transaction holds are all entered`() throws {
    let catalog = try open()
    let ids = (UInt64(0)..<10_000).map { chunk($0) }
    try catalog.insert(
      pack(1),
      objects: [
        (id: object(1), chunkIDs: ids), (id: object(2), chunkIDs: Array(ids.reversed())),
      ]
    )
    for number in [0, 4095, 4096, 9999] {
      let places = try catalog.places(of: ids[number])
      #expect(places.map(\.position) == [number, 9999 - number])
    }
  }

  @Test func `rows are there after reopening, and gone for another repository`() throws {
    try open().insert(pack(1), objects: [(id: object(1), chunkIDs: [chunk(1)])])
    do {
      let catalog = try open()
      #expect(try catalog.places(of: chunk(1)).map(\.object) == [object(1)])
      // Ordinals go on where they were.
      try catalog.insert(pack(2), objects: [(id: object(2), chunkIDs: [chunk(1)])])
      #expect(try catalog.places(of: chunk(1)).map(\.object) == [object(1), object(2)])
    }
    let other = try open(2)
    #expect(try other.places(of: chunk(1)) == [])
    #expect(try !other.knows(pack(1)))
  }
}
