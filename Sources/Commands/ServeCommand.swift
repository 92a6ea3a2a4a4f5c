import ArgumentParser
import Files
import Mirroring
import Repositories
import Storage

struct ServeCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "serve",
    abstract: "Be the other end of `kist mirror`, on standard input and output.",
    discussion: """
      Needs no password. What the other end may do is fixed here and cannot be raised from there. In \
      authorized_keys:

        restrict,command="kist serve --stdio --repo /srv/backup --role append --quota 500G" ssh-ed25519 …

      append   receives objects and snapshots; gives nothing, and takes no record that removes
      read     gives everything, and receives nothing
      mirror   gives, and receives every signed record
      full     as mirror, and makes the repository if the other end asks for it
      """
  )

  @OptionGroup var options: RepositoryOptions

  @Flag(help: "Speak on standard input and output (the only way there is).")
  var stdio = false

  @Option(help: "What the other end may do: append, read, mirror or full.")
  var role = Role.full

  @Option(
    help: ArgumentHelp("Bytes that the repository may come to, as in 500G.", valueName: "size")
  )
  var quota: ByteSize?

  func validate() throws {
    guard stdio else { throw ValidationError("serve needs --stdio") }
  }

  func run() throws {
    let stream = DescriptorStream(
      input: try StandardStreams.input(),
      output: try StandardStreams.output()
    )
    let location = try options.location()
    let folders = try options.folders()
    var peer = PeerOptions(program: "kist \(Surroundings.version)")
    peer.role = role
    peer.quota = quota?.bytes
    peer.creation = { file throws(MirrorError) in
      try MirrorConnection.create(at: location, file, folders: folders)
    }
    do {
      let repository = try MirrorConnection.repository(at: location, folders: folders)
      _ = try MirrorPeer(
        stream: stream,
        repository: repository,
        options: peer,
        progress: MirrorProgress(),
        interruption: { InterruptFlag.isRaised }
      ).run()
    } catch let error as MirrorError {
      // Whoever started this program is told by the end that he sees.
      guard !error.isKnownThere else { throw ExitCode(ExitStatus.failed.rawValue) }
      throw Explanation.mirrorFailure(error, target: "the other end", status: nil)
    } catch {
      // The other end waits for an answer; it gets the reason instead.
      MirrorPeer.refuse(over: stream, reason: Explanation.cause(error))
      throw error
    }
  }
}

extension Role: ExpressibleByArgument {}
