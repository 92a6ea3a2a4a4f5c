package import CoreTypes
package import Storage
import Sealing

/// The objects that a store holds by choice: 32 bytes each.
package struct ChosenObjects: Equatable, Sendable {
  /// Ascending and distinct.
  package let ids: [ObjectID]

  package static let none = ChosenObjects([])

  package init(_ ids: some Sequence<ObjectID>) {
    var sorted = ids.sorted()
    var kept = 0
    for index in sorted.indices where kept == 0 || sorted[index] != sorted[kept - 1] {
      sorted[kept] = sorted[index]
      kept += 1
    }
    sorted.removeLast(sorted.count - kept)
    self.ids = sorted
  }

  /// Reads the lists of a selection, each from `list`; the order across them is checked.
  package init(
    of selection: StoreSelection,
    list: (Digest) throws -> [ObjectID]
  ) throws {
    var ids: [ObjectID] = []
    for name in selection.lists {
      let more = try list(name)
      if let last = ids.last, let first = more.first, last >= first {
        throw RecordError.malformed("lists of a selection: not ascending")
      }
      ids += more
    }
    self.ids = ids
  }

  /// The ids in a list of a store, whose hash is proven.
  package static func list(
    _ name: Digest,
    in store: any BlobStore
  ) throws -> [ObjectID] {
    let file = try store.read(BlobName(.manifest, name))
    guard PlainHash.of(file) == name else { throw RecordError.malformed("a damaged list") }
    return Array(try Manifest.decode(file))
  }

  package func contains(_ id: ObjectID) -> Bool { ids.hasAscending(id) }

  /// Those of both.
  package func union(_ other: ChosenObjects) -> ChosenObjects {
    ids == other.ids ? self : ChosenObjects(ids + other.ids)
  }

  /// Also what took the place of chosen objects: what was condemned may be needed in its replacements only.
  ///
  /// Source: Docs/model.md, rule 13.
  package func following(_ log: RecordLog) -> ChosenObjects {
    let condemnations = log.records.values.filter { $0.clear.kind == .condemnation }
    var extra: Set<ObjectID> = []
    var isGrowing = true
    while isGrowing {
      isGrowing = false
      for record in condemnations
      where record.clear.condemns.contains(where: { contains($0) || extra.contains($0) }) {
        for object in record.clear.replaces where !contains(object) {
          if extra.insert(object).inserted { isGrowing = true }
        }
      }
    }
    return extra.isEmpty ? self : ChosenObjects(ids + extra)
  }

  // MARK: Lists

  /// Lists that they make: each full but the last.
  package var listCount: Int {
    ids.count / Manifest.idLimit + (ids.count.isMultiple(of: Manifest.idLimit) ? 0 : 1)
  }

  /// The file of a list, by its place.
  package func list(_ place: Int) -> [UInt8] {
    let start = place * Manifest.idLimit
    return Manifest.encode(ids[start..<min(start + Manifest.idLimit, ids.count)])
  }
}

extension Array where Element: Comparable {
  /// True if an ascending array has an element.
  func hasAscending(_ element: Element) -> Bool {
    var low = 0
    var high = count
    while low < high {
      let middle = low + (high - low) / 2
      if self[middle] < element { low = middle + 1 } else { high = middle }
    }
    return low < count && self[low] == element
  }

  /// True if each element is greater than the one before.
  var isAscending: Bool { zip(self, dropFirst()).allSatisfy { $0 < $1 } }
}
