import Backups

/// Says what a stop means for a command that makes no snapshot.
enum Interruption {
  /// Runs `body`; a stop in it becomes a failure with this meaning.
  static func explained<Result>(
    _ meaning: @autoclosure () -> String,
    advice: String = "Run the same command again to start over.",
    _ body: () throws -> Result
  ) throws -> Result {
    do {
      return try body()
    } catch BackupError.interrupted {
      throw Failure(
        .interrupted,
        "stopped as asked",
        meaning: meaning() + " The repository is unharmed.",
        advice: advice
      )
    }
  }
}
