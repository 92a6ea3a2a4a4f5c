import ArgumentParser
import CoreTypes
import Files
import Mirroring
import Repositories
import Storage

struct MirrorStatusCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "status",
    abstract: "Say how the mirrors stand.",
    discussion: """
      From what this machine remembers of its runs and checks, without waiting for anyone; with --connect each mirror \
      is asked, and nothing is changed there. Exit status 0 if all are current, else 24.

        kist mirror status
        kist -P laptop mirror status --connect
        kist mirror status ssh://nas/srv/backup --json
        kist mirror status --forget /mnt/old/backup
      """
  )

  @OptionGroup var options: RepositoryOptions

  @Argument(
    help: """
      Mirrors: folders, ssh://[user@]host[:port]/folder, or pipe:COMMAND (default: those of the profiles of this \
      repository, and all that this machine has reached).
      """,
    completion: .directory
  )
  var destinations: [String] = []

  @Flag(help: "Ask each mirror what it has now.")
  var connect = false

  @Flag(help: "Forget what is remembered of the mirrors that are named.")
  var forget = false

  func validate() throws {
    if forget, destinations.isEmpty { throw ValidationError("--forget needs a mirror") }
    if forget, connect { throw ValidationError("--forget, or --connect") }
  }

  func run() throws {
    let folders = try options.folders()
    let repository = try KeylessRepository(store: try options.store(), folders: folders)
    let memory = MirrorMemory(
      stateFolder: folders.state,
      repository: repository.configuration.repositoryID
    )
    guard !forget else { return try forgetNamed(memory) }
    let targets = try targets(memory)
    let doubts = MirrorDoubts(options: options, repository: repository, memory: memory)
    let areRecordsLost = doubts.tellLostRecords()
    let answers = targets.map { connect ? ask($0, repository, folders) : nil }
    let order = NoteOrder(now: Surroundings.now)
    let standings = MirrorStanding.joined(
      try zip(targets, answers).map { target, answer in
        let note = try memory.mirror(target.name) ?? MirrorNote(destination: target.name)
        return MirrorStanding(
          target: target,
          note: note,
          checks: try memory.checks(ofStoreMarked: note.mark),
          lag: try lag(note, repository),
          answer: answer,
          doubts: try doubts.of(target, note, areRecordsLost: areRecordsLost),
          order: order
        )
      }
    )
    // Behind the questions: what a mirror answered is noted anew.
    let areNotesLost = try doubts.tellLostNotes(of: standings, isChoice: !destinations.isEmpty)
    guard !targets.isEmpty || areNotesLost else {
      options.console.say("no mirrors: none is named in a profile, and none was ever reached")
      return
    }
    if options.json {
      for standing in standings {
        options.console.result(MirrorStatusText.json(standing).line)
      }
    } else {
      for line in MirrorStatusText.lines(standings) { options.console.result(line) }
    }
    guard !areNotesLost, standings.allSatisfy({ $0.same != nil || $0.state == .current }) else {
      throw ExitCode(ExitStatus.mirrorBehind.rawValue)
    }
  }

  private func forgetNamed(_ memory: MirrorMemory) throws {
    for text in destinations {
      let target = try MirrorTarget(text, remoteProgram: options.remoteProgram)
      let shown = DisplayedName.text(target.name)
      guard try memory.forget(target.name) else {
        throw Failure(.failed, "nothing is remembered of \(shown)")
      }
      options.console.say("forgot \(shown); the mirror itself is as it was")
    }
  }

  /// Those that are named, else those of profiles and then those that were reached.
  private func targets(_ memory: MirrorMemory) throws -> [MirrorTarget] {
    let program = options.remoteProgram
    guard destinations.isEmpty else {
      return MirrorTarget.distinct(
        try destinations.map { try MirrorTarget($0, remoteProgram: program) }
      )
    }
    let known = try memory.mirrors()
    let own = try MirrorTarget(try options.location(), remoteProgram: program).name
    return MirrorTarget.distinct(
      try options.mirrorsOfProfiles()
        + known.notes.map { try MirrorTarget($0.destination, remoteProgram: program) }
    ).filter { $0.name != own }
  }

  /// What a mirror lacks; `nil` if that is not known.
  private func lag(_ note: MirrorNote, _ repository: KeylessRepository) throws -> MirrorLag? {
    // What a record follows is not known where the record is lost.
    guard let frontier = note.frontier,
      frontier.allSatisfy({ repository.log.records[$0] != nil })
    else { return nil }
    let lag = try repository.lag(behind: frontier)
    return note.isSelecting ? lag.ofChosenSnapshots : lag
  }

  /// Has a mirror say what it lacks, without sending it.
  private func ask(
    _ target: MirrorTarget,
    _ repository: KeylessRepository,
    _ folders: ClientFolders
  ) -> MirrorStanding.Answer {
    // One that only gives can still say whether it has the same records.
    for wishes in [[Hello.Wish.push, Hello.Wish.dryRun], [Hello.Wish.dryRun]] {
      var peer = PeerOptions(program: Surroundings.program)
      peer.wishes = wishes
      peer.stallSeconds = MirrorStatusCommand.stallSeconds
      let outcome = MirrorExchange(
        target: target,
        folders: folders,
        here: repository.store.location
      ).run(repository, peer, progress: MirrorProgress())
      MirrorNoting(folders: folders, console: options.console).enter(
        outcome,
        of: target,
        for: .look,
        repository: repository,
        began: Surroundings.now
      )
      switch outcome.result {
      case .success: return .came
      case .failure(let error):
        let failure = Explanation.failure(of: error)
        guard failure?.status == .refusedForSafety, outcome.contact != nil,
          wishes.contains(Hello.Wish.push)
        else {
          if case .otherRepository = outcome.fault {
            return .otherRepository(Explanation.cause(error))
          }
          return .obstacle(Explanation.cause(error))
        }
      }
    }
    return .came
  }

  /// Silence after which a mirror counts as not answering: somebody waits.
  private static let stallSeconds = 30
}
