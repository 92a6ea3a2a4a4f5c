import Files
import Indexing
import LMDB

extension Explanation {
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
        "the cache at \(DisplayedName.text(path)) cannot be used: \(SystemText.reason(errno))",
        meaning: "The repository itself is unharmed.",
        advice: FilesError("open", [], errno).isTooManyFiles
          ? moreFiles : "Mend what keeps you from the folder, or name another with --cache-dir."
      )
    case .database(let path, let error):
      Failure(
        .failed,
        "the cache at \(DisplayedName.text(path)) cannot be used: \(error)",
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

  /// What is said when a cache turns out to be damaged, as texts that a signal handler can write.
  static func cacheMessages(asJSON: Bool) -> CacheMessages {
    let isHarmless = "Only what this machine keeps to be faster; the repository is unharmed."
    return CacheMessages(
      again: message(asJSON: asJSON) { path in
        guard asJSON else {
          return
            "kist: the cache at \(path) is damaged; it is made anew, and the command runs again\n"
        }
        return JSONText([
          "message_type": .text("warning"),
          "message": .text("the cache at \(path) is damaged; the command runs again"),
        ]).line + "\n"
      },
      stopped: message(asJSON: asJSON) { path in
        text(
          of: Failure(
            .failed,
            "the cache at \(path) is damaged, and the command stopped in its middle",
            meaning: isHarmless,
            advice: "Run the command again from its beginning: the cache is made anew first."
          ),
          asJSON: asJSON
        )
      },
      hopeless: message(asJSON: asJSON) { path in
        text(
          of: Failure(
            .failed,
            "the cache at \(path) was made anew and is damaged again",
            meaning: isHarmless,
            advice:
              "Its disk or this machine's memory may be failing: check them, or choose another"
              + " place with --cache-dir."
          ),
          asJSON: asJSON
        )
      },
      form: asJSON ? .json : .plain
    )
  }

  /// Splits a text where the path is to stand.
  private static func message(asJSON: Bool, _ text: (_ path: String) -> String) -> CacheMessage {
    let placeholder = "<path>"
    let parts = text(placeholder).split(separator: placeholder, maxSplits: 1)
    return CacheMessage(
      before: parts.first.map(String.init) ?? "",
      after: parts.count > 1 ? String(parts[1]) : ""
    )
  }
}
