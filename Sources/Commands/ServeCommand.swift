import ArgumentParser
import Files
import Mirroring
import Repositories
import Scanning
import Storage

struct ServeCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "serve",
    abstract: "Serve a repository to another machine, on standard input and output.",
    discussion: """
      The other end is `kist mirror`, or any command with --repo ssh://… or pipe:…. Needs no password here. What the other end may do is fixed here and cannot be raised from there. In \
      authorized_keys:

        restrict,command="kist serve --stdio --repo /srv/backup --role append" KEY

        append   receives, but nothing that removes; gives no content
        read     gives everything, receives nothing
        mirror   gives, and receives every signed record
        full     as mirror; also makes the repository, and removes files

      --hold delays what `full` may remove: a file stays for so many days from its arrival, by the \
      clock here.
      """
  )

  @OptionGroup var options: PlaceOptions

  @Flag(help: "Speak on standard input and output (the only way there is).")
  var stdio = false

  @Option(help: "What the other end may do: append, read, mirror or full.")
  var role = Role.full

  @Option(
    help: ArgumentHelp("Bytes that the repository may come to, as in 500G.", valueName: "size")
  )
  var quota: ByteSize?

  @Option(
    help: ArgumentHelp(
      "Remove nothing for the other end that has been here for fewer days than this.",
      valueName: "days"
    )
  )
  var hold: HoldDays?

  func validate() throws {
    guard stdio else { throw ValidationError("serve needs --stdio") }
  }

  func run() throws {
    ProcessEnvironment.keepFreedMemorySmall()
    let stream = DescriptorStream(
      input: try StandardStreams.input(),
      output: try StandardStreams.output()
    ) { InterruptFlag.isRaised }
    guard let path = try options.place().folder else {
      throw Failure(
        .usage,
        "serve needs a folder of this machine",
        advice: "Run `kist serve` where the repository is."
      )
    }
    try noteOtherFolder(path)
    let folders = try options.folders()
    var opening = PeerOptions.Opening.nothing
    do {
      let (purpose, peeked) = try PeekedStream.purpose(of: stream)
      switch purpose {
      case .mirror:
        // Opening a large repository takes time: the other end is to know that somebody is here.
        try MirrorPeer.open(peeked)
        opening = .preamble
        try mirror(over: peeked, path, folders)
      case .store: try serveStore(over: peeked, path, folders)
      }
    } catch let error as MirrorError {
      // Whoever started this program is told by the end that he sees.
      let failure = Explanation.mirrorFailure(
        error,
        target: "the other end",
        here: path,
        status: nil
      )
      guard !error.isKnownThere else {
        throw ExitCode((Explanation.failure(of: failure)?.status ?? .failed).rawValue)
      }
      throw failure
    } catch {
      // The other end waits for an answer; it gets the reason instead.
      MirrorPeer.refuse(
        over: stream,
        after: opening,
        code: Explanation.failure(of: error)?.status == .noSpace
          ? MirrorErrorCode.noSpace : MirrorErrorCode.store,
        reason: Explanation.cause(error)
      )
      throw error
    }
  }

  /// Tells whoever asked over ssh for another folder than authorized_keys has fixed; ssh brings this to him.
  private func noteOtherFolder(_ path: String) throws {
    guard let bytes = Surroundings.bytes("SSH_ORIGINAL_COMMAND"),
      let asked = ServeCommand.folder(askedForIn: String(decoding: bytes, as: UTF8.self))
    else { return }
    let here = try ProcessEnvironment.workingFolder()
    let (own, other) = (
      RootPath.cleaned(Array(path.utf8), workingFolder: here),
      RootPath.cleaned(Array(asked.utf8), workingFolder: here)
    )
    guard own != other else { return }
    options.console.note(
      "the other machine serves \(DisplayedName.text(own)), as its authorized_keys says, and not "
        + DisplayedName.text(other)
    )
  }

  /// The folder that `kist` asks for at the end of a command line: `… serve --stdio --repo 'FOLDER'`.
  static func folder(askedForIn command: String) -> String? {
    let option = " --repo "
    let parts = command.split(separator: option, maxSplits: 1).map(String.init)
    guard parts.count == 2, parts[0].contains("serve") else { return nil }
    let word = parts[1]
    guard word.count >= 2, word.first == "'", word.last == "'" else { return word }
    return String(word.dropFirst().dropLast()).replacing("'\\''", with: "'")
  }

  /// Exchanges what is missing.
  private func mirror(
    over stream: any DuplexStream,
    _ path: String,
    _ folders: ClientFolders
  ) throws {
    var peer = PeerOptions(program: Surroundings.program)
    peer.opening = .preamble
    peer.role = role
    peer.quota = quota?.bytes
    peer.creation = { file throws(MirrorError) in
      try MirrorConnection.create(at: .folder(path), file, folders: folders)
    }
    let repository = try MirrorConnection.repository(at: .folder(path), folders: folders)
    peer.verification = MirrorNoting(folders: folders, console: options.console)
      .verification(of: repository)
    _ = try MirrorPeer(
      stream: stream,
      repository: repository,
      options: peer,
      progress: MirrorProgress(),
      interruption: { InterruptFlag.isRaised }
    ).run()
  }

  /// Lets the other end use the store.
  private func serveStore(
    over stream: any DuplexStream,
    _ path: String,
    _ folders: ClientFolders
  ) throws {
    var serving = StoreServing(program: Surroundings.program) {
      store throws(MirrorError) in
      do throws(RepositoryError) {
        return try KeylessRepository(store: store, folders: folders)
      } catch {
        throw .repository(error)
      }
    }
    serving.role = role
    serving.quota = quota?.bytes
    serving.hold = hold.map { HoldTime(seconds: $0.seconds) { Surroundings.now } }
    serving.creation = { configuration, blobs throws(StorageError) in
      try RepositoryPlace.folder(path).createStore(configuration: configuration, blobs: blobs)
    }
    let opened: StoreServer.Opened = Result { () throws(StorageError) in
      try DirectoryStore(path: path)
    }
    try StoreServer(over: stream, opened, serving) { InterruptFlag.isRaised }.run()
  }
}

extension Role: ExpressibleByArgument {}
