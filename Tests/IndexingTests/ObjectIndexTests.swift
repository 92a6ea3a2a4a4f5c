import TestSupport
import CoreTypes
import Packing
import Testing

@testable import Indexing

@Suite("Index")
struct ObjectIndexTests {
  let folder: TemporaryFolder

  init() throws {
    folder = try TemporaryFolder()
  }

  private func open(_ store: UInt8 = 1) throws -> ObjectIndex {
    try ObjectIndex(path: folder.path, store: try storeID(store))
  }

  @Test func `what was entered is found, the rest is not`() throws {
    let index = try open()
    try index.insert(pack(1), places: [place(10), place(11)])
    #expect(
      try index.location(of: object(11)) == ObjectLocation(pack: pack(1), place: place(11))
    )
    #expect(try index.location(of: object(12)) == nil)
    #expect(try index.isUsable(object(10)))
    #expect(try !index.isUsable(object(12)))
    #expect(try index.objectCount() == 2)
  }

  @Test func `entering a pack twice changes nothing`() throws {
    let index = try open()
    try index.insert(pack(2), places: [place(1)])
    try index.insert(pack(1), places: [place(2)])
    try index.insert(pack(2), places: [place(1)])
    #expect(try index.objectCount() == 2)
    let all = try index.allPacks()
    #expect(all.map(\.sequence) == [1, 2])
    #expect(all.map(\.pack) == [pack(2), pack(1)])
  }

  @Test func `a removed pack takes its own objects along and no others`() throws {
    let index = try open()
    try index.insert(pack(1), places: [place(1), place(2)])
    try index.insert(pack(2), places: [place(3), place(2)])
    // The second pack brought object 2 as well; its row is the newer one.
    #expect(try index.remove(pack(1)) == [object(1)])
    #expect(try index.location(of: object(1)) == nil)
    #expect(try index.location(of: object(2))?.pack == pack(2))
    #expect(try index.allPacks().map(\.pack) == [pack(2)])
    #expect(try index.remove(pack(1)) == [])
    #expect(try index.remove(pack(9)) == [])
    try index.insert(pack(1), places: [place(1)])
    #expect(try index.allPacks().map(\.sequence) == [2, 3])
  }

  @Test func `packs larger than one transaction are entered and removed whole`() throws {
    let index = try open()
    let places = (0..<4500).map { place($0) }
    try index.insert(pack(1), places: places)
    #expect(try index.objectCount() == 4500)
    #expect(try index.location(of: object(4499))?.place == places[4499])
    var ids: [ObjectID] = []
    try index.forEachObject { ids.append($0.place.id) }
    #expect(ids == places.map(\.id).sorted())
    #expect(Set(try index.remove(pack(1))) == Set(places.map(\.id)))
    #expect(try index.objectCount() == 0)
  }

  @Test func `rows are there again after the index was closed`() throws {
    try open().insert(pack(1), places: [place(1)])
    let index = try open()
    #expect(try index.location(of: object(1)) == ObjectLocation(pack: pack(1), place: place(1)))
    #expect(try index.allPacks().map(\.pack) == [pack(1)])
  }

  @Test func `an index of another store is emptied`() throws {
    do {
      let index = try open()
      try index.insert(pack(1), places: [place(1)])
      try index.markDamaged([object(1)])
      try index.claim([object(1)])
      try index.enter(RecordID(digest(7)))
    }
    do {
      let index = try open(2)
      #expect(try index.objectCount() == 0)
      #expect(try index.allPacks().isEmpty)
      #expect(try index.damagedObjects() == [])
      #expect(try !index.isClaimed(object(1)))
      #expect(try !index.knowsRecord(RecordID(digest(7))))
    }
    #expect(try open().objectCount() == 0)
  }

  @Test func `a damaged object is there and not usable until the mark is cleared`() throws {
    let index = try open()
    try index.insert(pack(1), places: [place(1), place(2)])
    try index.markDamaged([object(2), object(2), object(50)])
    #expect(try index.location(of: object(2)) != nil)
    #expect(try !index.isUsable(object(2)))
    #expect(try index.isUsable(object(1)))
    #expect(try index.damagedObjects() == [object(2), object(50)])
    try index.clearDamage()
    #expect(try index.isUsable(object(2)))
    #expect(try index.damagedObjects() == [])
  }

  @Test func `claims of records are kept`() throws {
    let index = try open()
    let record = RecordID(digest(9))
    #expect(try !index.knowsRecord(record))
    try index.claim((0..<4100).map { object($0) })
    try index.enter(record)
    #expect(try index.knowsRecord(record))
    #expect(try index.isClaimed(object(0)) && index.isClaimed(object(4099)))
    #expect(try !index.isClaimed(object(4100)))
    #expect(try index.location(of: object(0)) == nil)
    try index.claim([])
    try index.enter(RecordID(digest(10)))
    #expect(try index.knowsRecord(RecordID(digest(10))))
  }

  @Test func `locations read back and other lengths are refused`() {
    let location = ObjectLocation(pack: pack(1), place: place(1))
    let row = location.encoded
    #expect(ObjectLocation(decoding: row, object: object(1)) == location)
    for count in 0..<row.count {
      #expect(ObjectLocation(decoding: Array(row[..<count]), object: object(1)) == nil)
    }
    #expect(ObjectLocation(decoding: row + [0], object: object(1)) == nil)
  }

  @Test func `big-endian numbers read back in the order of their bytes`() {
    var last: [UInt8] = []
    for number in [0, 1, 255, 256, 65_535, 1 << 32, UInt64.max] {
      #expect(number.bigEndianBytes.bigEndianNumber == number)
      #expect(last.lexicographicallyPrecedes(number.bigEndianBytes))
      last = number.bigEndianBytes
    }
  }
}
