import CoreTypes
import Mirroring
import Repositories
import Testing

@Suite("Lists of wanted objects")
struct WantedObjectsTests {
  private func id(_ number: UInt64) -> ObjectID { ObjectID(Digest(words: number, 0, 0, 7)) }

  private func manifest(_ numbers: [UInt64]) throws -> ManifestIDs {
    let ids = numbers.map { id($0) }
    return try Manifest.decode(Manifest.encode(ids[...]))
  }

  private func all(_ wanted: WantedObjects) -> [ObjectID] {
    (0..<wanted.count).map { wanted[$0] }
  }

  @Test
  func `ids of several lists come once each, in order`() throws {
    var wanted = WantedObjects()
    wanted.add(id(5))
    try wanted.add(try manifest([1, 3, 5, 7])) { $0 != id(7) }
    wanted.add(id(2))
    try wanted.add(try manifest([2, 3, 4, 9])) { _ in true }
    wanted.sort()
    #expect(all(wanted) == [1, 2, 3, 4, 5, 9].map { id($0) })
    #expect(wanted.contains(id(9)))
    #expect(!wanted.contains(id(7)))
    wanted.add(id(8))
    wanted.add(id(9))
    wanted.sort()
    #expect(all(wanted) == [1, 2, 3, 4, 5, 8, 9].map { id($0) })
  }

  @Test
  func `few of a long list, and none, are wanted`() throws {
    var wanted = WantedObjects()
    let numbers = (0..<100).map { UInt64($0) }
    try wanted.add(try manifest(numbers)) { $0 == id(50) || $0 == id(3) }
    try wanted.add(try manifest(numbers)) { _ in false }
    wanted.sort()
    #expect(all(wanted) == [id(3), id(50)])
    #expect(WantedObjects().count == 0)
  }

  @Test
  func `each object is answered once, also where ids begin alike`() {
    let twin = ObjectID(Digest(words: 4, 1, 1, 1))
    let wanted = WantedObjects([id(4), twin, id(6), id(6)])
    var asked = AskedObjects(wanted, 0..<wanted.count)
    #expect(asked.count == 3)
    let isFirstOpen = asked.answer(id(4))
    #expect(isFirstOpen)
    #expect(asked.isOpen(twin))
    let answers = [twin, id(6), id(6), id(9)].map { asked.answer($0) }
    #expect(answers == [true, true, false, false])
    #expect(!asked.isOpen(twin))
    #expect(asked.openCount == 0)
  }
}
