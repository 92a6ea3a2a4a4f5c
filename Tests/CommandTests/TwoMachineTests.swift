import Foundation
import Testing

/// A repository here, and its mirror on another machine that has no key.
@Suite(
  "Two machines",
  .enabled(
    if: SecureShell.isThere && TwoMachines.areAllowed,
    "no sshd, or no right to make network namespaces: two machines are NOT tested"
  )
)
struct TwoMachineTests {
  private let place: Place
  private let machines: TwoMachines

  init() throws {
    place = try Place()
    machines = try TwoMachines(place)
    try place.initialize()
    try place.fill("source", files: 30, bytes: 60_000, seed: 131)
    let saved = try place.kist("backup", "--quiet", place.path("source"))
    try #require(saved.status == 0, "\(saved)")
  }

  private func shell(_ role: String) throws -> SecureShell {
    // The far machine has caches of its own, and no password.
    try SecureShell(
      in: place,
      command:
        "env -u KIST_PASSWORD KIST_CACHE_DIR='\(place.path("far-cache"))' "
        + "KIST_STATE_DIR='\(place.path("far-state"))' "
        + "'\(Programs.kist)' serve --stdio --role \(role) --repo '\(place.path("far"))'",
      address: TwoMachines.address,
      entering: machines.enteringFar
    )
  }

  private func kist(_ shell: SecureShell, _ arguments: String...) throws -> Outcome {
    try machines.start(arguments, path: shell.path).wait()
  }

  @Test func `a mirror without a key is filled, checked there, heals this end and replaces it`()
    throws
  {
    let shell = try shell("full")
    defer { shell.stop() }
    let far = "ssh://\(TwoMachines.address):\(shell.port)/far"
    let pushed = try kist(shell, "mirror", "push", "--init", "--quiet", far)
    try #require(pushed.status == 0, "\(pushed)")
    let checked = try place.start(
      ["check", "--read-data", "--without-key", "--repo", place.path("far")],
      changing: ["KIST_CACHE_DIR": place.path("far-cache")]
    ).wait()
    #expect(checked.status == 0, "\(checked)")

    let pack = try #require(try place.files(below: "repository/packs").first)
    var bytes = try place.bytes(pack)
    bytes[bytes.count / 2] ^= 1
    try place.call("chmod", "u+w", place.path(pack))
    try place.write(bytes, to: pack)
    let healed = try kist(shell, "check", "--read-data", "--repair-from", far)
    #expect(healed.status == 0, "\(healed)")
    try place.requireClean("--read-data")

    try place.call("rm", "-rf", place.repository, place.cache, place.state)
    let restored = try kist(shell, "restore", "latest", "-t", place.path("out"), "--repo", far)
    #expect(restored.status == 0, "\(restored)")
    try place.requireEqual("source", "out")
    let pulled = try kist(shell, "mirror", "pull", "--init", "--quiet", far)
    #expect(pulled.status == 0, "\(pulled)")
    try place.requireClean("--read-data")
  }

  @Test func `a cable that is pulled for some seconds costs these seconds and nothing else`() throws
  {
    let shell = try shell("full")
    defer { shell.stop() }
    let far = "ssh://\(TwoMachines.address):\(shell.port)/far"
    let running = try machines.start(
      ["mirror", "push", "--init", "--limit-upload", "500K", far],
      path: shell.path
    )
    Pause.seconds(2)
    try #require(running.isRunning)
    try machines.pullCable()
    Pause.seconds(2)
    #expect(running.isRunning)
    try machines.plugCable()
    let pushed = try running.wait()
    #expect(pushed.status == 0, "\(pushed)")
    let checked = try place.kist(
      "check",
      "--read-data",
      "--without-key",
      "--repo",
      place.path("far")
    )
    #expect(checked.status == 0, "\(checked)")
  }
}
