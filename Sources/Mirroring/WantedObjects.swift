package import CoreTypes
package import Repositories

/// Objects that are to be asked for, ascending and distinct once `sort` was called.
///
/// Four bytes of memory an object besides the manifest in which its id stands, which may be 32 MiB and is not copied.
package struct WantedObjects: Sendable {
  private var lists: [ManifestIDs] = []
  /// For each list the number of ids before it.
  private var starts: [Int] = []
  private var listedCount = 0
  /// Ids that stand in no list.
  private var single: [ObjectID] = []
  /// Ids by their places: those of the lists first.
  private var places: ContiguousArray<UInt32> = []

  /// Of a list with fewer wanted ids than one in so many, these are copied, and the list is let go.
  private static let sparseRatio = 8

  package init() {}

  /// Objects by their ids, in any order.
  package init(_ ids: some Sequence<ObjectID>) {
    single = Array(ids)
    sort()
  }

  /// Number of objects.
  package var count: Int { places.isEmpty ? single.count : places.count }

  package subscript(position: Int) -> ObjectID {
    places.isEmpty ? single[position] : id(at: Int(places[position]))
  }

  private func id(at place: Int) -> ObjectID {
    guard place < listedCount else { return single[place - listedCount] }
    var low = 0
    var high = starts.count
    // The last list that does not begin behind the place.
    while low + 1 < high {
      let middle = low + (high - low) / 2
      if starts[middle] <= place { low = middle } else { high = middle }
    }
    return lists[low][place - starts[low]]
  }

  /// True if the object is among them, which are sorted.
  package func contains(_ id: ObjectID) -> Bool {
    var low = 0
    var high = count
    while low < high {
      let middle = low + (high - low) / 2
      if self[middle] < id { low = middle + 1 } else { high = middle }
    }
    return low < count && self[low] == id
  }

  /// Adds an object; `sort` must follow.
  package mutating func add(_ id: ObjectID) { single.append(id) }

  /// Adds those ids of a list that `isWanted` picks; `sort` must follow.
  package mutating func add(
    _ list: ManifestIDs,
    where isWanted: (ObjectID) throws(MirrorError) -> Bool
  ) throws(MirrorError) {
    let known = places.count
    let (end, overflow) = listedCount.addingReportingOverflow(list.count)
    guard !overflow, end <= Int(UInt32.max) / 2 else {
      throw .malformed("manifests of \(end) objects")
    }
    for (offset, id) in list.enumerated() where try isWanted(id) {
      places.append(UInt32(listedCount + offset))
    }
    let found = places.count - known
    if found * WantedObjects.sparseRatio < list.count {
      for place in places[known...] { single.append(list[Int(place) - listedCount]) }
      places.removeLast(found)
      return
    }
    lists.append(list)
    starts.append(listedCount)
    listedCount = end
  }

  /// Puts the objects in order, each once.
  package mutating func sort() {
    if lists.isEmpty {
      single.sort()
      single = single.distinct()
      return
    }
    places.reserveCapacity(places.count + single.count)
    for offset in single.indices { places.append(UInt32(clamping: listedCount + offset)) }
    // The ids of one list ascend already.
    if lists.count > 1 || !single.isEmpty {
      var sorted: ContiguousArray<UInt32> = []
      swap(&sorted, &places)
      sorted.sort { id(at: Int($0)) < id(at: Int($1)) }
      var kept = 0
      for index in sorted.indices
      where kept == 0 || id(at: Int(sorted[kept - 1])) != id(at: Int(sorted[index])) {
        sorted[kept] = sorted[index]
        kept += 1
      }
      sorted.removeLast(sorted.count - kept)
      swap(&sorted, &places)
    }
  }
}

extension [ObjectID] {
  /// Neighbours that are equal become one.
  func distinct() -> [ObjectID] {
    var kept: [ObjectID] = []
    kept.reserveCapacity(count)
    for id in self where kept.last != id { kept.append(id) }
    return kept
  }
}

/// Objects that were asked for in one list: which of them were answered.
///
/// Nine bytes of memory an object: ids are known by their first eight bytes. Whoever finds another id with the same ones can answer in
/// its stead with an object that nothing needs; what is complete is proven before the records are stored.
package struct AskedObjects: Sendable {
  private let prefixes: ContiguousArray<UInt64>
  private var isAnswered: ContiguousArray<Bool>
  package private(set) var openCount: Int

  /// Objects in ascending order.
  package init(_ wanted: WantedObjects, _ range: Range<Int>) {
    var prefixes: ContiguousArray<UInt64> = []
    prefixes.reserveCapacity(range.count)
    for position in range { prefixes.append(wanted[position].digest.prefix) }
    self.prefixes = prefixes
    isAnswered = ContiguousArray(repeating: false, count: range.count)
    openCount = range.count
  }

  /// Number of objects, answered or not.
  package var count: Int { prefixes.count }

  /// True if the object was asked for and not answered before.
  package mutating func answer(_ id: ObjectID) -> Bool {
    guard let place = openPlace(of: id) else { return false }
    isAnswered[place] = true
    openCount -= 1
    return true
  }

  /// True if the object was asked for and not answered yet.
  package func isOpen(_ id: ObjectID) -> Bool { openPlace(of: id) != nil }

  private func openPlace(of id: ObjectID) -> Int? {
    let prefix = id.digest.prefix
    var low = 0
    var high = prefixes.count
    while low < high {
      let middle = low + (high - low) / 2
      if prefixes[middle] < prefix { low = middle + 1 } else { high = middle }
    }
    while low < prefixes.count, prefixes[low] == prefix {
      if !isAnswered[low] { return low }
      low += 1
    }
    return nil
  }
}
