package import CoreTypes
package import Packing
package import Repositories
import Sealing
package import Storage

/// Something that `check` found wrong.
package enum CheckFinding: Sendable {
  /// A slot, keyring entry or manifest whose content does not hash to its name, or does not open.
  case damagedFile(BlobName, reason: String)
  /// The store holds chosen snapshots only, but which cannot be told.
  case damagedSelection(reason: String)
  /// A pack, or an object in one.
  case pack(PackingError)
  /// An object whose content is not what it is named; the record that brought it, where there is one.
  case wrongContent(ObjectID, pack: PackID, chunk: ChunkID, WriteOrigin?)
  /// So many more of packs and objects, beyond those that are named.
  case morePackFindings(count: Int)
  /// A record.
  case log(LogFinding)
  /// An object that a record adds and this store lacks.
  case missingObject(ObjectID, record: RecordID)
  /// An object that was found damaged before, and was not read this time.
  case knownDamage(ObjectID, pack: PackID)
  /// A snapshot cannot be read at all.
  case snapshot(RecordID, any Error)
  /// A folder or file of a snapshot cannot be restored whole; `hidden` files stood in the folder, and nothing here lists them.
  case unrestorable(RecordID, path: [UInt8], hidden: UInt64, any Error)
  /// So many more files and folders of a snapshot, beyond those that are named.
  case moreUnrestorable(RecordID, count: Int)
  /// The store could not be read.
  case storage(StorageError)

  /// True if data is lost by it; false if only tidiness or redundancy is.
  package var isLoss: Bool {
    switch self {
    case .pack(.damagedStub): false
    case .damagedFile, .damagedSelection, .pack, .morePackFindings, .wrongContent, .log,
      .missingObject, .knownDamage,
      .snapshot,
      .unrestorable,
      .moreUnrestorable,
      .storage:
      true
    }
  }

  /// How many findings it stands for.
  fileprivate var count: Int {
    switch self {
    case .morePackFindings(let count), .moreUnrestorable(_, let count): count
    default: 1
    }
  }
}

/// What `check` read and found.
package struct CheckReport: Sendable {
  package var packs = 0
  /// Packs of which everything was read.
  package var packsRead = 0
  package var objects = 0
  package var bytesRead = 0
  package var snapshots = 0
  /// Snapshots that the store leaves out by choice.
  package var leftOut = 0
  package var nodes = 0
  package var files = 0
  package var findings: [CheckFinding] = []
  /// Files and folders that do not belong in a store; they do no harm.
  package var strangers: [String] = []
  /// Packs of which the store could not read something.
  package internal(set) var unreadablePacks: Set<PackID> = []
  /// True if the check was stopped: the findings are those of what it reached.
  package var isInterrupted = false
  package init() {}
}

extension CheckReport {
  /// How much was found, named or not.
  package var findingCount: Int { findings.reduce(0) { $0 + $1.count } }

  /// Packs in which something was found damaged, and that the disk could read.
  ///
  /// One that it could not read is never written anew: nobody knows what would be left out of it.
  package var damagedPacks: Set<PackID> {
    var packs: Set<PackID> = []
    for finding in findings {
      switch finding {
      case .pack(.damagedTrailer(let pack, _)), .pack(.wrongLength(let pack, _, _)),
        .pack(.damagedObject(_, let pack, _)), .pack(.damagedStub(_, let pack)),
        .pack(.sealed(_, let pack, _)), .wrongContent(_, let pack, _, _), .knownDamage(_, let pack):
        packs.insert(pack)
      case .pack(.storage), .pack(.unproven), .morePackFindings, .damagedFile,
        .damagedSelection, .log,
        .missingObject,
        .snapshot, .unrestorable, .moreUnrestorable,
        .storage:
        break
      }
    }
    return packs.subtracting(unreadablePacks)
  }

  /// Snapshots of which something cannot be restored, the newest first.
  package var incompleteSnapshots: [RecordID] {
    var seen: Set<RecordID> = []
    var snapshots: [RecordID] = []
    // They were walked from the oldest on.
    for finding in findings.reversed() {
      switch finding {
      case .snapshot(let id, _), .unrestorable(let id, _, _, _), .moreUnrestorable(let id, _):
        if seen.insert(id).inserted { snapshots.append(id) }
      case .damagedFile, .damagedSelection, .pack, .wrongContent, .morePackFindings,
        .log, .missingObject, .knownDamage, .storage:
        break
      }
    }
    return snapshots
  }

  /// True if the file is unusable that says what the store leaves out by choice: its finding says what to do.
  package var hasDamagedSelection: Bool {
    findings.contains { finding in
      if case .damagedSelection = finding { return true }
      return false
    }
  }

  /// True if nothing was found but what goes when every object that the log requires is sound and damaged packs are
  /// written anew.
  package var isMendedByReplacement: Bool {
    let hasCause = findings.contains { finding in
      switch finding {
      case .pack, .wrongContent, .missingObject, .knownDamage: true
      default: false
      }
    }
    return findings.allSatisfy { finding in
      switch finding {
      case .pack(.storage): false
      case .pack(.unproven), .morePackFindings, .damagedFile, .damagedSelection, .log, .snapshot,
        .storage:
        false
      case .pack, .wrongContent, .missingObject, .knownDamage: true
      case .unrestorable, .moreUnrestorable: hasCause
      }
    }
  }

  /// True if nothing was found but packs, objects and what follows from them.
  package var isMendedByPacks: Bool {
    let hasCause = findings.contains { finding in
      switch finding {
      case .pack, .missingObject, .knownDamage: true
      default: false
      }
    }
    return findings.allSatisfy { finding in
      switch finding {
      case .pack(.storage): false
      case .pack(.sealed), .morePackFindings, .wrongContent, .damagedFile, .damagedSelection, .log,
        .snapshot, .storage:
        false
      case .pack, .missingObject, .knownDamage: true
      // Alone it follows from nothing that was brought back, such as a selection that lists too little.
      case .unrestorable, .moreUnrestorable: hasCause
      }
    }
  }
}
