import CoreTypes
import Files
import Mirroring
import Repositories

extension Explanation {
  /// What a mirror run that failed means.
  ///
  /// `here` names the repository of this end; `status` is that of the program that connected, if it has ended.
  static func mirrorFailure(
    _ error: any Error,
    target: String,
    here: String,
    status: Int32?
  ) -> any Error {
    guard let error = error as? MirrorError else { return error }
    // A signal from the terminal ends the program that connects as well.
    if InterruptFlag.isRaised { return failure(from: .interrupted, target: target, here: here) }
    switch error {
    case .closed:
      if let status, status != 0 {
        return failure(from: .command(status: status), target: target, here: here)
      }
    case .noise, .stalled, .malformed, .frameTooLong, .unknownMessage, .version, .otherRepository,
      .sameStore, .noRepository, .denied, .choiceRefused, .wrongHash, .refusedRecords,
      .deletionRefused,
      .incomplete,
      .quota, .peer, .unidentified, .command, .repository, .storage, .packing, .stream,
      .interrupted, .threads:
      break
    }
    return failure(from: error, target: target, here: here)
  }

  private static let nothingHalf =
    "Nothing half-received is visible. Objects that came whole are kept."
  private static let again = "Run the same command again to go on where it stopped."

  /// Why an exchange of `here`, the repository of this end, with `target` failed.
  static func failure(from error: MirrorError, target: String, here: String) -> Failure {
    let (target, here) = (
      DisplayedName.text(target), DisplayedName.text(here)
    )
    if error.isFullStore { return fullStore(here) }
    return switch error {
    case .noise(let bytes):
      Failure(
        .failed,
        "\(target) does not speak the mirror protocol; it began with: "
          + DisplayedName.text(Array(bytes.prefix(200))),
        meaning: "Nothing was changed.",
        advice: "Run the command by hand, and silence what a login shell prints there."
      )
    case .closed:
      Failure(.failed, "\(target) went away in the middle", meaning: nothingHalf, advice: again)
    case .command(let status):
      Failure(
        .failed,
        "the command that connects to \(target) ended with status \(status)",
        meaning: nothingHalf,
        advice: advice(forProgram: status, location: target)
      )
    case .stalled(let seconds):
      Failure(
        .failed,
        "nothing came from \(target) for \(seconds) s",
        meaning: nothingHalf,
        advice: again
      )
    case .malformed(let what):
      Failure(
        .failed,
        "\(target) broke the mirror protocol: \(DisplayedName.text(what))",
        meaning: nothingHalf,
        advice: "Use the same version of kist at both ends."
      )
    case .frameTooLong(let type, let count):
      Failure(
        .failed,
        "\(target) sent a frame of type \(type) with \(Quantities.count(Int(clamping: count))) bytes",
        meaning: "The limit is 1 MiB. " + nothingHalf,
        advice: "Use the same version of kist at both ends."
      )
    case .unknownMessage(let type):
      Failure(
        .failed,
        "\(target) sent a message of type \(type), which this kist does not know",
        advice: "Use the same version of kist at both ends."
      )
    case .version(let version):
      Failure(
        .failed,
        "\(target) speaks version \(version) of the mirror protocol, this kist version 1",
        meaning: "Nothing was changed.",
        advice: "Update the older of the two."
      )
    case .otherRepository(let id):
      Failure(
        .refusedForSafety,
        "\(target) holds another repository (\(id.digest.short))",
        meaning: "Nothing was changed.",
        advice:
          "A mirror is a copy of this repository, made by `kist mirror push --init`. If this one was lost and made "
          + "anew, move it away and bring it back: `kist mirror pull --init`."
      )
    case .sameStore: sameStore(target, here: here)
    case .noRepository(.there):
      Failure(
        .noRepository,
        "there is no repository at \(target)",
        meaning: "Nothing was changed.",
        advice: isFolder(target)
          ? "Check how it is spelled, and that its disk is mounted. With --init one is made."
          : "With --init one is made, if the role there allows it: full does; append, read and mirror need one that is there already."
      )
    case .noRepository(.here):
      Failure(.noRepository, "there is no repository here", advice: "Check --repo.")
    case .denied(let what):
      Failure(
        .refusedForSafety,
        "\(target) refuses: \(what)",
        meaning: "Nothing was changed.",
        advice: "Its `kist serve --role` decides what is allowed."
      )
    case .choiceRefused(let why):
      Failure(
        .refusedForSafety,
        "\(target) cannot hold chosen snapshots only: \(why)",
        meaning: "Nothing was changed.",
        advice: choosing
      )
    case .wrongHash(let name):
      Failure(
        .refusedForSafety,
        "what came from \(target) as \(name) is something else",
        meaning: "It was not stored, and this repository is unharmed.",
        advice:
          "Its store, or the line to it, is at fault: run `kist check --without-key --read-data` there."
      )
    case .refusedRecords(let findings):
      Failure(
        .refusedForSafety,
        findings.prefix(4).map { text($0) }.joined(separator: "; "),
        meaning: "No record of this run was stored.",
        advice: "Run `kist check` at \(target)."
      )
    case .deletionRefused(let record):
      Failure(
        .refusedForSafety,
        "record \(record.digest.short) removes or condemns, which the role append does not take",
        meaning: "No record of this run was stored."
      )
    case .incomplete(let objects):
      Failure(
        .damage,
        "\(Quantities.count(objects.count, "object")) that the records require "
          + "\(objects.count == 1 ? "is" : "are") at neither end: "
          + objects.prefix(4).map(\.digest.short).joined(separator: ", "),
        meaning: "No record of this run was stored; objects that came are kept.",
        advice: proveTheGiver
      )
    case .quota(let limit, let needed):
      Failure(
        .noSpace,
        "the quota of \(Quantities.differing(limit, needed).0) does not hold "
          + Quantities.differing(limit, needed).1,
        meaning: nothingHalf
      )
    case .unidentified:
      Failure(
        .damage,
        "neither the file `kist` nor a record here says which repository this is",
        meaning: "So it cannot be proven that \(target) is a copy of it. Nothing was changed.",
        advice:
          "Put `kist` back from what `kist key export` wrote, or make the repository anew from the copy: "
          + "`kist mirror pull --init --repo NEW-FOLDER COPY`."
      )
    case .peer(let code, let text): told(code, DisplayedName.text(text), by: target)
    case .repository(let error): failure(from: error)
    case .storage(let error): failure(from: error)
    case .packing(let error): failure(from: error)
    case .stream(let error): failure(from: error, about: target)
    case .interrupted:
      Failure(.interrupted, "stopped as asked", meaning: nothingHalf, advice: again)
    case .threads(let number): Failure(.failed, "cannot start a thread (error \(number))")
    }
  }

  /// True for a folder of this machine: there is no role there that could decide anything.
  private static func isFolder(_ target: String) -> Bool {
    !["ssh://", "pipe:", "`"].contains { target.hasPrefix($0) }
  }

  /// Both ends have one number: they are one folder, or one was copied from the other by hand.
  private static func sameStore(_ target: String, here: String) -> Failure {
    if let one = FolderIdentity(path: target), one == FolderIdentity(path: here) {
      return Failure(
        .failed,
        "\(target) is this same repository",
        meaning: "Nothing was changed.",
        advice: "Name the folder of a copy, on another disk."
      )
    }
    let place = isFolder(target) ? DisplayedName.text(target) : "the folder there"
    return Failure(
      .failed,
      "\(target) is a copy of this repository that was made by hand, or this repository itself",
      meaning: "Both have the same number in their file `store`. Nothing was changed.",
      advice:
        "Keep it: it may hold snapshots that are only there. Give it a number of its own: remove the file `store` in "
        + "\(place), and run `kist check --repair` on it (`--repo`), which makes another. Then it is a mirror like "
        + "others: `kist mirror sync` with it brings to both what one of them lacks, and --repair-from takes it."
    )
  }

  private static let choosing =
    "Choose snapshots for a new copy (--init), or push without a choice: everything goes then."

  /// A disk that takes no more, at whichever end it is.
  private static func fullStore(_ place: String) -> Failure {
    Failure(
      .noSpace,
      "no space left for the repository at \(place)",
      meaning: "Nothing is lost, there or here. " + nothingHalf,
      advice: "Make room there, then run the same command again: it goes on where it stopped."
    )
  }

  private static let proveTheGiver =
    "Run `kist check --read-data` at the end that gives, with --repair-from COPY if another copy is whole; else back up "
    + "there again, then run `kist check --repair`. "
    + "What is gone for good stays missing in the snapshots that the check names. " + copyingTheRest

  /// Nothing tells a new repository from a copy that was cut off before its first snapshot.
  static let orUnfinishedCopy =
    " (where `kist mirror push` or `pull` was to fill it and was cut off: run that again)"

  /// What is left where some snapshots will never be whole again.
  static let copyingTheRest =
    "A mirror of everything is refused then; one of the whole snapshots is made with "
    + "`kist mirror push --init COPY SNAPSHOT…` (`kist snapshots` lists them, `latest` is the newest)."

  /// What helps against what the other end did not take from this one.
  private static func advice(for code: UInt64) -> String? {
    switch code {
    case MirrorErrorCode.incomplete: proveTheGiver
    case MirrorErrorCode.choiceRefused: choosing
    case MirrorErrorCode.refusedRecords:
      "Run `kist check` on the repository that gives: it names the records that are damaged or missing there, and what to do."
    default: nil
    }
  }

  /// What the other end said before it gave up.
  private static func told(_ code: UInt64, _ text: String, by target: String) -> Failure {
    if code == MirrorErrorCode.noSpace { return fullStore(target) }
    if code == MirrorErrorCode.notEmpty {
      return Failure(
        .failed,
        "\(target) is not empty, and holds no repository",
        meaning: "Nothing was sent, and nothing there was changed.",
        advice: "Choose an empty folder, or one that does not exist yet, such as \(target)/mirror."
      )
    }
    let status: ExitStatus =
      switch code {
      case MirrorErrorCode.noRepository: .noRepository
      case MirrorErrorCode.incomplete: .damage
      case MirrorErrorCode.quota: .noSpace
      case MirrorErrorCode.denied, MirrorErrorCode.otherRepository, MirrorErrorCode.refusedRecords,
        MirrorErrorCode.wrongHash, MirrorErrorCode.choiceRefused:
        .refusedForSafety
      default: .failed
      }
    return Failure(
      status,
      "\(target) stopped: \(text)",
      meaning: nothingHalf,
      advice: advice(for: code)
    )
  }
}
