import CoreTypes
import Files
import Repositories
import Sodium

/// Signs records as this machine, and remembers what the store held after them.
struct RecordSigning {
  private let enrolment: WriterEnrolment
  private let console: Console
  private let stateFolder: String

  /// Throws if records are gone that this machine saw in the store: nothing may be added to an older copy.
  init(options: RepositoryOptions, repository: OpenRepository) throws {
    self = try RecordSigning(unwatched: repository, options)
    try RollbackWatch(options: options).refuse(enrolment, in: repository)
  }

  /// Signs what gives up records that are lost: `lostRecords` has told damage from an older copy.
  static func givingUp(
    _ options: RepositoryOptions,
    in repository: OpenRepository
  ) throws -> RecordSigning {
    try RecordSigning(unwatched: repository, options)
  }

  private init(unwatched repository: OpenRepository, _ options: RepositoryOptions) throws {
    console = options.console
    stateFolder = try options.folders().state
    enrolment = WriterEnrolment(
      repository: repository,
      memory: try options.memory(of: repository)
    )
  }

  /// True if this machine's own records count for nothing, as the one that let it sign is lost: signing enrols it again.
  func isForgotten() throws(RepositoryError) -> Bool { try enrolment.isForgotten() }

  /// The key that signs; one that is new is enrolled at this moment.
  func signer(time: PointInTime) throws(RepositoryError) -> SigningKey {
    try signer(user: Surroundings.user, host: ProcessEnvironment.hostName, time: time)
  }

  /// As above, for a user and a host that go by these names.
  func signer(
    user: String,
    host: String,
    time: PointInTime
  ) throws(RepositoryError) -> SigningKey {
    try enrolment.signer(label: "\(user)@\(host)", host: host, time: time)
  }

  /// Remembers what the store holds now; if that fails, says so: what was written is saved all the same.
  func remember() {
    do {
      try enrolment.remember()
    } catch {
      console.warn(Wording.notRemembered(error, in: stateFolder), as: .failed)
    }
  }
}
