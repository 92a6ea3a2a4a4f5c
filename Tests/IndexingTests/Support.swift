import CoreTypes
import Packing

@testable import Indexing

func digest(_ number: UInt64) -> Digest { Digest(words: number << 32, 2, 3, number) }

func chunk(_ number: UInt64) -> ChunkID { ChunkID(digest(number)) }

func object(_ number: UInt64) -> ObjectID { ObjectID(digest(number)) }

func pack(_ number: UInt64) -> PackID { PackID(digest(number)) }

func place(_ number: UInt64) -> ObjectPlace {
  ObjectPlace(
    id: object(number),
    stubOffset: 16 + Int(number) * 1000,
    bodyByteCount: 900,
    headOffset: 100_000 + Int(number),
    headByteCount: 200
  )
}

func storeID(_ byte: UInt8) throws -> StoreID {
  guard let id = StoreID([UInt8](repeating: byte, count: 16)) else {
    throw IndexingError.malformedRow(path: "test")
  }
  return id
}
