/// Options of restic and borg that have another name here, or none.
enum ForeignOptions {
  /// What a person who knows the other programs is to do; `nil` for an option of none of them.
  static func answer(_ option: String, for command: String) -> String? {
    if let own = byCommand[command]?[option] { return own }
    if option.hasPrefix("--keep-") {
      return "Removing snapshots does not exist yet: everything is kept."
    }
    return everywhere[option]
  }

  /// What a person is to do who gave a command a word more than it takes.
  static func answer(toWord word: String, for command: String) -> String? {
    command == "kist restore"
      ? "A part of a snapshot: `kist restore latest:PATH --target FOLDER`, or --include PATH." : nil
  }

  private static let byCommand: [String: [String: String]] = [
    "kist backup": [
      "--group-by":
        "The snapshot that is followed has the same host and paths; --parent names another.",
      "-g": "The snapshot that is followed has the same host and paths; --parent names another.",
      "--skip-if-unchanged":
        "A snapshot of what is unchanged takes next to no room; there is no such option.",
      "--exclude-from": "borg's --exclude-from is --exclude-file here.",
      "--exclude-nodump":
        "There is no such option; --exclude-if-present and --exclude-caches mark folders.",
    ],
    "kist restore": [
      "--sparse": "Leave it out: holes come back as they were.",
      "--strip-components": "SNAPSHOT:PATH restores what is in that folder.",
      "--exclude-xattr": "Extended attributes are restored all, or none of them can be.",
      "--include-xattr": "Extended attributes are restored all, or none of them can be.",
    ],
    "kist snapshots": ["--last": "restic's --last is --latest 1 here."],
    "kist find": [
      "--blob": "restic's --blob is --chunk here.", "--tree": "restic's --tree is --chunk here.",
      "--show-pack-id": "`kist inspect object ID` tells the pack.",
    ],
    "kist ls": [
      "--sort": "What is in a folder is listed by name.", "--ncdu": "--json is for programs.",
      "-R": "--recursive goes into folders; without a path, all is listed anyway.",
    ],
    "kist dump": [
      "--archive": "A folder is always written as tar.", "-a": "A folder is always written as tar.",
      "--target": "Send it to a file: kist dump … > FILE; `kist restore` has --target.",
      "-t": "Send it to a file: kist dump … > FILE; `kist restore` has --target.",
    ],
    "kist stats": ["--mode": "Leave it out: all of restic's modes are shown at once."],
    "kist check": [
      "--with-cache": "Leave it out: what the cache says is proven.",
      "--check-unused": "Leave it out: every object is looked at, needed or not.",
    ],
    "kist init": [
      "--copy-chunker-params":
        "Chunks are cut with a key of each repository; `kist mirror push --init` makes a copy.",
      "--from-repo": "`kist mirror push --init` makes a copy of a repository.",
      "--repository-version": "There is one format.",
      "--encryption": "Every repository is encrypted.", "-e": "Every repository is encrypted.",
    ],
    "kist tag": [
      "--add": "Write kist tag add TAG SNAPSHOT.",
      "--remove": "Write kist tag remove TAG SNAPSHOT.",
      "--set": "Write kist tag set TAG SNAPSHOT.",
    ],
    "kist key add": [
      "--user": "restic's --user and --host are --label here.",
      "--host": "restic's --user and --host are --label here.",
      "--new-insecure-no-password": "A key needs a password.",
    ],
  ]

  private static let certificates =
    "There is no https here; the hosts and keys of ssh stand in ~/.ssh/config."
  private static let twoRepositories =
    "A copy is made by `kist mirror push DESTINATION` (`pull` fetches from it): --repo names this end, and the other "
    + "end needs no password."
  private static let rates =
    "`kist backup` has --limit-upload, `kist mirror` both limits; for others, limit the line itself "
    + "(ssh://…, pipe:COMMAND)."

  private static let everywhere = [
    "--cacert": certificates, "--tls-client-cert": certificates, "--insecure-tls": certificates,
    "--limit-upload": rates, "--limit-download": rates,
    "--no-lock": "Leave it out: commands that read take no lock.",
    "--retry-lock": "Leave it out: kist waits by itself, and a lock ends with its process.",
    "--lock-wait": "Leave it out: kist waits by itself, and a lock ends with its process.",
    "--no-cache": "--cache-dir puts the cache elsewhere, such as into a temporary folder.",
    "--cleanup-cache": "Old caches may simply be removed: they are made anew when needed.",
    "--read-concurrency": "restic's --read-concurrency is --jobs here.",
    "--ignore-ctime": "--trust-mtime goes by size and modification time alone.",
    "--ignore-inode": "--trust-mtime goes by size and modification time alone.",
    "--no-scan": "Leave it out: nothing is counted ahead.",
    "--with-atime": "Access times are not kept.",
    "--from-repo": twoRepositories, "--repo2": twoRepositories,
    "--from-repository-file": twoRepositories,
    "--from-password-file": twoRepositories, "--from-password-command": twoRepositories,
    "--password-file2": twoRepositories, "--password-command2": twoRepositories,
    "--from-key-hint": twoRepositories, "--from-insecure-no-password": twoRepositories,
    "--repository-file": "KIST_REPOSITORY or a profile (-P) names the repository.",
    "--key-hint": "Leave it out: every key is tried.",
    "--option": "For ssh, ~/.ssh/config; for anything else, --repo 'pipe:COMMAND'.",
    "-o": "For ssh, ~/.ssh/config; for anything else, --repo 'pipe:COMMAND'.",
    "--pack-size": "The size of packs is fixed.",
    "--insecure-no-password": "A repository always has a password.",
    "--no-extra-verify": "Leave it out.",
    "--progress": "Progress is shown on a terminal; --json shows it to a program.",
    "--stats": "Leave it out: the figures are always shown.",
    "--list": "-v names what is new or changed.",
  ]
}
