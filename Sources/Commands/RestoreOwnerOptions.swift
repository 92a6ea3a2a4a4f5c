import ArgumentParser
import Files
import Restoring
import Trees

/// Who is to own what a restore writes.
struct RestoreOwnerOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      """
      Give what one user owned to another; with @ in front, what one group owned. FROM is a number or a name of \
      the snapshot, TO one of this machine: ann:bob,1000:1001,@staff:@users. Access control lists follow.
      """,
      valueName: "from:to,…"
    )
  )
  var ownerMap: [String] = []

  @Flag(help: "Let everything belong to whoever restores it. Setuid and setgid are left out.")
  var noOwner = false

  func validate() throws {
    if noOwner, !ownerMap.isEmpty {
      throw ValidationError("--owner-map names owners, and --no-owner wants none")
    }
    for part in parts where part.count != 2 || part.contains(where: { $0.isEmpty || $0 == "@" }) {
      throw ValidationError(
        "--owner-map takes FROM:TO, such as ann:bob or @staff:@users, separated by commas"
      )
    }
    for part in parts where part[0].hasPrefix("@") != part[1].hasPrefix("@") {
      throw ValidationError("--owner-map \(part[0]):\(part[1]) names a group (@) on one side only")
    }
  }

  private var parts: [[Substring]] {
    ownerMap.flatMap { $0.split(separator: ",", omittingEmptySubsequences: false) }
      .map { $0.split(separator: ":", omittingEmptySubsequences: false) }
  }

  /// The rule for a snapshot's entries.
  func rule(for snapshot: Snapshot) throws -> OwnerRule {
    var map = OwnerMap()
    for part in parts {
      let (from, to) = (part[0], part[1])
      if from.hasPrefix("@") {
        map.map(
          group: try number(of: from.dropFirst(), "group", in: snapshot.groups),
          to: try number(of: to.dropFirst(), "group", here: AccountNames.groupID)
        )
      } else {
        map.map(
          user: try number(of: from, "user", in: snapshot.users),
          to: try number(of: to, "user", here: AccountNames.userID)
        )
      }
    }
    return OwnerRule(
      wish: noOwner ? .restorer : .snapshot(map),
      userID: ProcessEnvironment.userID,
      groupID: ProcessEnvironment.groupID
    )
  }

  private func number(
    of name: Substring,
    _ kind: String,
    in owners: [SnapshotOwner]
  ) throws -> UInt32 {
    if let number = number(name) { return number }
    if let owner = owners.first(where: { $0.name == name }) { return owner.number }
    let known = owners.prefix(20).map { DisplayedName.text($0.name) }
    throw Failure(
      .failed,
      "the snapshot knows no \(kind) \(DisplayedName.text(name))",
      meaning: "Nothing was restored.",
      advice: "Use a number, or one of: \(known.joined(separator: ", "))."
    )
  }

  private func number(
    of name: Substring,
    _ kind: String,
    here find: (String) -> UInt32?
  ) throws -> UInt32 {
    if let number = number(name) ?? find(String(name)) { return number }
    throw Failure(
      .failed,
      "this machine knows no \(kind) \(DisplayedName.text(name))",
      meaning: "Nothing was restored.",
      advice: "Use a number, or make the \(kind) first."
    )
  }

  /// The highest number means "nobody" to the system, and is no owner.
  private func number(_ text: Substring) -> UInt32? {
    guard text.allSatisfy(\.isASCII), let number = UInt32(text), number != UInt32.max else {
      return nil
    }
    return number
  }
}
