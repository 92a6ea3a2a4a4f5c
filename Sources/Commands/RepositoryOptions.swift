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
  // Beside each other, not one in the other: for each level of groups, a debug build of the parser looks through
  // all that is below four times more.
  @OptionGroup var common: PlaceOptions
  @OptionGroup var shared: SharedOptions

  var passwordFile: String? { shared.passwordFile }
  var passwordCommand: String? { shared.passwordCommand }
  var json: Bool { common.json }
  var remoteProgram: String { common.remoteProgram }
  var quiet: Bool { common.quiet }
  var verbose: Bool { common.verbose }

  var console: Console { common.console }

  /// The profile that was chosen with `--profile` or `KIST_PROFILE`.
  func profile() throws -> Profile? { try common.chosenProfile() }

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
  func location() throws -> String { try common.location() }

  /// Where the client keeps what it knows.
  func folders() throws -> ClientFolders { try common.folders() }

  /// Where the repository is.
  func place() throws -> RepositoryPlace { try common.place() }

  /// What this machine remembers of a repository that it writes to.
  func memory(of repository: OpenRepository) throws -> ClientMemory {
    try memory(of: repository.configuration.repositoryID)
  }

  /// As above, of the repository with this id.
  func memory(of repository: RepositoryID) throws -> ClientMemory {
    let folder = try folders().state
    do {
      return try ClientMemory(stateFolder: folder, repository: repository)
    } catch {
      throw RepositoryOptions.failure(error, state: folder)
    }
  }

  private static func failure(_ error: FilesError, state folder: String) -> Failure {
    Failure(
      .failed,
      "cannot use the state folder \(DisplayedName.text(folder)): \(error.reason)",
      meaning: "It keeps this machine's key to sign with, and what it saw of each repository last. "
        + "Nothing was written; the repository is unharmed.",
      advice: "Mend what keeps you from it, or name another with KIST_STATE_DIR."
    )
  }

  /// The store of the repository; one on another machine is connected to.
  func store() throws -> any BlobStore & CommitLocking {
    try common.noteOverruledProfile()
    do {
      return try place().openStore()
    } catch StorageError.noRepository(let path) {
      // A new one is the last thing that is wanted where there are copies.
      guard let mirrors = try profile()?.mirrors, let first = mirrors.first else {
        throw StorageError.noRepository(path: path)
      }
      let names = mirrors.map { DisplayedName.text($0) }
      throw Failure(
        .noRepository,
        "there is no repository at \(DisplayedName.text(path))",
        meaning: "The profile names copies of it: \(names.joined(separator: ", ")).",
        advice:
          "Check that its disk is mounted. If it is lost, restore from a copy with --repo, or bring the repository back: "
          + "kist mirror pull --init "
          + DisplayedName.text(first)
      )
    }
  }

  /// Opens the secrets.
  func unlock() throws -> UnlockedRepository {
    try unlock(try store())
  }

  /// Opens the secrets of a repository that is about to be changed.
  ///
  /// Refuses an older copy in its place, and features that only newer programs may change.
  func unlockToWrite() throws -> UnlockedRepository {
    let repository = try unlock()
    try repository.configuration.requireWritable()
    try RollbackWatch(options: self).refuse(repository.store, repository.configuration)
    return repository
  }

  /// Opens the secrets of a store.
  func unlock(_ store: any BlobStore) throws -> UnlockedRepository {
    let name = DisplayedName.text(try location())
    let prompt = shared.recoveryKey ? "recovery key for \(name): " : "password for \(name): "
    // What comes from a file, a command or the environment is the same the second time.
    guard try passwordSource().isInteractive else { return try unlock(store, prompt: prompt) }
    for _ in 1..<RepositoryOptions.attempts {
      do {
        return try unlock(store, prompt: prompt)
      } catch {
        guard let failure = Explanation.failure(of: error),
          failure.status == .wrongPassword || RepositoryOptions.isMistypable(error)
        else { throw error }
        askAgain(after: error, failure)
      }
    }
    return try unlock(store, prompt: prompt)
  }

  /// True if some sound slot is for what was typed: then that may have been mistyped, whatever else is damaged.
  private static func isMistypable(_ error: any Error) -> Bool {
    guard case RepositoryError.wrongSecret(let trial) = error else { return false }
    return trial.fittingSlots > 0
  }

  /// Says what was wrong with what was typed, before it is asked for once more.
  private func askAgain(after error: any Error, _ failure: Failure) {
    if case RepositoryError.wrongSecret(let trial) = error {
      if !trial.untried.isEmpty { console.warn(failure.what) }
      return console.warn("that does not open it; try again (Ctrl-C stops)")
    }
    console.warn(failure.what)
    if let advice = failure.advice { console.warn(paragraph: advice) }
    console.warn("try again (Ctrl-C stops)")
  }

  /// Opens the secrets with what is typed or read once.
  private func unlock(_ store: any BlobStore, prompt: String) throws -> UnlockedRepository {
    let text = try secretText(prompt: prompt)
    do {
      return try UnlockedRepository(store: store, secret: try secret(text))
    } catch RepositoryError.wrongSecret(let trial) {
      guard !shared.recoveryKey, RepositoryOptions.isRecoveryKey(text) else {
        throw RepositoryError.wrongSecret(trial)
      }
      throw Failure(
        .wrongPassword,
        "this is a recovery key, and was taken for a password",
        advice: "Give it with --recovery-key: it is asked for, or read from the same places, then."
      )
    }
  }

  /// True for what has the form of a recovery key, and its checksum.
  private static func isRecoveryKey(_ text: [UInt8]) -> Bool {
    do {
      _ = try RecoveryKey(text: String(decoding: text, as: UTF8.self))
      return true
    } catch {
      return false
    }
  }

  /// How often a person is asked for the password, as in restic.
  private static let attempts = 3

  /// Opens everything.
  func open() throws -> OpenRepository {
    try open(try store())
  }

  /// Opens everything for a look, and warns if an older copy stands in the repository's place.
  func openToRead() throws -> OpenRepository {
    let repository = try open()
    _ = RollbackWatch(options: self)
      .warn(repository.log, of: repository.store, repository.configuration)
    return repository
  }

  /// Opens everything of a store, and warns of what cannot be read.
  func open(_ store: any BlobStore) throws -> OpenRepository {
    let repository = try openWithoutRemarks(store)
    OpeningWarnings.tell(repository.openFindings, repository.log, on: console)
    return repository
  }

  /// Opens everything of a store, for whoever names what cannot be read.
  func openWithoutRemarks(_ store: any BlobStore) throws -> OpenRepository {
    let folders = try folders()
    let unlocked = try unlock(store)
    do {
      return try unlocked.open(folders: folders)
    } catch RepositoryError.files(let error) {
      throw RepositoryOptions.failure(error, state: folders.state)
    }
  }

  /// The secret that opens a slot, from the first place that has one.
  func secret(prompt: String) throws -> SlotSecret { try secret(try secretText(prompt: prompt)) }

  /// The secret that a text is.
  private func secret(_ text: [UInt8]) throws -> SlotSecret {
    if shared.recoveryKey {
      return .recoveryKey(
        try RecoveryKey(text: String(decoding: text, as: UTF8.self)).secret
      )
    }
    return .passphrase(SecretBytes(copying: text), .least)
  }

  private func secretText(prompt: String) throws -> [UInt8] {
    let source = try passwordSource()
    if let remark = source.overruling { console.note(remark) }
    return try source.read(prompt: prompt)
  }

  /// Where the password comes from.
  func passwordSource() throws -> PasswordSource {
    guard passwordFile == nil || passwordCommand == nil else {
      throw Failure(
        .usage,
        "--password-file or --password-command, not both",
        meaning: "Nothing was done."
      )
    }
    return PasswordSource(
      file: passwordFile,
      command: passwordCommand,
      profile: try profile()?.password
    )
  }
}
