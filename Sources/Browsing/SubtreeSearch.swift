import CoreTypes
import Trees

/// What a search asks of entries; it may know more the deeper it is.
protocol SearchQuestion {
  /// What is known of a folder by the names that lead to it; equal places and equal folders have equal answers.
  associatedtype Place: Hashable

  /// What is known of a root, or of a folder above it.
  func place(of path: [[UInt8]]) -> Place

  /// What is known of the folder `name`; `nil` if nothing below it can be found.
  func place(of name: [UInt8], in folder: Place) -> Place?

  /// True if the entry `name` is to be told.
  mutating func asks(for entry: TreeEntry, in folder: Place) throws(BrowsingError) -> Bool

  /// What made the last entry be told, or is noticed only after its folder was read.
  mutating func takeReasons() -> [FoundChunk]
}

/// Goes through the trees of many snapshots, and reads a folder that they share once.
///
/// Remembers of each folder what was found below it, within bounds; beyond them folders are read again.
struct SubtreeSearch<Question: SearchQuestion> {
  private struct Key: Hashable {
    let folder: ChunkID
    let place: Int
  }

  private struct Level {
    let key: Key
    let place: Question.Place
    var entries: DirectoryCursor<BrowsingError>
    let pathCount: Int
    let name: [UInt8]
    /// What was asked for of the folder's own entry, told before what is in it.
    let entry: FoundEntry?
    let reasons: [FoundChunk]
    let found: FoundFolder
    /// False once something below was not kept.
    var isWhole: Bool
  }

  /// Folders that are remembered, at about 100 bytes each.
  private static var folderLimit: Int { 1 << 20 }
  /// Found entries that are remembered, at about 150 bytes each.
  private static var itemLimit: Int { 1 << 19 }

  private let reader: TreeReader<BrowsingError>
  private(set) var question: Question
  /// `nil` for a folder in which nothing was found.
  private var known: [Key: FoundFolder?] = [:]
  private var places: [Question.Place: Int] = [:]
  private var itemCount = 0

  init(reader: TreeReader<BrowsingError>, question: Question) {
    self.reader = reader
    self.question = question
  }

  typealias Body = (_ path: [UInt8], FoundEntry, [FoundChunk]) throws(BrowsingError) -> Void

  /// Tells of everything that is asked for at and below a root, in order of paths.
  mutating func search(_ top: TreeTop, _ body: Body) throws(BrowsingError) {
    let names = Path.names(top.path)
    var entry = top.entry
    entry.name = names.last ?? []
    let parent = question.place(of: names.dropLast())
    let isAsked = names.isEmpty ? false : try question.asks(for: entry, in: parent)
    let reasons = question.takeReasons()
    if isAsked { try body(top.path, FoundEntry(entry), reasons) }
    guard let directory = entry.directory else { return }
    let place = names.isEmpty ? parent : question.place(of: entry.name, in: parent)
    guard let place else { return }
    let key = Key(folder: directory, place: number(of: place))
    if let answer = known[key] {
      guard let answer else { return }
      return try replay(answer, at: top.path, body)
    }
    try walk(key, place, entry, at: top.path, body)
  }

  private mutating func number(of place: Question.Place) -> Int {
    if let number = places[place] { return number }
    places[place] = places.count
    return places.count - 1
  }

  private mutating func walk(
    _ key: Key,
    _ place: Question.Place,
    _ top: TreeEntry,
    at topPath: [UInt8],
    _ body: Body
  ) throws(BrowsingError) {
    var path = topPath
    var open = [level(key, place, top, entry: nil, reasons: [], pathCount: path.count)]
    while !open.isEmpty {
      let last = open.count - 1
      let entry = try next(&open[last].entries)
      path.removeSubrange(open[last].pathCount...)
      // Nodes of the folder itself are noticed while it is read.
      let own = question.takeReasons()
      if !own.isEmpty { try tellFolder(own, &open[last], at: path, body) }
      guard let entry else {
        let done = open.removeLast()
        close(done, into: &open)
        continue
      }
      let folderPlace = open[last].place
      let isAsked = try question.asks(for: entry, in: folderPlace)
      let reasons = question.takeReasons()
      Path.append(entry.name, to: &path)
      if isAsked { try body(path, FoundEntry(entry), reasons) }
      let found = isAsked ? FoundEntry(entry) : nil
      guard let directory = entry.directory,
        let below = question.place(of: entry.name, in: folderPlace)
      else {
        keep(entry.name, found, reasons, folder: nil, in: &open[last])
        continue
      }
      let key = Key(folder: directory, place: number(of: below))
      if let answer = known[key] {
        keep(entry.name, found, reasons, folder: answer, in: &open[last])
        if let answer { try replay(answer, at: path, body) }
        continue
      }
      guard open.count < TreeLimits.depth else { throw .tree(.tooDeep) }
      open.append(
        level(key, below, entry, entry: found, reasons: reasons, pathCount: path.count)
      )
    }
  }

  private func level(
    _ key: Key,
    _ place: Question.Place,
    _ folder: TreeEntry,
    entry: FoundEntry?,
    reasons: [FoundChunk],
    pathCount: Int
  ) -> Level {
    Level(
      key: key,
      place: place,
      entries: reader.entries(of: key.folder, promising: folder.subtree),
      pathCount: pathCount,
      name: folder.name,
      entry: entry,
      reasons: reasons,
      found: FoundFolder(),
      isWhole: true
    )
  }

  private func next(
    _ entries: inout DirectoryCursor<BrowsingError>
  ) throws(BrowsingError) -> TreeEntry? {
    do {
      return try entries.next()
    } catch {
      throw error.browsingError
    }
  }

  /// Tells that nodes of the folder itself were looked for.
  private func tellFolder(
    _ reasons: [FoundChunk],
    _ level: inout Level,
    at path: [UInt8],
    _ body: Body
  ) throws(BrowsingError) {
    let folder = FoundEntry(TreeEntry(name: level.name, kind: .directory))
    try body(path, folder, reasons)
    // Told of the folder by an item without a name in it.
    level.found.items.append(
      FoundFolder.Item(name: [], entry: folder, reasons: reasons, folder: nil)
    )
  }

  /// Remembers what was found in a folder, and hands it to the folder above.
  private mutating func close(_ level: Level, into open: inout [Level]) {
    let answer = level.found.items.isEmpty ? nil : level.found
    if level.isWhole, known.count < Self.folderLimit { known[level.key] = .some(answer) }
    guard !open.isEmpty else { return }
    let above = open.count - 1
    if !level.isWhole { open[above].isWhole = false }
    keep(level.name, level.entry, level.reasons, folder: answer, in: &open[above])
  }

  private mutating func keep(
    _ name: [UInt8],
    _ entry: FoundEntry?,
    _ reasons: [FoundChunk],
    folder: FoundFolder?,
    in level: inout Level
  ) {
    guard entry != nil || folder != nil else { return }
    guard level.isWhole, itemCount < Self.itemLimit else {
      level.isWhole = false
      return
    }
    itemCount += 1
    level.found.items.append(
      FoundFolder.Item(name: name, entry: entry, reasons: reasons, folder: folder)
    )
  }

  private func replay(
    _ folder: FoundFolder,
    at topPath: [UInt8],
    _ body: Body
  ) throws(BrowsingError) {
    var path = topPath
    var open = [(folder: folder, next: 0, pathCount: path.count)]
    while let level = open.last {
      path.removeSubrange(level.pathCount...)
      guard level.next < level.folder.items.count else {
        open.removeLast()
        continue
      }
      open[open.count - 1].next += 1
      let item = level.folder.items[level.next]
      if !item.name.isEmpty { Path.append(item.name, to: &path) }
      if let entry = item.entry { try body(path, entry, item.reasons) }
      if let folder = item.folder { open.append((folder, 0, path.count)) }
    }
  }
}
