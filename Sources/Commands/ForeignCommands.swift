/// Commands of restic and borg that have another name here, or none.
enum ForeignCommands {
  /// What a person who knows the other programs is to do; `nil` for a command of none of them.
  static func answer(_ command: String) -> String? { answers[command] }

  /// What `list WORD` shows in the other programs, and what shows it here.
  static func listing(of words: [String]) -> Failure? {
    guard words.count == 1, let word = words.first, let answer = listings[word] else { return nil }
    return Failure(.usage, "`kist snapshots` does not list \(word)", advice: answer)
  }

  private static let removal =
    "Removing snapshots does not exist yet: everything is kept, and what they share is stored once. `kist stats` tells "
    + "what each takes alone."
  private static let repair =
    "`kist check --read-data --repair-from COPY` brings back what is damaged; without a copy, `kist backup`, then "
    + "`kist check --read-data --repair`. Index and caches are made "
    + "anew by themselves."
  private static let lock = "Nothing stays locked: a lock ends with the process that holds it."
  private static let unchangeable =
    "Snapshots stay as they are. `kist tag` changes their tags; rules such as --exclude hold from the next backup on."
  private static let about =
    "`kist stats` tells sizes, `kist snapshots` lists snapshots, `kist inspect config` shows the settings."

  private static let answers = [
    "forget": removal, "prune": removal, "remove": removal, "delete": removal, "compact": removal,
    "rm": removal, "undelete": removal,
    "copy": "A second copy is made by `kist mirror push`.",
    "transfer": "A second copy is made by `kist mirror push`.",
    "sync": "`kist mirror sync` does that.", "push": "`kist mirror push` does that.",
    "pull": "`kist mirror pull` does that.",
    "mount":
      "Mounting does not exist yet; `kist ls`, `kist dump` and `kist restore` show and fetch files.",
    "umount": "Mounting does not exist yet, so there is nothing to unmount.",
    "unlock": lock, "break-lock": lock, "with-lock": lock,
    "cat": "`kist inspect` shows what is stored; `kist dump` prints a file.",
    "log": "`kist snapshots` lists snapshots, `kist history` the versions of a path.",
    "version": "`kist --version` prints it.",
    "repair": repair,
    "rebuild-index": repair,
    "recover":
      "Nothing is to be searched for: `kist check` names what is missing, and with --repair-from COPY brings it "
      + "back, snapshots too.",
    "cache": "The cache folder (~/.cache/kist) may simply be removed: it is made anew when needed.",
    "rewrite": unchangeable, "recreate": unchangeable, "rename": unchangeable,
    "migrate": "There is one format, so nothing needs to be migrated.",
    "upgrade": "There is one format, so nothing needs to be upgraded.",
    "self-update": "Kist does not replace itself: fetch its sources and run `tools/install`.",
    "generate": "`kist completion` prints completions for a shell; the manual is `man kist`.",
    "features": "There are none to switch.", "options": "`kist COMMAND --help` lists options.",
    "info": about, "rinfo": about, "repo-info": about, "config": about,
    "rlist": "`kist snapshots` does that.", "repo-list": "`kist snapshots` does that.",
    "rcreate": "`kist init` makes a repository.", "repo-create": "`kist init` makes a repository.",
    "passwd": "`kist key passwd` does that.",
    "change-passphrase": "`kist key passwd` does that.",
    "export-tar": "`kist dump SNAPSHOT:FOLDER` writes a tar archive.",
    "import-tar": "Unpack the archive, then `kist backup FOLDER`.",
  ]

  private static let listings = [
    "packs": "`kist inspect packs` does.",
    "index": "The index lies in the cache folder and is made anew when needed.",
    "indexes": "The index lies in the cache folder and is made anew when needed.",
    "blobs": "`kist inspect packs` lists packs, `kist inspect pack ID` what is in one.",
    "objects": "`kist inspect packs` lists packs, `kist inspect pack ID` what is in one.",
    "keys": "`kist key list` does.",
    "locks": lock,
  ]
}
