import Files

extension Explanation {
  /// What it means that the system did not do what it was asked with a file of a store.
  static func failure(ofFile name: String, _ error: FilesError) -> Failure {
    let shown = DisplayedName.text(name)
    return switch error {
    case _ where error.isPermission:
      Failure(
        .failed,
        "cannot use \(shown) of the repository: \(error.reason)",
        meaning: "Nothing was read or changed there; this says nothing about the data.",
        advice:
          "Run kist as the user to whom the repository belongs, or have its files' modes mended."
      )
    case _ where error.isTooManyFiles:
      Failure(
        .failed,
        "cannot open \(shown) of the repository: \(error.reason)",
        meaning: "This says nothing about the data, and nothing was changed by it.",
        advice: moreFiles
      )
    case _ where error.isMachineFault:
      Failure(
        .failed,
        "cannot use \(shown) of the repository: \(error.reason)",
        meaning: "This says nothing about the data, and nothing was changed by it.",
        advice:
          "See that the file system with the repository is there and answers, then run the same command again."
      )
    case _ where error.isFailedRead:
      Failure(
        .failed,
        "the disk could not read \(shown): \(error.reason)",
        meaning: "What is there may be lost, or readable the next time; nothing was changed.",
        advice:
          "Copy the repository to another disk while it can be read (`kist mirror push --init FOLDER`), and look "
          + "at this one (`dmesg`, `smartctl -a`)."
      )
    case _ where error.isUnconfirmedWrite:
      Failure(
        .failed,
        "the storage did not confirm a write to \(shown): \(error.reason)",
        meaning: "Nothing that this run wrote counts as saved; what was saved before is as it was.",
        advice:
          "The disk may be failing: look at it (`dmesg`, `smartctl -a`) before you rely on it. Then run the same "
          + "command again, and `kist check --read-data`."
      )
    default: failure(from: error, about: name)
    }
  }

  /// What helps where a process may not open more files.
  static let moreFiles =
    "Let it open more files (`ulimit -n 1024`), then run the same command again."
}
