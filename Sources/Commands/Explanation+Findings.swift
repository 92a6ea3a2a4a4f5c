import Backups
import CoreTypes
import Files
import Packing
import Repositories
import Restoring
import Scanning
import Sealing
import Storage
import Trees

extension Explanation {
  /// A system error with its call and file.
  static func text(_ error: FilesError) -> String {
    let path = DisplayedName.text(error.pathBytes)
    return path.isEmpty ? error.reason : "\(path): \(error.reason)"
  }

  /// What is wrong with a pack or an object.
  static func text(_ error: PackingError) -> String {
    switch error {
    case .damagedTrailer(let pack, let reason):
      "pack \(pack.digest.short): its list of objects is damaged (\(reason))"
    case .wrongLength(let pack, let expected, let found):
      "pack \(pack.digest.short): \(Quantities.count(found)) of \(Quantities.count(expected)) bytes"
    case .damagedObject(let object, let pack, let reason):
      "object \(object.digest.short) in pack \(pack.digest.short): \(reason)"
    case .damagedStub(let object, let pack):
      "object \(object.digest.short) in pack \(pack.digest.short): its stub is damaged; the object is readable"
    case .sealed(let object, let pack, let error):
      "object \(object.digest.short) in pack \(pack.digest.short): \(text(error))"
    case .unproven(let reason): "what came as a pack is none: \(reason)"
    case .storage(let error): failure(from: error).what
    }
  }

  /// Why something could not be read, on one line.
  static func cause(_ error: any Error) -> String {
    switch error {
    case TreeReadError<RepositoryError>.load(let error): cause(error)
    case TreeReadError<RepositoryError>.malformed(let node, let error):
      "tree node \(node.digest.short) is malformed (\(text(error)))"
    default: failure(of: error)?.what ?? "\(error)"
    }
  }

  /// Why something sealed does not open.
  static func text(_ error: SealingError) -> String {
    switch error {
    case .malformed(let what): "malformed \(what)"
    case .unknownSuite(let version, let suite):
      "version \(version), suite \(suite): made by a newer kist"
    case .unknownKey(let id): "sealed with key \(id), which this keyring lacks"
    case .commitmentMismatch: "key commitment mismatch: its head is damaged"
    case .notAuthentic(let what): "the \(what) is damaged or forged"
    case .wrongContent(let id):
      "chunk \(id.digest.short) was written wrongly (memory error or faulty writer)"
    case .decompression(let reason): "its content does not decompress (\(reason))"
    case .tooLarge(let what, let value, let limit):
      "\(what) of \(value), beyond the limit of \(limit)"
    case .damagedSlot: "a key slot is damaged"
    case .unreasonableDerivation(let passes, let kibibytes):
      "a key slot asks for \(Quantities.bytes(Int(clamping: kibibytes) << 10)) and \(passes) passes: refused"
    case .derivationMemory(let kibibytes):
      "unlocking needs \(Quantities.bytes(Int(clamping: kibibytes) << 10)) of memory"
    case .wrongSecret: "another password opens this slot"
    case .notARecoveryKey: "not a recovery key"
    case .library(let reason): reason
    }
  }

  /// What a backup noticed in the source.
  static func text(_ finding: SourceFinding) -> String {
    let path = DisplayedName.text(finding.path)
    return switch finding.reason {
    case .unreadable(_, let errno): "\(path): not saved: \(SystemText.reason(errno))"
    case .attributesUnreadable(let what, _, let errno):
      "\(path): saved without \(text(what)): \(SystemText.reason(errno))"
    case .torn(times: 1): "\(path): changed while it was read; saved as it was seen, and marked"
    case .torn(times: let times):
      "\(path): changed each of \(times) times that it was read; saved as it was seen last, and marked"
    case .vanished: "\(path): was removed while the backup ran; not saved"
    case .socket: "\(path): a socket; there is nothing in it to save"
    case .inUse(.cache):
      "\(path): left out: the cache of kist itself, which is made anew when needed"
    case .inUse(.repository): "\(path): left out: the repository that this backup goes to"
    case .replaced: "\(path): became something else while the backup ran; not saved"
    }
  }

  private static func text(_ attributes: SourceFinding.Attributes) -> String {
    switch attributes {
    case .extendedAttributes: "extended attributes"
    case .named(let names):
      names.count == 1 ? text(ofAttribute: names[0]) : text(ofAttributes: names)
    case .inodeFlags: "inode flags"
    }
  }

  /// An extended attribute by its name, and by what people call it.
  static func text(ofAttribute name: [UInt8]) -> String {
    let shown = DisplayedName.text(name)
    return name.starts(with: Array("system.posix_acl_".utf8))
      ? "access control list \(shown)" : "attribute \(shown)"
  }

  private static func text(ofAttributes names: [[UInt8]]) -> String {
    "attributes " + names.map { DisplayedName.text($0) }.joined(separator: ", ")
  }

  /// What a restore could not do.
  static func text(_ finding: RestoreFinding) -> String {
    let path = finding.path.isEmpty ? "." : DisplayedName.text(finding.path)
    return switch finding.reason {
    case .notRestored(_, let errno): "\(path): not restored: \(SystemText.reason(errno))"
    case .damagedContent(let error): "\(path): not restored whole: \(cause(error))"
    case .attributes(let kind, _, let errno):
      "\(path): \(text(kind)) not set: \(SystemText.reason(errno))"
    case .extendedAttribute(let name, _, let errno):
      "\(path): \(text(ofAttribute: name)) not set: \(SystemText.reason(errno))"
    case .specialBitsDropped: "\(path): setuid or setgid left out: it has another owner"
    case .inTheWay: "\(path): not restored: something else of that name is in the way"
    case .collision:
      "\(path): not restored: the name was taken meanwhile, or differs from another only in case"
    case .changedMeanwhile:
      "\(path): not restored: another program replaced it while it was being restored"
    case .linkWithoutFile: "\(path): not linked: the file it is a name of was not restored"
    case .deviceSkipped: "\(path): device not made: only root can"
    case .notRemoved(_, let errno): "\(path): not deleted: \(SystemText.reason(errno))"
    case .ambiguousNames:
      "\(path): nothing deleted in it: names here are not told apart as in the snapshot"
    case .wrongReadBack(let offset):
      "\(path): what was read back differs from the snapshot at byte \(offset): "
        + "the disk is failing, or another program writes to it"
    case .notReadBack(_, let errno): "\(path): not read back: \(SystemText.reason(errno))"
    }
  }

  private static func text(_ kind: RestoreFinding.AttributeKind) -> String {
    switch kind {
    case .owner: "owner"
    case .mode: "mode"
    case .times: "modification time"
    case .extendedAttributes: "extended attributes"
    case .flags: "inode flags"
    }
  }

  /// What a check found.
  static func text(_ finding: CheckFinding) -> String {
    switch finding {
    case .damagedFile(let name, let reason): "\(name): \(reason)"
    case .damagedSelection(let reason):
      "the file `selection`, which says what this copy leaves out by choice, cannot be used: \(reason); so everything is asked of it until `kist mirror push` without a choice brings it; what else has its name is to be moved away first"
    case .pack(let error): text(error)
    case .morePackFindings(let count):
      "… and \(Quantities.count(count, "more finding")) in packs that \(count == 1 ? "is" : "are") not named"
    case .wrongContent(let object, let pack, let chunk, let origin):
      text(.sealed(object, pack: pack, .wrongContent(chunk))) + text(origin)
    case .log(let finding): text(finding)
    case .missingObject(let object, let record):
      "object \(object.digest.short) is missing; record \(record.digest.short) brought it"
    case .knownDamage(let object, let pack):
      "object \(object.digest.short) in pack \(pack.digest.short) was found damaged before (--read-data looks again)"
    case .snapshot(let record, let error): "snapshot \(record.digest.short): \(cause(error))"
    case .unrestorable(let record, let path, let hidden, let error):
      "snapshot \(record.digest.short): \(DisplayedName.text(path))\(CheckNaming.text(hidden: hidden)) cannot be restored: "
        + cause(error)
    case .moreUnrestorable(let record, let count):
      "snapshot \(record.digest.short): … and "
        + Quantities.count(count, "more file or folder", "more files and folders")
        + " that cannot be restored"
    case .storage(let error): failure(from: error).what
    }
  }

  /// By whom and when, as the end of a sentence.
  private static func text(_ origin: WriteOrigin?) -> String {
    guard let origin else { return "; no record says by whom" }
    let host = origin.host.map { " on host \(DisplayedName.text($0))" } ?? ""
    return " by writer \(origin.writer.short)\(host), \(CalendarTime.text(origin.time)), in record "
      + origin.record.digest.short
  }

  static func text(_ finding: LogFinding) -> String {
    switch finding {
    case .damagedFile(let name, let reason): "records/\(name.short): \(reason)"
    case .refused(let record, let reason): "record \(record.digest.short) is ignored: \(reason)"
    case .missingParent(let record, let parent):
      "record \(parent.digest.short) is missing; \(record.digest.short) follows it"
    case .fork(let first, let second):
      "records \(first.digest.short) and \(second.digest.short) of one writer have one number"
    case .unreadable(let name, let error):
      "records/\(name.short): \(failure(from: error).what)"
    }
  }
}
