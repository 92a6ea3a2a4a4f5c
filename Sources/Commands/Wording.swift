package import Backups
package import Files
package import Mirroring
package import Patterns
package import Restoring

/// The words of the command line, for the library `Kist`.
package enum Wording {
  /// The failure that an error is; `nil` if it is none of ours.
  package static func failure(of error: any Error) -> Failure? { Explanation.failure(of: error) }

  /// Why a mirror run of the repository at `here` with `target` failed.
  package static func failure(
    from error: MirrorError,
    target: String,
    here: String
  ) -> Failure {
    Explanation.failure(from: error, target: target, here: here)
  }

  /// Why a pattern cannot be used; `place` is where it stands.
  package static func failure(from error: PatternError, in place: String) -> Failure {
    Explanation.failure(from: error, in: place)
  }

  /// That the state folder at this path did not take what was seen of the repository; what was saved stays saved.
  package static func notRemembered(_ error: FilesError, in folder: String) -> String {
    "cannot remember the repository's state in \(DisplayedName.text(Array(folder.utf8))): \(error.reason); "
      + "what was written to the repository is saved, but until this works, an older copy in its place may go unnoticed"
  }

  /// What was wrong with a file that was to be saved.
  package static func text(_ finding: SourceFinding) -> String { Explanation.text(finding) }

  /// What could not be restored as it was.
  package static func text(_ finding: RestoreFinding) -> String { Explanation.text(finding) }

  /// What a check found.
  package static func text(_ finding: CheckFinding) -> String { Explanation.text(finding) }
}
