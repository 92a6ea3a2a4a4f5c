import Browsing
import Files
import Repositories
import Trees

extension Explanation {
  static func failure(from error: BrowsingError) -> Failure {
    switch error {
    case .repository(let error): failure(from: error)
    case .noSuchPath(let path):
      Failure(
        .failed,
        "the snapshot has no \(DisplayedName.text(path))",
        advice: "`kist ls SNAPSHOT` shows what is in it."
      )
    case .noContent(let path, let kind):
      Failure(
        .failed,
        "\(DisplayedName.text(path)) is a \(EntryText.word(kind)), which has no content",
        advice: "Files and folders can be dumped; `kist restore` brings back everything."
      )
    case .damagedContent(let path, let error):
      Failure(
        .damage,
        "stopped at \(DisplayedName.text(path)): \(cause(error))",
        meaning: "What was written before it is sound, but it is not whole: do not use it.",
        advice:
          "`kist restore` goes on behind damaged files and names them. From a copy of the repository it comes whole: "
          + "--repair-from COPY."
      )
    case .tree(let error): Failure(.damage, "a table of the snapshot is malformed: \(text(error))")
    case .output(let error): failure(ofOutput: error)
    case .interrupted:
      Failure(
        .interrupted,
        "stopped as asked",
        meaning: "What was written so far is not whole. The repository is unharmed."
      )
    }
  }

  private static func failure(ofOutput error: any Error) -> Failure {
    guard let error = error as? FilesError else { return Failure(.failed, "\(error)") }
    if error.isBrokenPipe { return Failure(.outputClosed, "nobody reads the output any more") }
    if error.isNoSpace {
      return Failure(
        .noSpace,
        "no space left for the output",
        meaning: "What was written is not whole. The repository is unharmed.",
        advice: "Make room, or write to another place, and run the same command again."
      )
    }
    return Failure(
      .failed,
      "cannot write the output: \(text(error))",
      meaning: "What was written is not whole. The repository is unharmed."
    )
  }
}
