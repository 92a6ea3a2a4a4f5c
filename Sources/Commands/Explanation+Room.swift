import Backups
import CoreTypes
import Files
import Repositories
import Trees

/// What is said where there is no room left, or not enough.
extension Explanation {
  /// A restore that was not begun.
  static func failure(ofRoom room: RestoreRoom, in target: [UInt8]) -> Failure {
    Failure(
      .noSpace,
      "\(DisplayedName.text(target)) has not enough room: \(text(room))",
      meaning: "Nothing was restored, and nothing was changed.",
      advice:
        "Make room, choose another --target, or restore a part (SNAPSHOT:PATH, --include)."
    )
  }

  /// What is needed and what is there, as far as there is too little of it.
  static func text(_ room: RestoreRoom) -> String {
    var parts: [String] = []
    if room.lacksBytes {
      parts.append(
        "at least \(Quantities.bytes(Int(clamping: room.neededBytes))) are to be written, "
          + "\(Quantities.bytes(Int(clamping: room.availableBytes))) are free"
      )
    }
    if let available = room.availableEntries, room.lacksEntries {
      parts.append(
        "\(Quantities.count(Int(clamping: room.neededEntries), "entry", "entries")) are to be made, "
          + "and there are inodes for \(Quantities.count(Int(clamping: available)))"
      )
    }
    return parts.joined(separator: "; ")
  }

  /// A restore to whose target there went no more: what is done, and what is not.
  static func failure(
    ofFull target: [UInt8],
    at path: [UInt8],
    _ progress: RestoreProgress
  ) -> Failure {
    let counters = progress.counters
    let done = counters.files + counters.filesSkipped + counters.filesTouched
    var meaning = "\(Quantities.count(done, "file")) \(done == 1 ? "is" : "are") there and whole"
    if let totals = progress.totals {
      let rest = max(0, Int(clamping: totals.files) - done)
      meaning += ", \(Quantities.count(rest)) \(rest == 1 ? "is" : "are") not"
    }
    if let free = freeText(at: target) { meaning += "; \(free)" }
    return Failure(
      .noSpace,
      "no space left on the device: stopped at \(DisplayedName.text(path))",
      meaning: meaning + ". The repository is unharmed.",
      advice:
        "Make room, or choose another --target, and run the same command again: what is there is not fetched again."
    )
  }

  /// How much is free where a folder is; `nil` if that cannot be learned.
  private static func freeText(at path: [UInt8]) -> String? {
    do {
      let fileSystem = try FileSystem.holding(path)
      if fileSystem.availableFileCount == 0 { return "no inode is free there" }
      let bytes = Quantities.bytes(Int(clamping: fileSystem.availableByteCount))
      return "\(bytes) are free there"
    } catch {
      return nil
    }
  }

  /// Below so much, a folder may be what is full: four packs.
  private static let littleRoom: UInt64 = 128 << 20

  /// Names the folders that a command on a repository writes to and that have little room; says nothing to a program that
  /// reads JSON.
  static func noteRoom(_ options: RepositoryOptions) {
    guard !options.json else { return }
    do {
      let folders = try options.folders()
      var told: Set<UInt64> = []
      for path in [try options.place().folder, folders.cache, folders.state].compactMap({ $0 }) {
        let fileSystem = try FileSystem.holding(Array(path.utf8))
        let isShort =
          fileSystem.availableByteCount < littleRoom || fileSystem.availableFileCount == 0
        guard isShort, told.insert(fileSystem.id).inserted,
          let free = freeText(at: Array(path.utf8))
        else { continue }
        options.console.warn("\(DisplayedName.text(path)): \(free)")
      }
    } catch {
      // Ignored: what failed was told; this would only have said more.
      return
    }
  }
}
