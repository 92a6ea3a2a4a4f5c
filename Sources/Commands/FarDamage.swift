import ArgumentParser

/// A command that works on one repository.
protocol RepositoryCommand: ParsableCommand {
  var options: RepositoryOptions { get }
}

extension BackupCommand: RepositoryCommand {}
extension CheckCommand: RepositoryCommand {}
extension DiffCommand: RepositoryCommand {}
extension DumpCommand: RepositoryCommand {}
extension FindCommand: RepositoryCommand {}
extension HistoryCommand: RepositoryCommand {}
extension InspectCommand: RepositoryCommand {}
extension ListCommand: RepositoryCommand {}
extension KeyListCommand: RepositoryCommand {}
extension RestoreCommand: RepositoryCommand {}
extension SnapshotsCommand: RepositoryCommand {}
extension StatsCommand: RepositoryCommand {}

/// Damage in what came from another machine: there is a line that may have made it.
///
/// Everything is proven here, so nothing here tells whether it is on the disk there.
enum FarDamage {
  /// Says where the damage came from, if not from a folder of this machine.
  static func note(_ command: any ParsableCommand) {
    guard let options = (command as? any RepositoryCommand)?.options else { return }
    note(options)
  }

  /// As above; says nothing to a program that reads JSON.
  static func note(_ options: RepositoryOptions) {
    guard !options.json else { return }
    do {
      let place = try options.place()
      guard place.folder == nil else { return }
      let name = DisplayedName.text(place.name)
      options.console.warn(
        "What is damaged was received so from \(name): its store, or the line to it, is at fault."
      )
      options.console.warn(
        "Run `kist check --without-key --read-data` on that machine: it tells which. What is whole there is not lost."
      )
    } catch {
      // Ignored: a place that cannot be read was never connected to.
      return
    }
  }
}
