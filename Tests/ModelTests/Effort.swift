import Glibc

/// How much is explored, from the environment.
enum Effort {
  /// `KIST_MODEL_SEEDS`: walks in each large universe; more than the default also explores the
  /// larger universes, up to `KIST_MODEL_STATES` states.
  static var seedCount: Int { number("KIST_MODEL_SEEDS") ?? 300 }
  static var isLong: Bool { number("KIST_MODEL_SEEDS") != nil }
  static var stateLimit: Int { number("KIST_MODEL_STATES") ?? 2_000_000 }
  /// `KIST_MODEL_TRACES`: print every trace, the expected ones too.
  static var printsTraces: Bool { number("KIST_MODEL_TRACES") != nil }

  private static func number(_ name: String) -> Int? {
    guard let value = unsafe getenv(name) else { return nil }
    return unsafe Int(String(cString: value))
  }
}
