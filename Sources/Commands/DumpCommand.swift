import ArgumentParser
import Browsing
import CoreTypes
import Files
import Repositories
import Trees

struct DumpCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "dump",
    abstract: "Write a file of a snapshot, or a folder as a tar archive, to standard output.",
    discussion: """
      A file is written as it is. A folder becomes an archive of what is in it, as GNU tar and bsdtar read it, with \
      times, owners, extended attributes, ACLs, hard links and holes. Every byte is proven before it is written; \
      if the command ends with anything but 0, what was written is not whole. GNU tar cannot unpack what lies \
      deeper than 4,096 bytes of path; `kist restore` has no such limit.

        kist dump latest:/etc/fstab
        kist dump latest~3 /home/ann/notes.txt > older-notes.txt
        kist dump latest:/srv/db.sql | psql
        kist dump latest:/home/ann | tar -x --xattrs -C /tmp/ann
        kist dump latest | zstd > everything.tar.zst
        kist dump --repair-from /mnt/second/backup latest:/srv/db.sql | psql

      What is damaged or missing in the repository is taken from a mirror of the profile, or from the copy \
      that --repair-from names, and brought back into the repository.
      """
  )

  @OptionGroup var options: RepositoryOptions

  @OptionGroup var spare: SpareOptions

  @OptionGroup(title: "Which snapshot latest is") var filter: SnapshotFilterOptions

  @Argument(help: ArgumentHelp(SnapshotName.help))
  var snapshot: String

  @Argument(
    help: ArgumentHelp("A path in the snapshot, if none stands behind its colon: " + PathRule.help)
  )
  var path: String?

  func run() throws {
    var name = SnapshotName(snapshot)
    if name.hasPath, path != nil {
      throw Failure(
        .usage,
        "give the path either behind the snapshot's colon or after it, not both"
      )
    }
    if let path { name = SnapshotName(id: name.id, path: path) }
    let repository = try options.openToRead()
    let spares = try spare.use(for: repository, options)
    defer { spares?.finish(options.console) }
    let opened = try name.open(in: repository, among: try filter.filter())
    let source = try NodeSource(repository: repository) { InterruptFlag.isRaised }
    let tops = try name.found(in: opened, reader: source.reader)
    let reader = ContentReader(source: source) { InterruptFlag.isRaised }
    let output = ResultOutput()
    if let top = tops.only, top.entry.kind != .directory {
      guard top.entry.kind == .file else {
        throw BrowsingError.noContent(path: top.path, top.entry.kind)
      }
      if top.entry.changedWhileRead {
        options.console.warn(
          "warning: \(DisplayedName.text(top.path)) changed while it was backed up; this is what was seen"
        )
      }
      try reader.read(top.entry, at: top.path) { bytes throws(BrowsingError) in
        try output.write(bytes)
      }
      try output.flush()
      return
    }
    guard !StandardStreams.isTerminal(1) else {
      throw Failure(
        .usage,
        "this is a folder, and its archive is not for a terminal",
        advice:
          "Send it to a file or a program: `kist dump … > folder.tar`, `kist dump … | tar -x`."
      )
    }
    try writeArchive(tops, of: opened.content, named: name, source, reader, output)
  }

  private func writeArchive(
    _ tops: [TreeTop],
    of snapshot: Snapshot,
    named name: SnapshotName,
    _ source: NodeSource,
    _ reader: ContentReader,
    _ output: ResultOutput
  ) throws {
    // Of one folder its content, as a restore of it; of several roots their whole paths.
    let base = try tops.only?.path ?? Path.absolute(name.path(in: snapshot) ?? [])
    var dump = try TarDump(of: snapshot, source: source, content: reader) {
      bytes throws(BrowsingError) in
      try output.write(bytes)
    }
    let counts = try dump.write(tops, below: base)
    try output.flush()
    if counts.torn > 0 {
      options.console.warn(
        "warning: \(Quantities.count(counts.torn, "file")) changed while backed up; what was seen was written"
      )
    }
    if counts.leftOut > 0 {
      options.console.warn(
        "warning: \(Quantities.count(counts.leftOut, "socket")) left out: an archive cannot hold them"
      )
    }
    if options.verbose {
      options.console.warn(
        "\(Quantities.count(counts.files, "file")), \(Quantities.count(counts.folders, "folder")), "
          + "\(Quantities.count(counts.others, "other")), \(Quantities.bytes(Int(clamping: counts.bytes)))"
      )
    }
  }
}
