import Foundation
import Testing

/// An sshd on a port of its own, with one key whose command is forced.
final class SecureShell {
  static let program = "/usr/sbin/sshd"
  static var isThere: Bool {
    FileManager.default.isExecutableFile(atPath: program)
      && FileManager.default.isExecutableFile(atPath: "/usr/bin/ssh")
  }

  let port: Int
  /// A PATH whose `ssh` knows host and key.
  let path: String
  private let server: Running
  private let place: Place

  /// `address` is where it listens; `entering` are words before its command, with which it is on another machine.
  init(
    in place: Place,
    command: String,
    address: String = "127.0.0.1",
    entering: [String] = []
  ) throws {
    self.place = place
    port = Int.random(in: 20_000...60_000)
    let folder = place.path("ssh")
    try place.call("mkdir", "-p", "-m", "700", folder + "/bin")
    for name in ["host", "user"] {
      try place.call("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", "\(folder)/\(name)")
    }
    let key = String(decoding: try place.bytes("ssh/user.pub"), as: UTF8.self)
    try place.write(Array("restrict,command=\"\(command)\" \(key)".utf8), to: "ssh/keys")
    try place.write(
      Array(
        """
        Port \(port)
        ListenAddress \(address)
        HostKey \(folder)/host
        AuthorizedKeysFile \(folder)/keys
        PidFile \(folder)/pid
        StrictModes no
        UsePAM no
        PasswordAuthentication no

        """.utf8
      ),
      to: "ssh/config"
    )
    try place.write(
      Array(
        """
        #!/bin/sh
        exec /usr/bin/ssh -F none -i '\(folder)/user' -o IdentitiesOnly=yes -o BatchMode=yes \
        -o StrictHostKeyChecking=accept-new -o UserKnownHostsFile='\(folder)/known' "$@"

        """.utf8
      ),
      to: "ssh/bin/ssh"
    )
    try place.call("chmod", "755", folder + "/bin/ssh")
    path = folder + "/bin:/usr/bin:/bin"
    try place.call("mkdir", "-p", "/run/sshd")
    // Not started as it is: sshd closes every descriptor, among them that by which its end is noticed.
    server = try Running(
      entering + [
        "/bin/sh", "-c",
        "'\(SecureShell.program)' -D -e -f '\(folder)/config'; exit 0",
      ],
      environment: place.environment,
      outputs: place.path("sshd")
    )
    // It writes the file when it listens.
    for _ in 0..<100 where !FileManager.default.fileExists(atPath: folder + "/pid") {
      Pause.seconds(0.1)
    }
  }

  func stop() {
    // It may have inherited that other signals are ignored.
    guard server.isRunning else { return }
    do {
      let process = String(decoding: try place.bytes("ssh/pid"), as: UTF8.self)
      try place.call("kill", "-9", process.filter(\.isNumber))
      _ = try server.wait()
    } catch {
      Issue.record(error)
    }
  }
}
