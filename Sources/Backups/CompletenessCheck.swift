import CoreTypes
import Indexing
import Repositories
import Storage

/// Asks for every object that a log requires; needs no key.
///
/// Source: Docs/model.md, rules 1 and 2.
struct CompletenessCheck {
  let log: RecordLog
  let store: any BlobStore
  let index: ObjectIndex
  let holding: StoreHolding
  /// Objects of which it was told already that they are damaged, or all that could be read was read.
  let told: Told

  /// What was said before of damaged objects.
  enum Told {
    case everything
    case these(Set<ObjectID>)
  }

  /// Enters what is missing in the report, and returns it.
  func run(_ report: inout CheckReport) -> Set<ObjectID> {
    if case .damaged(let reason) = holding {
      report.findings.append(.damagedSelection(reason: reason))
    }
    var adds: [RecordID: [ObjectID]] = [:]
    var claims: [ObjectClaims] = []
    for record in log.records.values {
      do {
        let ids = try RecordLog.adds(of: record, in: store)
        adds[record.id] = ids
        claims.append(ObjectClaims(of: record, adds: ids, isVoid: log.void.contains(record.id)))
      } catch {
        report.findings.append(.snapshot(record.id, error))
      }
    }
    let required = RequiredObjects(claims, chosen: holding.chosen?.following(log))
    enterKnownDamage(required, adds, &report)
    var missing: Set<ObjectID> = []
    for (record, ids) in adds {
      do {
        for object in ids where required.requires(named: object) {
          if try index.location(of: object) == nil, missing.insert(object).inserted {
            report.findings.append(.missingObject(object, record: record))
          }
        }
      } catch {
        report.findings.append(.snapshot(record, error))
      }
    }
    return missing
  }

  /// Enters required objects that something found damaged before, and that were not read now.
  private func enterKnownDamage(
    _ required: RequiredObjects,
    _ adds: [RecordID: [ObjectID]],
    _ report: inout CheckReport
  ) {
    guard case .these(let told) = told else { return }
    do {
      let known = Set(try index.damagedObjects()).subtracting(told)
      guard !known.isEmpty else { return }
      var entered: Set<ObjectID> = []
      for ids in adds.values {
        for object in ids where known.contains(object) && required.requires(named: object) {
          guard entered.insert(object).inserted, let location = try index.location(of: object)
          else { continue }
          report.findings.append(.knownDamage(object, pack: location.pack))
        }
      }
    } catch {
      // What the index cannot say is found when it is asked for what is missing.
      return
    }
  }
}
