import CoreTypes
import Files
import Repositories
import Storage

/// Tells whether an older copy stands in a repository's place, as far as this machine remembers.
struct RollbackWatch {
  let options: RepositoryOptions

  /// Throws if records that this machine saw in the store are gone.
  func refuse(_ store: any BlobStore, _ configuration: Configuration) throws {
    let log = try RecordLog(store: store, configuration: configuration)
    let missing = try memory(of: configuration).lost(from: log, of: store.id)
    guard missing.isEmpty else { throw RepositoryError.rollback(missing: missing) }
  }

  /// As above, for whoever mends what is damaged: a configuration that cannot be read is no reason.
  func refuse(_ store: any BlobStore) throws {
    let configuration: Configuration
    do {
      configuration = try Configuration(decoding: try store.readConfiguration())
    } catch {
      // Ignored: the repair begins with it, and says what is wrong with it.
      return
    }
    try refuse(store, configuration)
  }

  /// Says that the store is older than it was; true if it is.
  func warn(_ log: RecordLog, of store: any BlobStore, _ configuration: Configuration) -> Bool {
    let missing = missing(from: log, of: store, configuration)
    guard !missing.isEmpty else { return false }
    let what = Explanation.failure(from: .rollback(missing: missing)).what
    options.console.warn(
      options.json
        ? JSONText([
          "message_type": .text("warning"), "code": .number(Int(ExitStatus.rollback.rawValue)),
          "message": .text(what),
        ]).line
        : "warning: \(what); what was saved since is not in it"
    )
    return true
  }

  /// Records that are gone, for whoever only reads.
  func missing(
    from log: RecordLog,
    of store: any BlobStore,
    _ configuration: Configuration
  ) -> [RecordID] {
    do {
      return try memory(of: configuration).lost(from: log, of: store.id)
    } catch {
      // Ignored: a state folder that cannot be used remembers nothing.
      return []
    }
  }

  private func memory(of configuration: Configuration) throws -> ClientMemory {
    try options.memory(of: configuration.repositoryID)
  }
}
