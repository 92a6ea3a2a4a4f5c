import CoreTypes
import Repositories
import Storage

extension MirrorPeer {
  /// What this end says of itself, and what a session needs to know of it.
  static func setting(
    _ repository: KeylessRepository?,
    _ options: PeerOptions
  ) throws(MirrorError) -> MirrorSession.Setting {
    var offers: [String] = []
    if options.role.gives, repository != nil { offers.append(Hello.Offer.give) }
    if options.role.receives { offers += [Hello.Offer.receive, Hello.Offer.select] }
    if options.role.creates, options.creation != nil { offers.append(Hello.Offer.create) }
    var sets: [NameSet: DigestSet] = [:]
    var mark: [UInt8] = []
    if let repository {
      sets = try MirrorPeer.sets(of: repository)
      mark = MirrorMemory.mark(of: repository.store.id)
    }
    var own = Hello(
      program: options.program,
      repository: repository?.configuration.repositoryID,
      storeMark: mark,
      offers: offers,
      wishes: options.wishes,
      sets: sets.map {
        Hello.SetSummary(set: $0, count: UInt64($1.count), digest: $1.digest)
      }.sorted { $0.set.rawValue < $1.set.rawValue }
    )
    own.verification = options.verification
    own.selection = options.choice?.selection.name ?? repository?.holding.selection?.name
    if options.choice != nil { own.wishes.append(Hello.Wish.select) }
    var setting = MirrorSession.Setting(own: own, sets: sets, onlyObjects: options.onlyObjects)
    setting.stance = SelectionStance(repository)
    setting.wantsMore = options.requests != nil
    return setting
  }

  private static func sets(
    of repository: KeylessRepository
  ) throws(MirrorError) -> [NameSet: DigestSet] {
    do {
      return [
        .slots: DigestSet(try repository.store.names(of: .slot)),
        .keyring: DigestSet(try repository.store.names(of: .keyringEntry)),
        .records: DigestSet(repository.log.records.keys.map(\.digest)),
      ]
    } catch {
      throw .storage(error)
    }
  }
}
