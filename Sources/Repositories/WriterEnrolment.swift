import Sealing
import Storage
package import CoreTypes
import Encoding
package import Files
package import Sodium

/// Gives this client a key with which the repository lets it sign.
///
/// Source: Formats/record-log.md §3.
package struct WriterEnrolment {
  private let repository: OpenRepository
  private let memory: ClientMemory

  package init(repository: OpenRepository, memory: ClientMemory) {
    self.repository = repository
    self.memory = memory
  }

  /// The client's key: the one that it remembers, else a new one; if no record lets it sign, it is enrolled now.
  ///
  /// A key that is remembered and not enrolled is enrolled again, unless it was revoked: the record that had enrolled it
  /// is lost or has not reached this copy, and without one nothing counts that the key has signed.
  package func signer(
    label: String,
    host: String,
    time: PointInTime
  ) throws(RepositoryError)
    -> SigningKey
  {
    do {
      if let known = try memory.writerKey() {
        let writer = try known.writer
        if repository.log.isEnrolled(writer) { return known }
        if !repository.log.isRevoked(writer) {
          try enrol(known, label: label, host: host, time: time)
          return known
        }
      }
      let seed = SecretBytes(random: 32)
      let key = SigningKey(seed: seed)
      // Kept before it is enrolled: a key that is enrolled and lost would stay in the log for nothing.
      try memory.keep(writerSeed: seed)
      try enrol(key, label: label, host: host, time: time)
      return key
    } catch {
      throw RepositoryError(error)
    }
  }

  /// True if records of this client are here that count for nothing, as no record lets it sign.
  package func isForgotten() throws(RepositoryError) -> Bool {
    let log = repository.log
    guard !log.strangers.isEmpty else { return false }
    do {
      guard let writer = try memory.writerKey()?.writer else { return false }
      return log.strangers.contains(writer) && !log.isRevoked(writer)
    } catch {
      throw RepositoryError(error)
    }
  }

  /// Throws if the store lacks records that this client has seen in it, or cannot read them.
  package func refuseRollback() throws(RepositoryError) {
    try memory.refuseLoss(from: repository.log, of: repository.store.id)
  }

  /// Remembers what the store holds now.
  package func remember() throws(FilesError) {
    try memory.remember(repository.log.frontier, of: repository.store.id)
  }

  private func enrol(
    _ key: SigningKey,
    label: String,
    host: String,
    time: PointInTime
  )
    throws(RepositoryError)
  {
    let root = SigningKey(seed: repository.bundle.rootSeed)
    let writer = try key.writer
    var content = CBORWriter()
    content.mapHeader(2)
    content.unsigned(1)
    content.text(label)
    content.unsigned(2)
    content.text(host)
    for _ in 0..<OpenRepository.commitAttempts {
      let log = repository.log
      var clear = try RecordClear(
        .enrolment,
        of: repository.configuration.repositoryID,
        signer: root,
        following: log,
        time: time
      )
      clear.enrolled = writer
      clear.sequence = log.sequenceBeyondGaps(clear.sequence)
      if try repository.commit(clear, content: content.bytes, signer: root, seen: log) != nil {
        return
      }
    }
    throw .storage(.busy(path: repository.store.location))
  }
}
