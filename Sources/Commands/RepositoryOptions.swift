import ArgumentParser
import CoreTypes
import Files
import Profiles
import Repositories
import Sealing
import Sodium
import Storage

/// Options that every command on a repository has.
///
/// What an option does not say, the environment says; what that does not say, the profile. Source: Docs/GUIDE.md.
struct RepositoryOptions: ParsableArguments {
  @OptionGroup var shared: SharedOptions

  var passwordFile: String? { shared.passwordFile }
  var passwordCommand: String? { shared.passwordCommand }
  var json: Bool { shared.json }
  var remoteProgram: String { shared.remoteProgram }
  var quiet: Bool { shared.quiet }
  var verbose: Bool { shared.verbose }

  var console: Console {
    Console(verbosity: quiet ? .quiet : verbose ? .verbose : .normal, isJSON: json)
  }

  /// The profile that was chosen with `--profile` or `KIST_PROFILE`.
  func profile() throws -> Profile? {
    try ProfileChoice(name: shared.profile, file: shared.config).profile()
  }

  /// All mirrors of the profile; without one, those of every profile of the same repository.
  func mirrorsOfProfiles() throws -> [MirrorTarget] {
    let profiles: [Profile]
    if let profile = try profile() {
      profiles = [profile]
    } else {
      let own = try MirrorTarget(try location(), remoteProgram: remoteProgram).name
      profiles = try ProfileChoice.all().filter { profile in
        guard let repository = profile.repository else { return false }
        return try MirrorTarget(repository, remoteProgram: remoteProgram).name == own
      }
    }
    return MirrorTarget.distinct(
      try profiles.flatMap(\.mirrors).map {
        try MirrorTarget($0, remoteProgram: remoteProgram, isOfProfile: true)
      }
    )
  }

  /// The repository's path, or where else it is, as it was written.
  func location() throws -> String {
    if let path = shared.repository, !path.isEmpty { return path }
    let profile = try profile()
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
      advice: "Use --repo FOLDER, set KIST_REPOSITORY, or name one in a profile (--profile NAME)."
    )
  }

  /// Where the client keeps what it knows.
  func folders() throws -> ClientFolders {
    try Surroundings.folders(cacheOption: shared.cacheDir)
  }

  /// What this machine remembers of a repository that it writes to.
  func memory(of repository: OpenRepository) throws -> ClientMemory {
    let folder = try folders().state
    do {
      return try ClientMemory(
        stateFolder: folder,
        repository: repository.configuration.repositoryID
      )
    } catch {
      throw RepositoryOptions.failure(error, state: folder)
    }
  }

  private static func failure(_ error: FilesError, state folder: String) -> Failure {
    Failure(
      .failed,
      "cannot use the state folder \(DisplayedName.text(Array(folder.utf8))): \(error.reason)",
      meaning: "It keeps this machine's key to sign with, and what it saw of each repository last. "
        + "Nothing was written; the repository is unharmed.",
      advice: "Mend what keeps you from it, or name another with KIST_STATE_DIR."
    )
  }

  /// Where the repository is.
  func place() throws -> RepositoryPlace {
    var place = try RepositoryPlace(try location(), remoteProgram: remoteProgram)
    place.waiting = console.waitingNote(for: place.name)
    return place
  }

  /// The store of the repository; one on another machine is connected to.
  func store() throws -> any BlobStore & CommitLocking {
    try place().openStore()
  }

  /// Opens the secrets.
  func unlock() throws -> UnlockedRepository {
    try unlock(try store())
  }

  /// Opens the secrets of a store.
  func unlock(_ store: any BlobStore) throws -> UnlockedRepository {
    try UnlockedRepository(store: store, secret: try secret(prompt: "password: "))
  }

  /// Opens everything.
  func open() throws -> OpenRepository {
    try open(try store())
  }

  /// Opens everything of a store.
  func open(_ store: any BlobStore) throws -> OpenRepository {
    let folders = try folders()
    let unlocked = try unlock(store)
    let repository: OpenRepository
    do {
      repository = try unlocked.open(folders: folders)
    } catch RepositoryError.files(let error) {
      throw RepositoryOptions.failure(error, state: folders.state)
    }
    for finding in repository.openFindings {
      console.warn("warning: " + Explanation.text(finding))
    }
    let strange = repository.log.findings
    if !strange.isEmpty {
      console.warn(
        "warning: \(Quantities.count(strange.count, "finding")) in the log of records: snapshots may be "
          + "missing from what is shown; `kist check` names them"
      )
    }
    return repository
  }

  /// The secret that opens a slot, from the first place that has one.
  func secret(prompt: String) throws -> SlotSecret {
    let isRecoveryKey = shared.recoveryKey
    let text = try passwordSource().read(prompt: isRecoveryKey ? "recovery key: " : prompt)
    if isRecoveryKey {
      return .recoveryKey(
        try RecoveryKey(text: String(decoding: text, as: UTF8.self)).secret
      )
    }
    return .passphrase(SecretBytes(copying: text), .least)
  }

  /// Where the password comes from.
  func passwordSource() throws -> PasswordSource {
    PasswordSource(
      file: passwordFile,
      command: passwordCommand,
      profile: try profile()?.password
    )
  }
}
