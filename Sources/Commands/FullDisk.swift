/// What a disk or a quota that is full means for one command.
enum FullDisk {
  /// Runs `body`; if it ends for want of room, the failure says what this command did not do.
  ///
  /// `meaning` is about the command and what it leaves. A failure that is in words already is left as it is.
  static func explained<Result>(
    by meaning: String,
    _ body: () throws -> Result
  ) throws -> Result {
    do {
      return try body()
    } catch {
      guard !(error is Failure), let failure = Explanation.failure(of: error),
        failure.status == .noSpace
      else { throw error }
      throw Failure(failure.status, failure.what, meaning: meaning, advice: failure.advice)
    }
  }
}
