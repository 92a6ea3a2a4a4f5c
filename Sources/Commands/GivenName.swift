/// Tags, names of machines and labels of keys, as a person gives them.
enum GivenName {
  /// Bytes at most.
  ///
  /// Source: Formats/snapshot.md.
  private static let byteLimit = 1024

  /// Refuses a name that is empty, or that a terminal would not show as it is.
  static func require(_ name: String, _ kind: String) throws(Failure) {
    guard !name.isEmpty else { throw refused("an empty \(kind) cannot be given") }
    guard name.utf8.count <= byteLimit else {
      throw refused(
        "this \(kind) cannot be given: it has \(Quantities.count(name.utf8.count, "byte"))"
      )
    }
    guard name.unicodeScalars.allSatisfy(isVisible) else {
      throw refused(
        "the \(kind) \(DisplayedName.text(name)) has characters that are not shown"
      )
    }
  }

  private static func refused(_ what: String) -> Failure {
    Failure(
      .usage,
      what,
      meaning: "Nothing was done.",
      advice: "It has 1 to 1,024 bytes, and no line ends or other control characters."
    )
  }

  /// Joiners are parts of letters and signs that are seen; other invisible characters may deceive.
  private static func isVisible(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.properties.generalCategory {
    case .control, .lineSeparator, .paragraphSeparator: false
    case .format: scalar == "\u{200C}" || scalar == "\u{200D}"
    default: true
    }
  }
}
