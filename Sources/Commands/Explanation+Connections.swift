import Files
import Mirroring
import Storage

extension Explanation {
  /// What a line that broke means.
  static let whatIsKept =
    "What was sent whole is kept there and not sent again. If a snapshot was just being finished, "
    + "`kist snapshots` tells whether it was made."

  /// Why the line to a repository on another machine is gone, or never was one.
  static func failure(
    from end: ConnectionEnd,
    location: String,
    meaning: String
  ) -> Failure {
    let location = DisplayedName.text(location)
    // The stop reached the program that connects as well.
    if InterruptFlag.isRaised {
      return Failure(
        .interrupted,
        "stopped as asked",
        meaning: meaning,
        advice: "Run the same command again to go on."
      )
    }
    switch end {
    case .closed:
      return Failure(
        .failed,
        "the line to \(location) broke",
        meaning: meaning,
        advice: "Run the same command again."
      )
    case .command(let status):
      return failure(ofProgram: status, location: location, meaning: meaning)
    case .noise(let bytes):
      return Failure(
        .failed,
        "\(location) is no `kist serve`; it began with: "
          + DisplayedName.text(Array(bytes.prefix(200))),
        meaning: meaning,
        advice: "Run the command by hand; it must end in `kist serve --stdio`."
      )
    case .silent(let seconds):
      return Failure(
        .failed,
        "nothing came from \(location) for \(seconds) s",
        meaning: meaning,
        advice: "Run the same command again."
      )
    case .malformed(let what):
      return Failure(
        .failed,
        "\(location) broke the protocol: \(DisplayedName.text(what))",
        meaning: meaning,
        advice: "Use the same version of kist at both ends."
      )
    case .version(let version):
      return Failure(
        .failed,
        "\(location) speaks version \(version) of the protocol, this kist version \(Hello.version)",
        meaning: meaning,
        advice: "Update the older of the two."
      )
    case .servesNoStore(let program):
      return Failure(
        .failed,
        "\(location) runs \(DisplayedName.text(program)), which mirrors but does not serve a repository",
        meaning: meaning,
        advice: "Update kist there."
      )
    case .stopped(let code, let text):
      return Failure(
        status(ofStop: code),
        "\(location) stopped: \(DisplayedName.text(text))",
        meaning: meaning,
        advice: code == MirrorErrorCode.noSpace
          ? "Make room there, then run the same command again." : nil
      )
    case .system(let error): return failure(from: error, about: location)
    case .threads(let number): return Failure(.failed, "cannot start a thread (error \(number))")
    }
  }

  private static func status(ofStop code: UInt64) -> ExitStatus {
    switch code {
    case MirrorErrorCode.noRepository: .noRepository
    case MirrorErrorCode.noSpace: .noSpace
    default: .failed
    }
  }

  /// Numbers that shells and ssh return for what they could not do.
  private enum ProgramStatus {
    static let notExecutable: Int32 = 126
    static let notFound: Int32 = 127
    static let sshFailed: Int32 = 255
  }

  private static func failure(
    ofProgram status: Int32,
    location: String,
    meaning: String
  ) -> Failure {
    Failure(
      .failed,
      "the program that connects to \(location) ended with status \(status)",
      meaning: meaning,
      advice: advice(forProgram: status, location: location)
    )
  }

  /// What to do about a program that connects and ended with a status.
  static func advice(forProgram status: Int32, location: String) -> String {
    switch status {
    case ProgramStatus.notFound where !location.hasPrefix("ssh://"),
      ProgramStatus.notExecutable where !location.hasPrefix("ssh://"):
      "That is what a shell says of a program that it does not find or may not run: check the command, "
        + "and that kist is installed where it leads."
    case ProgramStatus.notFound, ProgramStatus.notExecutable:
      "Is kist installed there? --remote-program names it."
    case ProgramStatus.sshFailed where location.hasPrefix("ssh://"):
      "ssh could not reach the host, or was not let in: what it said stands above."
    default: "If it said why, that stands above; run it by hand to see more."
    }
  }
}
