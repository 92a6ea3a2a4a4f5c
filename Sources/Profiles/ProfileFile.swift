/// The profiles of one file.
///
/// Every profile is read and validated, also those that nobody asked for: a slip is found where it was made.
package struct ProfileFile: Equatable, Sendable {
  /// In order of name.
  package let profiles: [Profile]

  /// Reads a file; `home` is what `~/` stands for, `nil` if that is not known.
  package init(_ bytes: [UInt8], home: String?) throws(ProfileError) {
    var profiles: [Profile] = []
    for entry in try TOMLDocument.parse(bytes) {
      guard entry.key == "profiles" else {
        throw SecretKeys.holds(entry.key)
          ? .secret(entry.key) : .unknownKey(entry.key, known: ["profiles"])
      }
      for named in try ProfileField(key: entry.key, value: entry.value).entries() {
        profiles.append(try ProfileReader(home: home).profile(named))
      }
    }
    self.profiles = profiles
  }

  /// The profile of this name.
  package func profile(_ name: String) throws(ProfileError) -> Profile {
    for profile in profiles where profile.name == name { return profile }
    throw .unknownProfile(name, known: profiles.map(\.name))
  }
}

/// Keys under which people put what must not be in a file.
enum SecretKeys {
  private static let names = ["password", "passphrase", "recovery-key", "secret", "key"]

  static func holds(_ key: String) -> Bool {
    names.contains(key.lowercased().replacing("_", with: "-"))
  }
}
