import CoreTypes
import Files
import Packing
import Sealing
import Storage

/// What went wrong with the files of a store, here or far away.
extension Explanation {
  static func failure(from error: PackingError) -> Failure {
    if case .storage(let error) = error { return failure(from: error) }
    if case .sealed(_, _, .library(let reason)) = error {
      return failure(from: SealingError.library(reason))
    }
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
        "there is no repository at \(DisplayedName.text(path))",
        advice:
          "Check how it is spelled, and that its disk is mounted. `kist mirror pull --init COPY` makes a lost one anew "
          + "from a copy; `kist init` begins an empty one."
      )
    case .interruptedInit(let path):
      Failure(
        .noRepository,
        "the repository at \(DisplayedName.text(path)) is not complete: its file `kist` is missing",
        meaning:
          "It holds no pack and no record: its `init` was interrupted, or they were lost too.",
        advice:
          "If there never was a snapshot, run `kist init` again. Else bring the repository back from a copy: "
          + "`kist mirror pull --init --repo NEW-FOLDER COPY`."
      )
    case .lostConfiguration(let path): failure(ofLostConfigurationAt: path)
    case .alreadyThere(let path):
      Failure(
        .failed,
        "there is a repository at \(DisplayedName.text(path)) already",
        meaning: "Nothing was changed."
      )
    case .notEmpty(let path):
      Failure(
        .failed,
        "the folder \(DisplayedName.text(path)) is not empty",
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
        "the file `store` of the repository is missing or damaged",
        meaning:
          "It holds only a number that tells this copy from others; no data is lost.",
        advice: newStoreNumber
      )
    case .busy(let path):
      Failure(
        .busy,
        "another process holds the commit lock of \(DisplayedName.text(path))",
        meaning:
          "It is held for moments, while a record gets its name; this run gave up after a minute of waiting. "
          + "Nothing counts as saved; packs that were complete are kept and will be reused.",
        advice:
          "`fuser -v commit.lock`, in the repository's folder, names the process. If it is stopped or hangs, "
          + "let it go on or end it: the lock goes with it. Then run the same command again."
      )
    case .failed(let name, let error): failure(ofFile: name, error)
    case .denied(let location, let what):
      Failure(
        .refusedForSafety,
        "\(DisplayedName.text(location)) refuses: its role does not allow \(DisplayedName.text(what))",
        meaning: "What was done before stays done; nothing was removed or overwritten.",
        advice: "`kist serve --role` there decides what is allowed."
      )
    case .held(let location, let end):
      Failure(
        .refusedForSafety,
        "\(DisplayedName.text(location)) keeps this file until \(CalendarTime.text(end))",
        meaning: "It was not removed; what was done before stays done.",
        advice: "Try again then; `kist serve --hold` there decides how long files are kept."
      )
    case .quota(let location, let limit, let needed):
      Failure(
        .noSpace,
        "the quota of \(DisplayedName.text(location)), \(Quantities.differing(limit, needed).0), does not hold "
          + Quantities.differing(limit, needed).1,
        meaning: "No snapshot was made by this run; earlier snapshots are as they were.",
        advice: "Have `kist serve --quota` raised there, or use another repository."
      )
    case .notTaken(let location, let reason):
      Failure(
        .refusedForSafety,
        "\(DisplayedName.text(location)) did not take what was sent: \(DisplayedName.text(reason))",
        meaning: "Nothing of it was stored.",
        advice: "Run `kist check`; if it finds nothing, run the command again."
      )
    case .unreachable(let location, let end):
      failure(from: end, location: location, meaning: "Nothing was changed.")
    case .disconnected(let location, let end):
      failure(from: end, location: location, meaning: whatIsKept)
    }
  }

  /// How a copy gets another number, which no other copy has.
  private static let newStoreNumber =
    "`kist check --repair`, on the machine where its folder is, gives it a new number; without the password, "
    + "`kist check --without-key --repair-from COPY` does. Never put there the file `store` "
    + "of another copy: both would be taken for one."

  /// Where a fixed file or folder of a store is had from.
  private static func placesOf(_ name: String) -> String {
    switch name {
    case "tmp": "an empty folder is enough."
    case "store": newStoreNumber
    case "selection":
      "`kist mirror push` to this copy, without a choice, makes it whole, and then none is needed."
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
}
