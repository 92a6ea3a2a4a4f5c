/// Variables that restic and borg read: what they say is not used here, but may be what somebody relied on.
enum ForeignEnvironment {
  static let repositories = ["RESTIC_REPOSITORY", "RESTIC_REPOSITORY_FILE", "BORG_REPO"]
  static let passwords = [
    "RESTIC_PASSWORD", "RESTIC_PASSWORD_FILE", "RESTIC_PASSWORD_COMMAND", "BORG_PASSPHRASE",
    "BORG_PASSCOMMAND",
  ]

  /// What to say if one of them is set; `own` is what stands for it here.
  static func remark(on names: [String], for own: String) -> String? {
    guard let name = names.first(where: { Surroundings.bytes($0) != nil }) else { return nil }
    let program = name.hasPrefix("BORG") ? "borg" : "restic"
    return "\(name) is set, which is \(program)'s and not used here; \(own) is what kist reads."
  }
}
