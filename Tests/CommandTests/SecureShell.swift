import Foundation
import Glibc
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

  init(in place: Place, command: String) throws {
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
        ListenAddress 127.0.0.1
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
      [
        "/bin/sh", "-c",
        "'\(SecureShell.program)' -D -e -f '\(folder)/config'; exit 0",
      ],
      environment: place.environment,
      outputs: place.path("sshd")
    )
    for _ in 0..<50 where !listens() { Pause.seconds(0.1) }
  }

  private func listens() -> Bool {
    let connection = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    defer { close(connection) }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = in_port_t(UInt16(port).bigEndian)
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    return unsafe withUnsafePointer(to: &address) { pointer in
      unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        unsafe connect(connection, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
      }
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
