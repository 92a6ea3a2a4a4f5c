import Foundation
import Glibc
import Testing

/// Two network namespaces, joined by a cable that can be pulled: as far as the network goes, two machines.
final class TwoMachines {
  /// Where the far one is.
  static let address = "10.83.71.2"
  private static let tool = "/usr/sbin/ip"

  /// True if this process may make namespaces, use them, and lay a cable; tried once.
  ///
  /// Where the root folder is no mount point, they can be made and not entered.
  static let areAllowed: Bool = {
    guard geteuid() == 0, FileManager.default.isExecutableFile(atPath: tool) else { return false }
    do {
      let name = "kist-probe-\(getpid())"
      func succeeds(_ words: String...) throws -> Bool {
        try Running([tool] + words, environment: [:], outputs: nil).wait().status == 0
      }
      guard try succeeds("netns", "add", name) else { return false }
      let isUsable =
        try succeeds("netns", "exec", name, "/bin/true")
        && succeeds("-n", name, "link", "add", "probe", "type", "veth", "peer", "name", "other")
      return try succeeds("netns", "del", name) && isUsable
    } catch {
      return false
    }
  }()

  private let near: String
  private let far: String
  private let place: Place

  init(_ place: Place) throws {
    self.place = place
    let number = UInt16.random(in: 0...UInt16.max)
    near = "kist-near-\(getpid())-\(number)"
    far = "kist-far-\(getpid())-\(number)"
    for name in [near, far] { try place.call(Self.tool, "netns", "add", name) }
    try place.call(
      Self.tool,
      "link",
      "add",
      "cable",
      "netns",
      near,
      "type",
      "veth",
      "peer",
      "name",
      "cable",
      "netns",
      far
    )
    for (name, address) in [(near, "10.83.71.1/24"), (far, Self.address + "/24")] {
      try place.call(Self.tool, "-n", name, "address", "add", address, "dev", "cable")
      try place.call(Self.tool, "-n", name, "link", "set", "cable", "up")
      try place.call(Self.tool, "-n", name, "link", "set", "lo", "up")
    }
  }

  deinit {
    do {
      for name in [near, far] { try place.call(Self.tool, "netns", "del", name) }
    } catch {
      Issue.record(error, "a network namespace stays")
    }
  }

  /// Words before a command, with which it runs on the far machine.
  var enteringFar: [String] { [Self.tool, "netns", "exec", far] }

  /// Starts `kist` on the near machine.
  func start(_ arguments: [String], path: String) throws -> Running {
    try Running(
      [Self.tool, "netns", "exec", near, Programs.kist] + arguments,
      environment: place.environment.merging(["PATH": path]) { $1 },
      outputs: place.path("output-" + UUID().uuidString)
    )
  }

  func pullCable() throws { try place.call(Self.tool, "-n", near, "link", "set", "cable", "down") }

  func plugCable() throws { try place.call(Self.tool, "-n", near, "link", "set", "cable", "up") }
}
