import ArgumentParser
import Browsing
import CoreTypes
import Patterns
import Trees

/// What `find` looks for.
struct FindOptions: ParsableArguments {
  /// What the arguments are.
  enum Subject: String, EnumerableFlag {
    case chunk
    case object
    case pack

    static func help(for value: Subject) -> ArgumentHelp? {
      switch value {
      case .chunk: "The arguments are ids of chunks: find what needs them."
      case .object: "The arguments are ids of objects: find what needs a chunk of them."
      case .pack: "The arguments are ids of packs: find what needs a chunk of them."
      }
    }
  }

  /// Kinds of entries, as find(1) and words have them.
  enum Kind: String, ExpressibleByArgument, CaseIterable {
    case file
    case folder
    case link
    case other

    init?(argument: String) {
      switch argument {
      case "file", "f": self = .file
      case "folder", "dir", "d": self = .folder
      case "link", "symlink", "l": self = .link
      case "other": self = .other
      default: return nil
      }
    }

    var kinds: Set<EntryKind> {
      switch self {
      case .file: [.file]
      case .folder: [.directory]
      case .link: [.symbolicLink]
      case .other: [.fifo, .characterDevice, .blockDevice, .socket]
      }
    }
  }

  @Flag(name: [.short, .long], help: "Whatever the case of letters.")
  var ignoreCase = false

  @Option(
    name: [.customShort("t"), .long],
    help: ArgumentHelp("Only file, folder, link or other.", valueName: "kind")
  )
  var type: [Kind] = []

  @Option(
    name: [.customShort("O"), .long],
    help: ArgumentHelp(
      "Not modified before, as 2026-11-21 or '2026-11-21 08:30'.",
      valueName: "time"
    )
  )
  var oldest: TimeBound?

  @Option(
    name: [.customShort("N"), .long],
    help: ArgumentHelp(
      "Not modified after that day, minute or second, as 2026-11-21 or '2026-11-21 08:30'.",
      valueName: "time"
    )
  )
  var newest: TimeBound?

  @Flag var subject: Subject?

  /// A question about names, or beginnings of ids.
  enum Question {
    case names(NameQuestion)
    case ids([IDBeginning])
  }

  func validate() throws {
    guard subject != nil else { return }
    if ignoreCase || !type.isEmpty || oldest != nil || newest != nil {
      throw ValidationError("ids are found wherever they are; --type and the like are for names")
    }
  }

  /// What the arguments ask.
  func question(_ arguments: [String]) throws -> Question {
    guard subject == nil else {
      return .ids(
        try arguments.map { text in
          guard let id = IDBeginning(text) else {
            throw Failure(
              .usage,
              "\(DisplayedName.text(text)) is not the start of an id"
            )
          }
          return id
        }
      )
    }
    guard !arguments.contains("") else {
      throw Failure(
        .usage,
        "an empty pattern names nothing",
        meaning: "Nothing was searched.",
        advice: "`kist find '*'` names everything; `kist ls` lists a snapshot."
      )
    }
    let patterns = try arguments.map { text in
      do throws(PatternError) {
        return try PathPattern(Array(text.utf8), letterCase: ignoreCase ? .folded : .exact)
      } catch {
        throw Explanation.failure(from: error, in: "the pattern", meaning: "Nothing was searched.")
      }
    }
    return .names(
      NameQuestion(
        patterns: PatternList(patterns),
        kinds: type.reduce(into: []) { $0.formUnion($1.kinds) },
        oldest: oldest?.first,
        newest: newest?.last
      )
    )
  }

  /// The chunks that ids lead to.
  func chunks(_ ids: [IDBeginning], in content: ObjectContent) throws -> WantedChunks {
    guard let subject, subject != .chunk else { return WantedChunks(beginnings: ids, scope: .both) }
    var chunks: Set<ChunkID> = []
    for id in ids {
      guard let found = try content.chunks(of: subject == .pack ? .packs(id) : .objects(id)) else {
        throw Failure(
          .failed,
          "this store has no such \(subject.rawValue)",
          advice: "`kist inspect packs` lists the packs, `kist inspect pack ID` their objects."
        )
      }
      chunks.formUnion(found)
    }
    return WantedChunks(ids: chunks, scope: .both)
  }
}
