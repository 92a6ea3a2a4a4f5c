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
    let profile = try chosenProfile()
    if let path = try Surroundings.variable("KIST_REPOSITORY") {
      if let profile, let own = profile.repository, own != path {
        console.note("KIST_REPOSITORY is set, and wins over profile \(profile.name)")
      }
      return path
    }
    if let path = profile?.repository { return path }
    throw Failure(
      .noRepository,
      "no repository was named",
      meaning: Surroundings.bytes("RESTIC_REPOSITORY") == nil
        ? nil : "RESTIC_REPOSITORY names one of restic's, which has another format.",
      advice: "Use --repo FOLDER, set KIST_REPOSITORY, or name one in a profile (--profile NAME)."
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
