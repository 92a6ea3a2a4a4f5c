/// Turns a table of the file into a profile.
struct ProfileReader {
  /// What `~/` stands for.
  let home: String?

  /// Tags of a snapshot at most.
  private static let tagLimit = 256
  private static let keys = [
    "repository", "password-file", "password-command", "paths", "excludes", "exclude-files",
    "exclude-if-present", "exclude-larger-than", "exclude-caches", "one-file-system", "tags",
    "host", "retention", "mirrors",
  ]
  private static let retentionKeys = [
    "last", "hourly", "daily", "weekly", "monthly", "yearly", "within", "tags",
  ]

  func profile(_ named: ProfileField.Named) throws(ProfileError) -> Profile {
    guard !named.name.isEmpty else { throw named.field.badValue("a profile needs a name") }
    var profile = Profile(name: named.name)
    for (key, field) in try named.field.entries().map({ ($0.name, $0.field) }) {
      switch key {
      case "repository": profile.repository = try location(field)
      case "password-file":
        try refuseSecond(profile, field)
        profile.password = .file(try path(field))
      case "password-command":
        try refuseSecond(profile, field)
        profile.password = .command(try field.text())
      case "paths": profile.paths = try each(of: field, path)
      case "excludes": profile.excludes = try each(of: field, pattern)
      case "exclude-files": profile.excludeFiles = try each(of: field, path)
      case "exclude-if-present": profile.excludeIfPresent = try field.texts()
      case "exclude-larger-than": profile.excludeLargerThan = try field.text()
      case "exclude-caches": profile.excludesCaches = try field.answer()
      case "one-file-system": profile.oneFileSystem = try field.answer()
      case "tags": profile.tags = try tags(field)
      case "host": profile.host = try field.text()
      case "retention": profile.retention = try retention(field)
      case "mirrors": profile.mirrors = try each(of: field, location)
      default: throw unknown(key, field, Self.keys)
      }
    }
    return profile
  }

  private func retention(_ field: ProfileField) throws(ProfileError) -> Retention {
    var retention = Retention()
    for (key, field) in try field.entries().map({ ($0.name, $0.field) }) {
      switch key {
      case "last": retention.last = try field.count()
      case "hourly": retention.hourly = try field.count()
      case "daily": retention.daily = try field.count()
      case "weekly": retention.weekly = try field.count()
      case "monthly": retention.monthly = try field.count()
      case "yearly": retention.yearly = try field.count()
      case "within":
        guard let age = Retention.Age(try field.text()) else {
          throw field.badValue("it is a length of time such as 30d or 1y6m")
        }
        retention.within = age
      case "tags": retention.tags = try field.texts()
      default: throw unknown(key, field, Self.retentionKeys)
      }
    }
    // Else a later `forget` would be told to remove everything.
    guard !retention.keepsNothing else { throw field.badValue("it keeps nothing") }
    return retention
  }

  private func tags(_ field: ProfileField) throws(ProfileError) -> [String] {
    let tags = try field.texts()
    guard tags.count <= Self.tagLimit else {
      throw field.badValue("a snapshot has at most \(Self.tagLimit) tags")
    }
    return tags
  }

  private func refuseSecond(_ profile: Profile, _ field: ProfileField) throws(ProfileError) {
    guard profile.password == nil else {
      throw field.badValue("give password-file or password-command, not both")
    }
  }

  private func unknown(_ key: String, _ field: ProfileField, _ known: [String]) -> ProfileError {
    SecretKeys.holds(key) ? .secret(field.key) : .unknownKey(field.key, known: known)
  }

  // MARK: Paths

  private func each(
    of field: ProfileField,
    _ read: (ProfileField) throws(ProfileError) -> String
  ) throws(ProfileError) -> [String] {
    var values: [String] = []
    for (index, text) in try field.texts().enumerated() {
      values.append(try read(ProfileField(key: "\(field.key)[\(index)]", value: .text(text))))
    }
    return values
  }

  /// An absolute path: a profile is used from any folder, so none is below the working folder.
  private func path(_ field: ProfileField) throws(ProfileError) -> String {
    let path = try expanded(try field.text(), field)
    guard path.hasPrefix("/") else { throw field.badValue("it must begin with / or ~/") }
    return path
  }

  /// A folder, or a location with a scheme.
  private func location(_ field: ProfileField) throws(ProfileError) -> String {
    let text = try field.text()
    return text.contains("://") ? text : try path(field)
  }

  /// A pattern; only one that begins at the home folder is changed.
  private func pattern(_ field: ProfileField) throws(ProfileError) -> String {
    let text = try field.text()
    // A pattern that begins with ! takes back what an earlier one left out.
    guard text.hasPrefix("!") else { return try expanded(text, field) }
    return "!" + (try expanded(String(text.dropFirst()), field))
  }

  private func expanded(_ text: String, _ field: ProfileField) throws(ProfileError) -> String {
    guard text == "~" || text.hasPrefix("~/") else { return text }
    guard let home else { throw field.badValue("~ stands for nothing: HOME is not set") }
    return home + text.dropFirst()
  }
}
