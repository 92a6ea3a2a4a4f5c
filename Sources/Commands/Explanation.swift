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
    case let error as MirrorError: failure(from: error, target: "the other end")
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
    case .unexpected(let reason): Failure(.failed, reason)
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
    case .damagedConfiguration(let reason):
      Failure(
        .damage,
        "the repository's configuration (file `kist`) is damaged: \(reason)",
        meaning: "Packs and snapshots may be whole, but nothing can be opened without this file.",
        advice: "Put back a copy: from a mirror of the repository, or from `kist key export`."
      )
    case .unsupported(let version, let features):
      Failure(
        .failed,
        "the repository needs a newer kist (format \(version)"
          + (features.isEmpty ? ")" : ", features \(features.joined(separator: ", ")))")
      )
    case .wrongSecret(let count):
      Failure(
        .wrongPassword,
        count == 1
          ? "wrong password: it does not open the only key slot"
          : "wrong password: it opens none of \(Quantities.count(count, "key slot"))",
        advice: "Check the password, the keyboard layout, and that this is the right repository."
      )
    case .noUsableSlot(let reasons):
      failure(ofSlots: reasons)
    case .incompleteKeyring(let reasons):
      Failure(
        .damage,
        "the keyring lacks a data key or an id key",
        meaning: reasons.map { text($0) }.joined(separator: "; "),
        advice: "Put back the files of `keyring/` from a mirror or from `kist key export`."
      )
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
        "there is no snapshot \(DisplayedName.text(Array(name.utf8)))",
        advice:
          "`kist snapshots` lists what is there; with --host, --tag or --path, one must fit them."
      )
    case .noSnapshots:
      Failure(
        .failed,
        "there are no snapshots yet",
        advice: "`kist backup FOLDER` makes the first."
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
        advice: "Run `kist check` to see which files are affected."
      )
    case .damagedChunk(let id, let error):
      Failure(
        .damage,
        "chunk \(id.digest.short) cannot be read: \(text(error))",
        advice: "Run `kist check --read-data` to see which files are affected."
      )
    case .malformedTree(let id, let error):
      Failure(
        .damage,
        "tree node \(id.digest.short) is malformed: \(text(error))",
        meaning: "It was written so, by a faulty or hostile writer."
      )
    case .damagedSnapshot(let id, let reason):
      Failure(.damage, "snapshot \(id.digest.short) cannot be read: \(reason)")
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
    case .rollback(let missing):
      Failure(
        .rollback,
        "the repository is older than when this machine saw it last: "
          + "\(Quantities.count(missing.count, "record")) gone",
        meaning: "Someone may have put an old copy in its place. Nothing was written.",
        advice:
          "If you restored the repository on purpose, remove this machine's state folder for it."
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
    case .files(let error): failure(from: error, about: nil)
    }
  }

  private static func failure(ofSlots reasons: [SealingError]) -> Failure {
    if reasons.isEmpty {
      return Failure(
        .damage,
        "the repository has no key slots",
        meaning: "Without a slot no password can open it.",
        advice: "Put back the files of `slots/` from a mirror or from `kist key export`."
      )
    }
    return Failure(
      .damage,
      "no key slot can be tried: " + reasons.map { text($0) }.joined(separator: "; "),
      advice: "Put back the files of `slots/` from a mirror or from `kist key export`."
    )
  }

  static func failure(from error: PackingError) -> Failure {
    if case .storage(let error) = error { return failure(from: error) }
    return Failure(
      .damage,
      text(error),
      advice: "Run `kist check --read-data` to see what is affected."
    )
  }

  static func failure(from error: StorageError) -> Failure {
    switch error {
    case .noRepository(let path):
      Failure(
        .noRepository,
        "there is no repository at \(DisplayedName.text(Array(path.utf8)))",
        advice: "Check --repo or KIST_REPOSITORY; `kist init` makes a new one."
      )
    case .interruptedInit(let path):
      Failure(
        .noRepository,
        "the repository at \(DisplayedName.text(Array(path.utf8))) is not complete: its file `kist` is missing",
        meaning:
          "Either its `init` was interrupted, or the file was lost; what else is there is unharmed.",
        advice:
          "Put `kist` back from a mirror or from what `kist key export` wrote. If there never was a "
          + "snapshot, run `kist init` again: it refuses where there is one."
      )
    case .alreadyThere(let path):
      Failure(
        .failed,
        "there is a repository at \(DisplayedName.text(Array(path.utf8))) already",
        meaning: "Nothing was changed."
      )
    case .notEmpty(let path):
      Failure(
        .failed,
        "the folder \(DisplayedName.text(Array(path.utf8))) is not empty",
        meaning: "Nothing was changed.",
        advice: "Choose an empty folder, or one that does not exist yet."
      )
    case .missing(let name):
      Failure(
        .damage,
        "the store lacks \(name)",
        advice: "Run `kist check` to see which files are affected."
      )
    case .short(let name, let needed, let found):
      Failure(
        .damage,
        "\(name) is cut short: \(found) of \(needed) bytes",
        advice: "Run `kist check --read-data` to see which files are affected."
      )
    case .tooLarge(let name, let count, let limit):
      Failure(.damage, "\(name) has \(count) bytes; the format allows \(limit)")
    case .conflict(let name):
      Failure(
        .damage,
        "\(name) is there already, with another size: it is damaged",
        advice: "Run `kist check --read-data`."
      )
    case .misplaced(let name):
      Failure(
        .damage,
        "`\(name)` of the repository is no \(name == "tmp" ? "folder" : "file")",
        meaning: "Something else has its name. Packs and snapshots may be whole.",
        advice: "Move that away, and put `\(name)` back: "
          + placesOf(name)
      )
    case .selecting:
      Failure(
        .refusedForSafety,
        "this copy holds chosen snapshots only, and takes nothing but what a mirror run brings",
        meaning: "Nothing was changed.",
        advice:
          "Do it in the repository; or make this copy whole with `kist mirror push` there, without a choice."
      )
    case .damagedStoreID:
      Failure(
        .damage,
        "the file `store` is damaged",
        meaning: "It holds only this copy's own id; no data is lost.",
        advice: "Put the file back from a backup of the repository's folder."
      )
    case .busy(let path):
      Failure(
        .busy,
        "another process holds the commit lock of \(DisplayedName.text(Array(path.utf8)))",
        meaning:
          "It is held for moments, while a record gets its name; this run gave up after a minute of waiting. "
          + "Nothing counts as saved; packs that were complete are kept and will be reused.",
        advice:
          "`fuser -v commit.lock`, in the repository's folder, names the process. If it is stopped or hangs, "
          + "let it go on or end it: the lock goes with it. Then run the same command again."
      )
    case .failed(let name, let error) where error.isPermission:
      Failure(
        .failed,
        "cannot use \(DisplayedName.text(Array(name.utf8))) of the repository: \(error.reason)",
        meaning: "Nothing was read or changed there; this says nothing about the data.",
        advice:
          "Run kist as the user to whom the repository belongs, or have its files' modes mended."
      )
    case .failed(let name, let error) where error.isUnconfirmedWrite:
      Failure(
        .failed,
        "the storage did not confirm a write to \(DisplayedName.text(Array(name.utf8))): \(error.reason)",
        meaning: "Nothing that this run wrote counts as saved; what was saved before is as it was.",
        advice:
          "The disk may be failing: look at it (`dmesg`, `smartctl -a`) before you rely on it. Then run the same "
          + "command again, and `kist check --read-data`."
      )
    case .failed(let name, let error): failure(from: error, about: name)
    case .denied(let location, let what):
      Failure(
        .refusedForSafety,
        "\(location) refuses: its role does not allow \(DisplayedName.text(Array(what.utf8)))",
        meaning: "What was done before stays done; nothing was removed or overwritten.",
        advice: "`kist serve --role` there decides what is allowed."
      )
    case .quota(let location, let limit, let needed):
      Failure(
        .noSpace,
        "the quota of \(location), \(Quantities.bytes(limit)), does not hold \(Quantities.bytes(needed))",
        meaning: "No snapshot was made by this run; earlier snapshots are as they were.",
        advice: "Have `kist serve --quota` raised there, or use another repository."
      )
    case .notTaken(let location, let reason):
      Failure(
        .refusedForSafety,
        "\(location) did not take what was sent: \(DisplayedName.text(Array(reason.utf8)))",
        meaning: "Nothing of it was stored.",
        advice: "Run `kist check`; if it finds nothing, run the command again."
      )
    case .unreachable(let location, let end):
      failure(from: end, location: location, meaning: "Nothing was changed.")
    case .disconnected(let location, let end):
      failure(from: end, location: location, meaning: whatIsKept)
    }
  }

  /// Where a fixed file or folder of a store is had from.
  private static func placesOf(_ name: String) -> String {
    switch name {
    case "tmp": "an empty folder is enough."
    case "store": "from a copy of the repository's folder. It holds only this copy's own id."
    default: "from a mirror, or from what `kist key export` wrote."
    }
  }

  static func failure(from error: FilesError, about name: String?) -> Failure {
    let place = name.map { "\($0): " } ?? ""
    if error.isNoSpace {
      return Failure(
        .noSpace,
        "\(place)no space left on the device",
        meaning: "No snapshot was made by this run; earlier snapshots are as they were. "
          + "Packs that were complete are kept and will be reused.",
        advice: "Make room, then run the same command again."
      )
    }
    // The name of the file, once: of two the longer one says more.
    let path = DisplayedName.text(error.pathBytes)
    if let name, name.hasSuffix(path) { return Failure(.failed, place + error.reason) }
    return Failure(.failed, path.hasPrefix(name ?? "") ? text(error) : place + text(error))
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
    default: Failure(.damage, text(error))
    }
  }

  static func failure(from error: IndexingError) -> Failure {
    switch error {
    case .database(let path, .noSpace):
      Failure(
        .noSpace,
        "no space left for the cache at \(path)",
        meaning: "The repository itself is unharmed.",
        advice: "Make room, or use --cache-dir."
      )
    case .database(let path, .system(_, let errno)):
      Failure(
        .failed,
        "the cache at \(DisplayedName.text(Array(path.utf8))) cannot be used: \(SystemText.reason(errno))",
        meaning: "The repository itself is unharmed.",
        advice: "Mend what keeps you from the folder, or name another with --cache-dir."
      )
    case .database(let path, let error):
      Failure(
        .failed,
        "the cache at \(DisplayedName.text(Array(path.utf8))) cannot be used: \(error)",
        meaning: "It can be rebuilt; the repository itself is unharmed.",
        advice: "Remove the folder and run the command again."
      )
    case .malformedRow(let path):
      Failure(
        .failed,
        "the cache at \(path) is damaged",
        meaning: "It can be rebuilt; the repository itself is unharmed.",
        advice: "Remove the folder and run the command again."
      )
    case .packing(let error): failure(from: error)
    case .networkFileSystem(let path):
      Failure(
        .failed,
        "the cache folder \(path) lies on a network file system",
        advice: "Choose a local folder with --cache-dir or KIST_CACHE_DIR."
      )
    }
  }
}
