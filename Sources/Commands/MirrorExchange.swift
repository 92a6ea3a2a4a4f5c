import Files
import Mirroring
import Repositories

/// One exchange with one other end, and what was learned of it.
struct MirrorExchange {
  /// How it ended; the contact is known also after a failure.
  struct Outcome {
    let result: Result<MirrorSummary, any Error>
    let contact: MirrorContact?
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
        let status = connection.finish(after: error)
        throw Explanation.mirrorFailure(
          error,
          target: target.typedName,
          here: here,
          status: status
        )
      }
    } catch {
      return Outcome(result: .failure(error), contact: peer?.contact)
    }
  }
}
