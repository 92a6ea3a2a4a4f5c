import Files
import Mirroring
import Repositories

/// One exchange with one other end, and what was learned of it.
struct MirrorExchange {
  /// How it ended; the contact is known also after a failure.
  struct Outcome {
    let result: Result<MirrorSummary, any Error>
    let contact: MirrorContact?
    /// Why it failed, as far as a note of the mirror is concerned.
    var fault = Fault.other
  }

  /// Kinds of failure that say different things of a mirror.
  enum Fault {
    /// Somebody stopped it, when the other end had answered or before.
    case stopped(isUnderWay: Bool)
    /// What was asked for cannot be asked of this mirror: the run did not begin.
    case wish
    /// The place holds another repository.
    case otherRepository
    case other
  }

  let target: MirrorTarget
  let folders: ClientFolders
  /// Names the repository of this end, for people.
  let here: String
  var limits = PacedStream.Limits(upload: nil, download: nil)

  /// Connects, exchanges, and waits for the other end to be gone.
  func run(
    _ repository: KeylessRepository?,
    _ options: PeerOptions,
    progress: MirrorProgress
  ) -> Outcome {
    var peer: MirrorPeer?
    var fault = Fault.other
    do {
      let connection = try MirrorConnection(
        to: target.place.destination,
        folders: folders,
        limits: limits,
        serving: PeerOptions(program: options.program)
      )
      do {
        let own = try MirrorPeer(
          stream: connection.stream,
          repository: repository,
          options: options,
          progress: progress,
          interruption: { InterruptFlag.isRaised }
        )
        peer = own
        let summary = try own.run()
        _ = connection.finish()
        return Outcome(result: .success(summary), contact: own.contact)
      } catch {
        fault = MirrorExchange.fault(error, progress)
        let status = connection.finish(after: error)
        throw Explanation.mirrorFailure(
          error,
          target: target.typedName,
          here: here,
          status: status
        )
      }
    } catch {
      return Outcome(result: .failure(error), contact: peer?.contact, fault: fault)
    }
  }

  private static func fault(_ error: MirrorError, _ progress: MirrorProgress) -> Fault {
    if InterruptFlag.isRaised {
      return .stopped(isUnderWay: progress.now.wireBytesReceived > 0)
    }
    return switch error {
    case .choiceRefused, .sameStore: .wish
    case .otherRepository: .otherRepository
    case .peer(MirrorErrorCode.choiceRefused, _): .wish
    case .peer(MirrorErrorCode.otherRepository, _): .otherRepository
    default: .other
    }
  }
}
