/// Why a profile file cannot be used.
///
/// A `key` is written as in the file, with its tables: `profiles.laptop.paths`.
package enum ProfileError: Error, Equatable, Sendable {
  /// The file is longer than anybody writes by hand.
  case tooLarge(limit: Int)
  /// The file is not UTF-8, or has a zero character.
  case notText
  /// It is not TOML; the library says where.
  case syntax(line: Int, column: Int, reason: String)
  /// A key that means nothing, beside those that do.
  case unknownKey(String, known: [String])
  case wrongType(String, expected: String, found: String)
  /// The type is right and the value is not.
  case badValue(String, reason: String)
  /// A secret stands in the file, which is no place for it.
  case secret(String)
  case unknownProfile(String, known: [String])
}
