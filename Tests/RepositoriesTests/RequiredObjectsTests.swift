import TestSupport
import CoreTypes
import Testing

@testable import Repositories

/// Rule 1 of Docs/model.md, written as it stands there, for logs of a few records.
private struct Reference {
  let claims: [ObjectClaims]

  /// Records that record `index` has seen.
  func ancestors(of index: Int) -> Set<Int> {
    var seen: Set<Int> = []
    var pending = [index]
    while let next = pending.popLast() {
      for parent in claims[next].parents {
        guard let place = claims.firstIndex(where: { $0.id == parent }) else { continue }
        if seen.insert(place).inserted { pending.append(place) }
      }
    }
    return seen
  }

  func required(_ log: Set<Int>) -> Set<ObjectID> {
    var required: Set<ObjectID> = []
    for record in log {
      for object in relies(record) {
        let isGone = log.contains { other in
          claims[other].condemns.contains(object) && ancestors(of: other).contains(record)
        }
        if !isGone { required.insert(object) }
      }
    }
    return required
  }

  private func relies(_ record: Int) -> Set<ObjectID> {
    var relied = Set(claims[record].names)
    if claims[record].reliance == .ancestors { relied.formUnion(required(ancestors(of: record))) }
    return relied
  }
}

@Suite("Required objects")
struct RequiredObjectsTests {
  private func object(_ number: Int) -> ObjectID { ObjectID(digest(UInt64(number) + 1)) }
  private func record(_ number: Int) -> RecordID { RecordID(digest(UInt64(number) + 1000)) }

  private func requires(_ claims: [ObjectClaims]) -> Set<ObjectID> {
    let computed = RequiredObjects(claims)
    return Set(claims.flatMap(\.names)).filter { computed.requires(named: $0) }
  }

  /// A random log: snapshots, holds, condemnations, others; parents among the earlier records.
  private func randomLog(_ random: inout SplitMix64, isLine: Bool) -> [ObjectClaims] {
    let count = Int.random(in: 2...7, using: &random)
    let objects = (0..<4).map(object)
    return (0..<count).map { number in
      let kind = Int.random(in: 0..<5, using: &random)
      let some = { (random: inout SplitMix64) in
        objects.filter { _ in Int.random(in: 0..<3, using: &random) == 0 }
      }
      let names = some(&random)
      let parents =
        isLine
        ? (number == 0 ? [] : [record(number - 1)])
        : (0..<number).filter { _ in Int.random(in: 0..<2, using: &random) == 0 }.map(record)
      return ObjectClaims(
        id: record(number),
        parents: parents,
        reliance: kind <= 2 ? .ancestors : .names,
        names: names,
        condemns: kind == 3 ? some(&random).filter { !names.contains($0) } : []
      )
    }
  }

  @Test(arguments: [true, false])
  func `any small log requires what rule 1 says`(isLine: Bool) {
    for seed in UInt64(0)..<3000 {
      var random = SplitMix64(seed: seed)
      let log = randomLog(&random, isLine: isLine)
      let expected = Reference(claims: log).required(Set(log.indices))
      #expect(requires(log.shuffled(using: &random)) == expected, "seed \(seed)")
    }
  }

  @Test func `the union of two logs requires nothing that neither of them does`() {
    for seed in UInt64(0)..<1000 {
      var random = SplitMix64(seed: seed)
      let log = randomLog(&random, isLine: false)
      let reference = Reference(claims: log)
      let tips = (0..<2).map { _ in Int.random(in: log.indices, using: &random) }
      let halves = tips.map { reference.ancestors(of: $0).union([$0]) }
      let parts = halves.map { half in requires(half.sorted().map { log[$0] }) }
      let whole = halves[0].union(halves[1]).sorted().map { log[$0] }
      #expect(requires(whole).isSubset(of: parts[0].union(parts[1])), "seed \(seed)")
    }
  }

  @Test func `what a snapshot reuses survives a condemnation that has not seen it`() {
    let log = [
      ObjectClaims(id: record(0), parents: [], reliance: .ancestors, names: [object(0)]),
      ObjectClaims(id: record(1), parents: [record(0)], reliance: .ancestors, names: []),
      ObjectClaims(
        id: record(2),
        parents: [record(0)],
        reliance: .names,
        names: [],
        condemns: [object(0)]
      ),
    ]
    #expect(requires(log) == [object(0)])
    #expect(RequiredObjects(log).dead.isEmpty)
    #expect(RequiredObjects([log[0], log[2]]).dead == [object(0)])
  }
}
