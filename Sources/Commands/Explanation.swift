import Backups
import Browsing
import CoreTypes
import Files
import Indexing
import LMDB
import Mirroring
import Packing
import Repositories
import Sealing
import Storage
import Trees

/// Turns errors into words: what happened, what it means for the person's data, what to do.
enum Explanation {
  /// Writes a failure to standard error.
  static func show(_ failure: Failure, asJSON: Bool) {
    guard !asJSON, let width = StandardStreams.terminalWidth(2) else {
      return Console.write(text(of: failure, asJSON: asJSON), to: 2)
    }
    Console.write(text(of: failure, width: max(40, width)), to: 2)
  }

  /// A failure in words, for a terminal of so many columns.
  static func text(of failure: Failure, width: Int) -> String {
    let lead = "      "
    var lines = TextFold.lines(failure.what, width: width, first: "kist: ", lead: lead)
    for part in [failure.meaning, failure.advice].compactMap({ $0 }) {
      lines += TextFold.lines(part, width: width, first: lead, lead: lead)
    }
    return lines.map { $0 + "\n" }.joined()
  }

  /// A failure in words, with its line end.
  static func text(of failure: Failure, asJSON: Bool) -> String {
    if asJSON {
      var json = JSONText(["message_type": .text("exit_error")])
      json.add("code", .number(Int(failure.status.rawValue)))
      json.add("message", .text(failure.what))
      if let meaning = failure.meaning { json.add("meaning", .text(meaning)) }
      if let advice = failure.advice { json.add("advice", .text(advice)) }
      return json.line + "\n"
    }
    var text = "kist: \(failure.what)\n"
    if let meaning = failure.meaning { text += "      \(meaning)\n" }
    if let advice = failure.advice { text += "      \(advice)\n" }
    return text
  }

  /// The failure that an error is; `nil` if it is none of ours.
  static func failure(of error: any Error) -> Failure? {
    switch error {
    case let failure as Failure: failure
    case let error as BackupError: failure(from: error)
    case let error as BrowsingError: failure(from: error)
    case let error as RepositoryError: failure(from: error)
    case let error as StorageError: failure(from: error)
    case let error as PackingError: failure(from: error)
    case let error as SealingError: failure(from: error)
    case let error as IndexingError: failure(from: error)
    case let error as FilesError: failure(from: error, about: nil)
    case let error as MirrorError:
      failure(from: error, target: "the other end", here: "this end")
    default: nil
    }
  }

  static func failure(from error: BackupError) -> Failure {
    switch error {
    case .repository(let error): failure(from: error)
    case .packing(let error): failure(from: error)
    case .sealing(let error): failure(from: error)
    case .root(let path, let error):
      Failure(
        .failed,
        "cannot back up \(DisplayedName.text(path)): \(error.reason)",
        meaning: "No snapshot was made; earlier snapshots are as they were.",
        advice: error.isNotFound
          ? "Check the path. (`kist snapshots` lists what was made.)" : nil
      )
    case .noRoom(let target, let room): failure(ofRoom: room, in: target)
    case .target(let path, let error) where error.isNoSpace:
      Failure(
        .noSpace,
        "no space left on the device: stopped at \(DisplayedName.text(path))",
        meaning: "Files that were restored before it are whole; the repository is unharmed.",
        advice: "Make room, or choose another --target, and run the same command again."
      )
    case .target(let path, let error) where error.isReadOnlyFileSystem:
      Failure(
        .failed,
        "the file system is read-only: stopped at \(DisplayedName.text(path))",
        meaning: "Files that were restored before it are whole; the repository is unharmed.",
        advice: "Mount it for writing, or choose another --target."
      )
    case .target(let path, let error):
      Failure(.failed, "cannot restore to \(DisplayedName.text(path)): \(error.reason)")
    case .targetNotAFolder(let path):
      Failure(
        .failed,
        "\(DisplayedName.text(path)) is not a folder",
        advice: "Choose a folder with --target; it is made if it is missing."
      )
    case .tree(let error): Failure(.damage, "a folder of the snapshot is malformed: \(text(error))")
    case .nothingToBackUp:
      Failure(
        .failed,
        "nothing is left to back up: rules leave out, or errors kept away, everything that was named",
        meaning: "No snapshot was made; earlier snapshots are as they were.",
        advice: "Check the exclude patterns; `kist backup --dry-run -v` shows what they leave."
      )
    case .command(let end):
      Failure(
        .failed,
        "the command whose output was to be saved \(text(end))",
        meaning: "No snapshot was made, because its output may be cut short.",
        advice: "Run the command by hand to see what is wrong."
      )
    case .noSuchPath(let path):
      Failure(
        .failed,
        "the snapshot has no \(DisplayedName.text(path))",
        advice: "`kist ls SNAPSHOT` shows what is in it."
      )
    case .interrupted:
      Failure(
        .interrupted,
        "stopped as asked",
        meaning: "No snapshot was made by this run. What was stored is kept and will be reused.",
        advice: "Run the same command again to go on."
      )
    case .interruptedWaiting(let path):
      Failure(
        .interrupted,
        "stopped as asked, without waiting for \(DisplayedName.text(path)), which does not answer",
        meaning: "No snapshot was made by this run. What was stored is kept and will be reused.",
        advice:
          "Leave it out (--exclude, or --one-file-system if it is a mount), or unmount it "
          + "(`umount -f`) and run the command again."
      )
    case .threads(let number): Failure(.failed, "cannot start a thread (error \(number))")
    }
  }

  static func failure(from error: RepositoryError) -> Failure {
    switch error {
    case .damagedConfiguration: damagedConfiguration
    case .unsupported(let version, let features): newerFormat(version, features)
    case .wrongSecret(let trial): failure(ofTrial: trial)
    case .noUsableSlot(let reasons): failure(ofSlots: reasons)
    case .incompleteKeyring(let reasons): failure(ofKeyring: reasons)
    case .leftOut(let id):
      Failure(
        .refusedForSafety,
        "this copy leaves snapshot \(id.digest.short) out by choice",
        meaning: "Nothing is damaged: only chosen snapshots were brought here.",
        advice:
          "The repository, or another mirror of it, has it; `kist snapshots` shows what this copy holds."
      )
    case .unknownSnapshot(let name):
      Failure(
        .failed,
        "there is no snapshot \(DisplayedName.text(name))",
        advice:
          "`kist snapshots` lists what is there; with --host, --tag or --path, one must fit them."
      )
    case .noSnapshots:
      Failure(
        .failed,
        "there are no snapshots yet",
        advice:
          "`kist backup FOLDER` makes the first\(orUnfinishedCopy). If there were some, `kist check` says what is missing."
      )
    case .ambiguousSnapshot(let name, let candidates):
      Failure(
        .failed,
        "\(name) fits \(candidates.count) snapshots: "
          + candidates.prefix(5).map(\.digest.short).joined(separator: ", "),
        advice: "Give more digits of the id."
      )
    case .missingChunk(let id):
      Failure(
        .damage,
        "the store lacks chunk \(id.digest.short)",
        meaning: "What needs it cannot be restored from this store.",
        advice:
          "Run `kist check` to see which files are affected; with --repair-from COPY it brings back what another copy has."
      )
    case .damagedChunk(let id, let error):
      Failure(
        .damage,
        "chunk \(id.digest.short) cannot be read: \(text(error))",
        advice:
          "Run `kist check --read-data` to see which files are affected; with --repair-from COPY it brings back what "
          + "another copy has."
      )
    case .malformedTree(let id, let error):
      Failure(
        .damage,
        "tree node \(id.digest.short) is malformed: \(text(error))",
        meaning: "It was written so, by a faulty or hostile writer."
      )
    case .damagedSnapshot(let id, let reason):
      Failure(
        .damage,
        "snapshot \(id.digest.short) cannot be read: \(reason)",
        meaning: "Others may be whole: `kist snapshots` lists them.",
        advice:
          "Run `kist check`; with --repair-from COPY it brings back what another copy has. Where none has it, back up "
          + "the same files again."
      )
    case .illegalSnapshot(let error):
      Failure(
        .failed,
        "the snapshot cannot be written as it is: \(text(error))",
        meaning: "No snapshot was made; earlier snapshots are as they were.",
        advice: "Names of host and tags have at most 1,024 bytes, paths at most 65,535."
      )
    case .illegalTag(let tag):
      Failure(
        .usage,
        "\(tag.isEmpty ? "an empty tag" : "this tag") cannot be given"
          + (tag.isEmpty ? "" : ": it has \(Quantities.count(tag.utf8.count, "byte"))"),
        meaning: "Nothing was changed.",
        advice: "A tag has 1 to 1,024 bytes."
      )
    case .tooManyTags(let id, let count):
      Failure(
        .failed,
        "snapshot \(id.digest.short) would have \(Quantities.count(count, "tag"))",
        meaning: "Its tags were not changed.",
        advice: "A snapshot has at most 256; `kist tag remove` makes room."
      )
    case .rollback:
      Failure(
        .rollback,
        // Their number is not known: what is remembered is the newest of them.
        "the repository is older than when this machine saw it last: records are gone that this machine saw",
        meaning: "Someone may have put an old copy in its place. Nothing was written.",
        advice: bringingBackRecords
          + "If you restored the repository on purpose, remove the folder with the repository's id in this machine's "
          + "state folder (KIST_STATE_DIR, else ~/.local/state/kist)."
      )
    case .unreadRecords(let files):
      Failure(
        .damage,
        "records that this machine saw cannot be read: "
          + files.prefix(4).map { "records/\($0.short)" }.joined(separator: ", ")
          + (files.count > 4 ? " and \(files.count - 4) more" : ""),
        meaning: "Nothing was written: what would be written next could not build on them.",
        advice:
          "`kist check --repair-from COPY` brings them back from a mirror of the repository. Without one, what they say "
          + "is lost: `kist check --repair` names it and gives it up, and everything else goes on."
      )
    case .overtaken(let missing):
      Failure(
        .failed,
        "another client removed \(Quantities.count(missing.count, "object")) that this backup relied on",
        meaning: "No snapshot was made; earlier snapshots are as they were.",
        advice: "Run the backup again: it will store them anew."
      )
    case .slotRefused(let reason): Failure(.refusedForSafety, reason)
    case .storage(let error): failure(from: error)
    case .packing(let error): failure(from: error)
    case .sealing(let error): failure(from: error)
    case .index(let error): failure(from: error)
    case .files(let error) where error.isNoSpace:
      Failure(
        .noSpace,
        "no space left for this machine's state folder: \(text(error))",
        meaning:
          "It keeps the key to sign with, and what was seen of the repository. No record was written after that; "
          + "earlier snapshots are as they were, and packs that were complete are kept and will be reused.",
        advice:
          "Make room there (KIST_STATE_DIR names another place), then run the same command again."
      )
    case .files(let error):
      Failure(
        .failed,
        "cannot use this machine's state folder: \(text(error))",
        meaning:
          "It keeps the key to sign with, and what was seen of the repository. No record was written after that; "
          + "the repository is unharmed.",
        advice:
          "Mend what keeps you from it (KIST_STATE_DIR names another), then run the same command again."
      )
    case .unexpected(let reason): unexpected(reason)
    }
  }

  /// What nobody foresaw: it is a fault of the program, or of a library that it uses.
  private static func unexpected(_ reason: String) -> Failure {
    Failure(
      .failed,
      "something that kist does not expect: \(DisplayedName.text(Array(reason.utf8)))",
      meaning: "It says nothing about the repository's data; what was saved before is as it was.",
      advice: "Run the same command again; `kist check` tells whether anything is damaged."
    )
  }

  /// What helps before anything that is remembered is given up.
  static let bringingBackRecords =
    "Where a mirror has what is gone, `kist mirror pull MIRROR` brings it back; where no record at all is left, "
    + "`kist check --repair-from MIRROR` does so too. "

  /// What brings back what a writer signed whose enrolment is lost.
  static let signingAgain =
    "Where the record is lost that let their writer sign, `kist check --repair-from COPY` brings it back from a copy; "
    + "or the machine that wrote them makes its next backup, or runs `kist check --repair`: that lets it sign again."

  private static func newerFormat(_ version: UInt64, _ features: [String]) -> Failure {
    var what = "format \(version)"
    if !features.isEmpty {
      let names = features.map { DisplayedName.text($0) }
      what += ", features " + names.joined(separator: ", ")
    }
    return Failure(
      .failed,
      "the repository needs a newer kist (\(what))",
      meaning:
        "Nothing was changed. Its data is not damaged: this kist (\(Surroundings.version)) must not touch it.",
      advice: "Update kist on this machine."
    )
  }

  static func failure(from error: SealingError) -> Failure {
    switch error {
    case .notARecoveryKey:
      Failure(
        .wrongPassword,
        "this is not a recovery key",
        advice: "It has 56 letters and digits in groups of four; check for a mistyped one."
      )
    case .derivationMemory(let kibibytes):
      Failure(
        .failed,
        "unlocking needs \(Quantities.bytes(Int(kibibytes) << 10)) of memory",
        meaning: "This says nothing about the password.",
        advice: "Free some memory and try again."
      )
    case .library(let reason): unexpected(reason)
    default: Failure(.damage, text(error))
    }
  }
}
