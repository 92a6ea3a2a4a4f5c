import ArgumentParser
import Files

/// A run with all mirrors, one after the other, and a summary that names each.
struct MirrorRound {
  let options: RepositoryOptions
  let mirror: MirrorOptions

  /// What came of one mirror.
  private struct Ending {
    let target: MirrorTarget
    let status: ExitStatus
    /// What travelled, or why nothing did.
    let words: String
  }

  /// Runs `exchange` with each mirror; one that fails does not stop the others.
  ///
  /// Ends the process with the highest exit status that one of them came to.
  func run(_ exchange: (MirrorTarget) throws -> String) throws {
    guard mirror.destination == nil, mirror.via == nil else {
      throw Failure(.usage, "give a destination or --all, not both")
    }
    let targets = try options.mirrorsOfProfiles()
    guard !targets.isEmpty else {
      throw Failure(
        .usage,
        "no profile names a mirror of this repository",
        advice: "Name one in `mirrors` of a profile (Docs/GUIDE.md), or give a destination."
      )
    }
    var endings: [Ending] = []
    for target in targets {
      if InterruptFlag.isRaised {
        endings.append(Ending(target: target, status: .interrupted, words: "not begun"))
        continue
      }
      options.console.say("\(DisplayedName.text(target.name)):")
      do {
        let words = try exchange(target)
        endings.append(Ending(target: target, status: .done, words: words))
      } catch {
        let failure =
          Explanation.failure(of: error) ?? Failure(.failed, Explanation.cause(error))
        Explanation.show(failure, asJSON: options.json)
        endings.append(Ending(target: target, status: failure.status, words: failure.what))
      }
    }
    show(endings)
    let worst = endings.map(\.status.rawValue).max() ?? 0
    guard worst == 0 else { throw ExitCode(worst) }
  }

  private func show(_ endings: [Ending]) {
    let console = options.console
    guard !console.isJSON else {
      let list = endings.map { ending in
        JSONText.Value.object(
          JSONText([
            "destination": JSONText.name(Array(ending.target.name.utf8)),
            "status": .number(Int(ending.status.rawValue)), "message": .text(ending.words),
          ])
        )
      }
      console.result(
        JSONText(["message_type": .text("mirrors"), "mirrors": .list(list)]).line
      )
      return
    }
    let done = endings.count { $0.status == .done }
    console.say("")
    for ending in endings {
      let line = DisplayedName.text(ending.target.name)
      if ending.status == .done {
        console.say("\(line): \(ending.words)")
      } else {
        console.warn("\(line): failed (\(ending.status.rawValue)): \(ending.words)")
      }
    }
    console.say("\(Quantities.part(done, of: endings.count, "mirror")) done")
  }
}
