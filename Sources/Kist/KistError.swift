import Commands

/// Why a call failed, in the words that the command line uses.
public struct KistError: Error, Equatable, Sendable, CustomStringConvertible {
  /// What a program can tell apart.
  public enum Kind: Equatable, Sendable {
    case failed
    /// A path, pattern or snapshot's name cannot be used.
    case usage
    case noRepository
    /// Another process has the lock; it can be tried again.
    case busy
    case wrongPassword
    /// Something in the store is not as it was written.
    case damage
    case noSpace
    /// Going on could have lost something.
    case refusedForSafety
    /// The store is older than what this machine saw last.
    case rollback
    /// The caller's `isStopped` said so.
    case interrupted
  }

  /// What a program may act upon.
  public let kind: Kind
  /// What happened; names the file or object.
  public let message: String
  /// What it means for the person's data.
  public let meaning: String?
  /// What to do.
  public let advice: String?

  /// All of it, a line each.
  public var description: String {
    ([message] + [meaning, advice].compactMap { $0 }).joined(separator: "\n")
  }

  init(_ kind: Kind, _ message: String, meaning: String? = nil, advice: String? = nil) {
    self.kind = kind
    self.message = message
    self.meaning = meaning
    self.advice = advice
  }

  /// Any error that comes from below.
  init(_ error: any Error) {
    if let error = error as? KistError {
      self = error
      return
    }
    guard let failure = Wording.failure(of: error) else {
      self.init(.failed, "\(error)")
      return
    }
    let kind: Kind =
      switch failure.status {
      case .done, .failed, .incomplete, .mirrorBehind, .outputClosed: .failed
      case .usage: .usage
      case .noRepository: .noRepository
      case .busy: .busy
      case .wrongPassword: .wrongPassword
      case .damage: .damage
      case .noSpace: .noSpace
      case .refusedForSafety: .refusedForSafety
      case .rollback: .rollback
      case .interrupted: .interrupted
      }
    self.init(kind, failure.what, meaning: failure.meaning, advice: failure.advice)
  }

  /// Runs `body`; what it throws becomes a `KistError`.
  static func explaining<Result>(_ body: () throws -> Result) throws(KistError) -> Result {
    do {
      return try body()
    } catch {
      throw KistError(error)
    }
  }
}
