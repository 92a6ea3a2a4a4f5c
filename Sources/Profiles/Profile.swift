/// A named set of what `kist -P NAME` would otherwise be told by options.
///
/// Nothing here is secret: a password is named by its place only.
package struct Profile: Equatable, Sendable {
  /// Where the password is found.
  package enum PasswordPlace: Equatable, Sendable {
    /// The first line of a file.
    case file(String)
    /// What a command prints.
    case command(String)
  }

  package let name: String
  /// A folder's absolute path, or a location with `://`.
  package var repository: String?
  package var password: PasswordPlace?
  /// Folders and files to back up; absolute.
  package var paths: [String] = []
  /// Patterns of what is left out, as `--exclude` takes them.
  package var excludes: [String] = []
  /// Files of patterns; absolute.
  package var excludeFiles: [String] = []
  /// Names of files that mark folders to leave out, as `--exclude-if-present` takes them.
  package var excludeIfPresent: [String] = []
  /// Size of the largest file, as `--exclude-larger-than` takes it.
  package var excludeLargerThan: String?
  /// Folders with a CACHEDIR.TAG are left out.
  package var excludesCaches = false
  /// Other file systems below the paths are left out.
  package var oneFileSystem = false
  package var tags: [String] = []
  /// Name of the machine in snapshots.
  package var host: String?
  /// Which snapshots are worth keeping; `nil` keeps all.
  package var retention: Retention?
  /// Locations of further copies of the repository.
  package var mirrors: [String] = []

  package init(name: String) {
    self.name = name
  }
}
