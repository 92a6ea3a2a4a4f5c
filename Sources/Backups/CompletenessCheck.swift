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
}
