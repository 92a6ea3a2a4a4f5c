import Files
import Mirroring

/// Where the other end of a mirror run is.
enum MirrorDestination: Equatable {
  /// A store in a folder of this machine.
  case folder(String)
  /// A program that speaks the protocol, with its arguments.
  case program([String])
  /// A command line for the shell.
  case command(String)

  /// Reads a destination as a person writes it.
  init(_ text: String, remoteProgram: String) throws {
    guard text.hasPrefix("ssh://") else {
      guard !text.isEmpty else { throw Failure(.usage, "the destination is empty") }
      if let failure = ForeignAddress.failure(for: text) { throw failure }
      self = .folder(text)
      return
    }
    let rest = text.dropFirst("ssh://".count)
    guard let slash = rest.firstIndex(of: "/") else {
      throw MirrorDestination.malformed(text, "it names no folder")
    }
    var host = String(rest[..<slash])
    var path = String(rest[slash...])
    var port: String?
    if let colon = host.lastIndex(of: ":"), !host.hasSuffix("]") {
      let digits = host[host.index(after: colon)...]
      guard let number = Int(digits), (1...65_535).contains(number) else {
        throw MirrorDestination.malformed(text, "its port is no number from 1 to 65535")
      }
      port = String(number)
      host = String(host[..<colon])
    }
    let parts = host.split(separator: "@", omittingEmptySubsequences: false)
    guard let name = parts.last, !name.isEmpty, path.count > 1 else {
      throw MirrorDestination.malformed(text, "it needs a host and a folder")
    }
    // Whatever ssh, or a ProxyCommand of its configuration, could take for something else.
    if let reason = MirrorDestination.reason(against: host) {
      throw MirrorDestination.malformed(text, reason)
    }
    // ssh://host/~/folder is a folder in the home folder there.
    if path.hasPrefix("/~/") { path = String(path.dropFirst(3)) }
    var arguments = ["ssh"]
    if let port { arguments += ["-p", port] }
    arguments += ["--", host]
    arguments.append("\(remoteProgram) serve --stdio --repo \(MirrorDestination.quoted(path))")
    self = .program(arguments)
  }

  /// The words that start the program; `nil` for a folder.
  var arguments: [String]? {
    switch self {
    case .folder: nil
    case .program(let arguments): arguments
    case .command(let command): ["/bin/sh", "-c", command]
    }
  }

  /// For people.
  var name: String {
    switch self {
    case .folder(let path): path
    case .program(let arguments): arguments.dropLast().last ?? "the other end"
    case .command(let command): "`\(command)`"
    }
  }

  /// Why `[user@]host` is not given to ssh; `nil` if it may be.
  private static func reason(against host: String) -> String? {
    for part in host.split(separator: "@", omittingEmptySubsequences: false) {
      if part.isEmpty { return "its user or host is empty" }
      if part.hasPrefix("-") { return "its user or host begins with -, as an option does" }
    }
    for scalar in host.unicodeScalars {
      if scalar.value <= 0x20 || scalar.value == 0x7F || scalar.properties.isWhitespace {
        return "its user or host has a space or control character"
      }
      if "\"'`$\\;&<>|(){}*?!#".unicodeScalars.contains(scalar) {
        return "its user or host has the character \(scalar)"
      }
    }
    return nil
  }

  private static func malformed(_ text: String, _ reason: String) -> Failure {
    Failure(
      .usage,
      "\(DisplayedName.text(ForeignAddress.withoutSecret(text))) is no destination: \(reason)",
      advice: "Write ssh://[user@]host[:port]/folder, or the path of a folder."
    )
  }

  /// One word for a shell.
  private static func quoted(_ text: String) -> String {
    "'" + text.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "'\\''")
      + "'"
  }
}
