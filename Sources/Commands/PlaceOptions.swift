import ArgumentParser
import Profiles
import Repositories

extension PlaceOptions {
  var console: Console {
    Console(verbosity: quiet ? .quiet : verbose ? .verbose : .normal, isJSON: json)
  }

  /// The profile that was chosen with `--profile` or `KIST_PROFILE`.
  func chosenProfile() throws -> Profile? {
    try ProfileChoice(name: profile, file: config).profile()
  }

  /// The repository's path, or where else it is, as it was written.
  func location() throws -> String {
    if let path = repository, !path.isEmpty { return path }
    if let path = try Surroundings.variable("KIST_REPOSITORY") { return path }
    if let path = try chosenProfile()?.repository { return path }
    throw Failure(
      .noRepository,
      "no repository was named",
      meaning: ForeignEnvironment.remark(
        on: ForeignEnvironment.repositories,
        for: "KIST_REPOSITORY"
      )
      .map { $0 + " (Another program's repository cannot be read: Docs/GUIDE.md.)" },
      advice: "Use --repo FOLDER, set KIST_REPOSITORY, or name one in a profile (--profile NAME)."
    )
  }

  /// Says that the environment names another repository than the profile, and is taken.
  func noteOverruledProfile() throws {
    if let path = repository, !path.isEmpty { return }
    guard let profile = try chosenProfile(), let own = profile.repository,
      let path = try Surroundings.variable("KIST_REPOSITORY"), own != path
    else { return }
    console.note(
      "KIST_REPOSITORY is set, and wins over profile \(DisplayedName.text(profile.name))"
    )
  }

  /// Where the client keeps what it knows.
  func folders() throws -> ClientFolders {
    try Surroundings.folders(cacheOption: cacheDir)
  }

  /// Where the repository is.
  func place() throws -> RepositoryPlace {
    var place = try RepositoryPlace(try location(), remoteProgram: remoteProgram)
    place.waiting = console.waitingNote(for: place.name)
    return place
  }
}
