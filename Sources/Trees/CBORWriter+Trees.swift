import CoreTypes
import Encoding

// The small structures that occur in several nodes.
extension CBORWriter {
  mutating func chunkID(_ id: ChunkID) { bytes(id.digest) }

  mutating func totals(_ totals: TreeTotals) {
    arrayHeader(3)
    unsigned(totals.files)
    unsigned(totals.bytes)
    unsigned(totals.entries)
  }

  mutating func time(_ time: EntryTime) {
    arrayHeader(2)
    signed(time.seconds)
    unsigned(UInt64(time.nanoseconds))
  }

  mutating func attributes(_ attributes: [EntryAttribute]) {
    arrayHeader(attributes.count)
    for attribute in attributes {
      arrayHeader(2)
      bytes(attribute.name)
      bytes(attribute.value)
    }
  }

  mutating func items(_ items: [ChunkReference]) {
    arrayHeader(items.count)
    for item in items { self.item(item) }
  }

  mutating func item(_ item: ChunkReference) {
    arrayHeader(item.repeats == 1 ? 2 : 3)
    chunkID(item.id)
    unsigned(UInt64(item.length))
    if item.repeats != 1 { unsigned(item.repeats) }
  }
}
