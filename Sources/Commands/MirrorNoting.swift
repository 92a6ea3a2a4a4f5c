import CoreTypes
import Files
import Mirroring
import Repositories
import Storage

/// Notes what became of runs and checks, for `kist mirror status`.
///
/// What cannot be noted is told, and stops nothing.
struct MirrorNoting {
  let folders: ClientFolders
  let console: Console

  /// What is noted of a run that somebody stopped, in the place of a reason.
  static let stop = "stopped as asked"

  /// What a run was for.
  enum Purpose {
    /// To change something.
    case exchange
    /// To see what there is.
    case look
  }

  /// Enters how a run with a mirror ended.
  ///
  /// A destination that never answered is noted only if a profile names it: it may have been mistyped.
  func enter(
    _ outcome: MirrorExchange.Outcome,
    of target: MirrorTarget,
    for purpose: Purpose,
    repository: KeylessRepository?,
    began start: PointInTime
  ) {
    guard let id = outcome.contact?.repository ?? repository?.configuration.repositoryID else {
      return
    }
    var isStoppedUnderWay = false
    switch outcome.fault {
    // A command line that cannot be is no run that failed.
    case .wish: return
    case .stopped(let isUnderWay): isStoppedUnderWay = isUnderWay
    case .otherRepository, .other: break
    }
    let memory = MirrorMemory(stateFolder: folders.state, repository: id)
    do {
      let known = try memory.mirror(target.name)
      guard known != nil || outcome.contact != nil || target.isOfProfile || isStoppedUnderWay
      else { return }
      var note = known ?? MirrorNote(destination: target.name)
      let now = Surroundings.now
      if let contact = outcome.contact {
        note.meet(mark: contact.mark, at: now)
        note.reported = contact.verification
        note.isSelecting = contact.isSelecting
        if let frontier = contact.frontier {
          // A run that failed then has the last word.
          var learned = now
          switch outcome.result {
          case .success(let summary) where summary.lacking.isEmpty: break
          case .success, .failure: learned = start
          }
          note.learn(
            frontier: frontier,
            extraRecords: contact.extraRecordCount ?? 0,
            at: learned
          )
        }
      }
      if purpose == .exchange {
        note.lastAttempt = start
        switch outcome.result {
        case .success(let summary):
          if summary.lacking.isEmpty {
            note.lastSuccess = now
            note.failure = nil
          } else {
            note.failure = "what is missing here is missing or damaged there too"
          }
        case .failure(let error):
          note.failure = InterruptFlag.isRaised ? MirrorNoting.stop : Explanation.cause(error)
        }
      }
      try memory.keep(note)
    } catch {
      tell(error)
    }
  }

  /// Enters what a check of a store found.
  func enter(
    check verification: Verification,
    findings: Int,
    of repository: RepositoryID,
    store: StoreID
  ) {
    let memory = MirrorMemory(stateFolder: folders.state, repository: repository)
    let mark = MirrorMemory.mark(of: store)
    do {
      var note = try memory.checks(ofStoreMarked: mark) ?? CheckNote()
      if findings == 0 {
        note.enter(passed: verification)
      } else {
        note.enter(
          CheckNote.Fault(verification: verification, findingCount: UInt64(clamping: findings))
        )
      }
      try memory.keep(note, ofStoreMarked: mark)
    } catch {
      tell(error)
    }
  }

  /// When a store was last found whole on this machine, and not found damaged since.
  func verification(of repository: KeylessRepository?) -> Verification? {
    guard let repository else { return nil }
    let memory = MirrorMemory(
      stateFolder: folders.state,
      repository: repository.configuration.repositoryID
    )
    do {
      let note = try memory.checks(ofStoreMarked: MirrorMemory.mark(of: repository.store.id))
      return note?.fault == nil ? note?.passed : nil
    } catch {
      // Whoever connects has no use for it: what is not known is not told.
      return nil
    }
  }

  private func tell(_ error: FilesError) {
    console.note(
      "what became of this cannot be noted for `kist mirror status`: \(Explanation.text(error)); "
        + "what was done is done, and only that command will not know of it"
    )
  }
}
