import ArgumentParser
import Files
import Mirroring
import Profiles
import Repositories
import Storage

struct MirrorCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "mirror",
    abstract: "Copy the repository to another store, from one, or both ways.",
    discussion: """
      Only what is missing travels. Neither end needs the password: every object, signature and list is \
      proven without it.

        kist mirror push --init /mnt/second/backup
        kist mirror push ssh://nas/srv/backup
        kist -P laptop mirror push
        kist mirror sync --via 'ssh nas kist serve --stdio --repo /srv/backup'
        kist mirror status

      On the other machine, a line in authorized_keys can fix what this one may do:
        restrict,command="kist serve --stdio --repo /srv/backup --role append" KEY
      """,
    subcommands: [Push.self, Pull.self, Sync.self, MirrorStatusCommand.self]
  )

  struct Push: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Bring the destination what it lacks.",
      discussion: """
        What was pushed in part is gone on with. With several mirrors in the profile, each gets its copy.

        Snapshots that are named, or chosen by --tag, --host, --path and --latest, make a copy of these only; the \
        password is needed to see which data they share. Such a copy grows by each push with a choice, and a push \
        without one makes it whole. A copy that is whole stays so.

          kist mirror push --init /mnt/second/backup
          kist mirror push ssh://nas/srv/backup --limit-upload 2M
          kist -P laptop mirror push
          kist mirror push --all      # to those of every profile of the repository
          kist mirror push --init /mnt/stick/backup --tag weekly --latest 4
        """
    )
    @OptionGroup var options: RepositoryOptions
    @OptionGroup var mirror: MirrorOptions
    @OptionGroup(title: "Which snapshots (default: everything)") var choosing: ChoiceOptions

    func run() throws {
      let (mirror, choosing) = try choosing.taking(misplacedIn: mirror)
      try MirrorRun(
        options: options,
        mirror: mirror,
        wishes: [Hello.Wish.push],
        choosing: try choosing.forOne(mirror)
      ).run()
    }
  }

  struct Pull: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Fetch what the destination has and this repository lacks.",
      discussion: """
        With --init the repository is made first: so a lost one comes back from its mirror.

          kist mirror pull ssh://nas/srv/backup
          kist mirror pull --init --repo /mnt/new/backup ssh://nas/srv/backup
        """
    )
    @OptionGroup var options: RepositoryOptions
    @OptionGroup var mirror: MirrorOptions
    @OptionGroup(visibility: .hidden) var choosing: ChoiceOptions

    func run() throws {
      guard choosing.isEmpty else {
        throw Failure(
          .usage,
          "a pull brings everything that the other end holds",
          meaning: "Nothing was changed.",
          advice:
            "Choose where the snapshots are, with the password: `kist mirror push DEST --tag …` there."
        )
      }
      try MirrorRun(options: options, mirror: mirror, wishes: [Hello.Wish.pull]).run()
    }
  }

  struct Sync: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Both ways.",
      discussion: """
        Afterwards both have the snapshots of both.

          kist mirror sync ssh://nas/srv/backup
          kist mirror sync --dry-run /mnt/second/backup
          kist -P laptop mirror sync --all      # each of its mirrors, and a summary
        """
    )
    @OptionGroup var options: RepositoryOptions
    @OptionGroup var mirror: MirrorOptions
    @OptionGroup(title: "Which snapshots are sent (default: everything)")
    var choosing: ChoiceOptions

    func run() throws {
      let (mirror, choosing) = try choosing.taking(misplacedIn: mirror)
      try MirrorRun(
        options: options,
        mirror: mirror,
        wishes: [Hello.Wish.push, Hello.Wish.pull],
        choosing: try choosing.forOne(mirror)
      ).run()
    }
  }
}

/// Options of every mirror run.
struct MirrorOptions: ParsableArguments {
  @Argument(
    help: "A folder, or ssh://[user@]host[:port]/folder (default: the mirrors of the profile).",
    completion: .directory
  )
  var destination: String?

  @Option(
    help: ArgumentHelp(
      "Instead of a destination: a command that speaks the protocol on its standard input and output.",
      valueName: "command"
    )
  )
  var via: String?

  @Flag(
    help: """
      All mirrors of the profile; without one, those of every profile of this repository. One that fails does not \
      stop the others.
      """
  )
  var all = false

  @Flag(
    name: .customLong("init"),
    help: "Make the copy if there is nothing yet; with pull, this repository."
  )
  var makesDestination = false

  @Flag(help: "Leave the key slots here: the copy then opens only with slots put back later.")
  var noKeys = false

  @Flag(help: "Compare all objects of both ends, and bring back what one has lost.")
  var compare = false

  @Flag(
    name: [.customShort("n"), .long],
    help: "Say what would travel, and change nothing."
  )
  var dryRun = false

  @Option(
    help: ArgumentHelp(
      "Send at most so many bytes a second, such as 500K or 10M (units of 1,024).",
      valueName: "rate"
    )
  )
  var limitUpload: ByteRate?

  @Option(
    help: ArgumentHelp("Receive at most so many bytes a second.", valueName: "rate")
  )
  var limitDownload: ByteRate?

  /// Where the other ends are: one that is named, else all of the profile's.
  func targets(of profile: Profile?, remoteProgram: String) throws -> [MirrorTarget] {
    switch (destination, via) {
    case (let text?, nil): return [try MirrorTarget(text, remoteProgram: remoteProgram)]
    case (nil, let command?): return [try MirrorTarget.command(command)]
    case (_?, _?): throw Failure(.usage, "give a destination or --via, not both")
    case (nil, nil):
      let mirrors = profile?.mirrors ?? []
      guard mirrors.isEmpty else {
        return try mirrors.map {
          try MirrorTarget($0, remoteProgram: remoteProgram, isOfProfile: true)
        }
      }
      throw Failure(
        .usage,
        "no destination was named",
        advice: "Name a folder, ssh://host/folder, a command with --via, or a profile with mirrors."
      )
    }
  }
}
