/// Addresses as other programs and other machines write them, which name no folder here.
enum ForeignAddress {
  /// What restic writes before a colon.
  private static let resticPrefixes = [
    "sftp", "rest", "s3", "b2", "azure", "gs", "swift", "rclone",
  ]

  /// Why an address is no repository; `nil` if it may be a folder.
  ///
  /// `./NAME` is always a folder.
  static func failure(for text: String) -> Failure? {
    let first = text.prefix { $0 != "/" }
    guard let colon = first.firstIndex(of: ":") else { return nil }
    let scheme = first[..<colon]
    let rest = text[text.index(after: colon)...]
    guard !scheme.isEmpty, scheme.allSatisfy({ $0.isASCII && ($0.isLetter || isMark($0)) }) else {
      return nil
    }
    let shown = DisplayedName.text(withoutSecret(text))
    // restic's word for a folder of this machine.
    if scheme == "local", !rest.hasPrefix("//") {
      return failure(
        "\(shown) begins with local:, which is not needed here",
        advice: "Write the folder as it is: \(DisplayedName.text(rest))"
      )
    }
    if rest.hasPrefix("//") || resticPrefixes.contains(scheme.lowercased()) {
      return failure(
        "\(shown) is no repository: kist does not know \(scheme):",
        advice: "Name a folder, ssh://[user@]host[:port]/folder, or pipe:COMMAND."
      )
    }
    if rest.hasPrefix("/") || rest.hasPrefix("~") || scheme.contains("@") {
      let folder = rest.hasPrefix("/") ? String(rest) : "/~/" + rest.drop { "~/".contains($0) }
      return failure(
        "\(shown) looks like a folder of another machine",
        advice: "Write ssh://\(scheme)\(folder), or ./\(shown) for a folder of that name here."
      )
    }
    return nil
  }

  /// The address without what may be a password: all between a user's name and the host.
  static func withoutSecret(_ text: String) -> String {
    guard let slashes = text.firstRange(of: "//") else { return text }
    let authority = text[slashes.upperBound...].prefix { $0 != "/" }
    guard let host = authority.lastIndex(of: "@"),
      let secret = authority[..<host].firstIndex(of: ":")
    else { return text }
    return text[...secret] + "…" + text[host...]
  }

  private static func isMark(_ character: Character) -> Bool {
    character.isNumber || "+-._@".contains(character)
  }

  private static func failure(_ what: String, advice: String) -> Failure {
    Failure(.usage, what, meaning: "Nothing was done.", advice: advice)
  }
}
