import Foundation
import Testing

/// What a forced command allows cannot be raised by whoever connects.
@Suite(
  "Roles over ssh",
  .enabled(if: SecureShell.isThere, "there is no sshd here: roles over ssh are NOT tested")
)
struct RoleTests {
  private let place: Place

  init() throws {
    place = try Place()
    try place.fill("source", files: 5, bytes: 3000, seed: 101)
    // Two on the machine with sshd: the one that is served, and another one.
    for name in ["there", "other"] {
      let changes = ["KIST_REPOSITORY": place.path(name)]
      for arguments in [["init", "-q"], ["backup", "-q", "--tag", name, place.path("source")]] {
        let outcome = try place.start(arguments, changing: changes).wait()
        try #require(outcome.status == 0, "\(arguments): \(outcome)")
      }
    }
  }

  @Test func `a client that asks for another program, role and folder gets what was forced`() throws
  {
    let shell = try SecureShell(
      in: place,
      command:
        "KIST_CACHE_DIR='\(place.path("there-cache"))' KIST_STATE_DIR='\(place.path("there-state"))' "
        + "'\(Programs.kist)' serve --stdio --role append --repo '\(place.path("there"))'"
    )
    defer { shell.stop() }
    let far = "ssh://127.0.0.1:\(shell.port)"
    let full = "serve --stdio --role full --repo \(place.path("other"))"
    for (program, folder) in [
      ("kist", place.path("other")), ("kist serve --role full #", "/there"),
      ("'\(Programs.kist)' \(full); #", place.path("other")), ("kist", "/x --role full"),
    ] {
      let named = ["--remote-program", program]
      let before = try place.files(below: "there")
      let out = "out-" + UUID().uuidString
      for arguments in [
        ["restore", "latest", "-t", place.path(out), "-r", far + folder],
        ["check", "--read-data", "-r", far + folder],
        ["mirror", "pull", "--init", "-r", place.path(out + "-copy"), far + folder],
      ] {
        let refused = try place.start(arguments + named, changing: ["PATH": shell.path]).wait()
        #expect(refused.status == 22, "\(program), \(arguments): \(refused)")
        #expect(refused.errors.contains("role"), "\(program), \(arguments): \(refused)")
      }
      #expect(try place.files(below: "there") == before)
      #expect(!FileManager.default.fileExists(atPath: place.path(out + "-copy/kist")))
      let isThere = FileManager.default.fileExists(atPath: place.path(out))
      #expect(try isThere ? place.files(below: out).isEmpty : true)
    }
    // And what is allowed works, with the repository that was forced.
    let listed = try place.start(
      ["snapshots", "--json", "-r", far + place.path("other")],
      changing: ["PATH": shell.path]
    ).wait()
    #expect(listed.status == 0 && listed.output.contains("\"there\""), "\(listed)")
    #expect(!listed.output.contains("\"other\""), "\(listed)")
  }
}
