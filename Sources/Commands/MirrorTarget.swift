import Files
import Scanning

/// One mirror: where it is, and under which name it is remembered.
struct MirrorTarget {
  let place: RepositoryPlace
  /// An absolute path, or a location as it was written.
  let name: String
  /// True if a profile names it.
  let isOfProfile: Bool

  /// Reads a destination as a person writes it.
  init(_ text: String, remoteProgram: String, isOfProfile: Bool = false) throws {
    place = try RepositoryPlace(text, remoteProgram: remoteProgram)
    self.isOfProfile = isOfProfile
    guard let folder = place.folder else {
      name = text
      return
    }
    let here = try ProcessEnvironment.workingFolder()
    name = String(
      decoding: RootPath.cleaned(Array(folder.utf8), workingFolder: here),
      as: UTF8.self
    )
  }

  /// A command that speaks the protocol.
  static func command(_ text: String) throws -> MirrorTarget {
    try MirrorTarget("pipe:\(text)", remoteProgram: "kist")
  }

  /// Each once.
  static func distinct(_ targets: [MirrorTarget]) -> [MirrorTarget] {
    var seen: Set<String> = []
    return targets.filter { seen.insert($0.name).inserted }
  }

  /// As it was typed.
  var typedName: String {
    switch place.destination {
    case .folder, .command: place.destination.name
    case .program: place.name
    }
  }

  /// In messages.
  var shownName: String { DisplayedName.text(typedName) }
}
