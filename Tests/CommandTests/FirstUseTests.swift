import Testing

/// What somebody stumbled over who used the program for the first time.
@Suite("First use")
struct FirstUseTests {
  private func twoFolders() throws -> Place {
    let place = try Place()
    try place.write(Array("hello".utf8), to: "source/one/a")
    try place.write(Array("world".utf8), to: "source/two/b")
    try #require(try place.kist("init").status == 0)
    return place
  }

  @Test func `a path above the roots restores what is below it`() throws {
    let place = try twoFolders()
    let saved = try place.kist("backup", place.path("source/one"), place.path("source/two/b"))
    try #require(saved.status == 0, "\(saved)")
    #expect(saved.output.contains("10 B of small files kept"), "\(saved)")
    let restored = try place.kist(
      "restore",
      "latest:" + place.path("source"),
      "-t",
      place.path("out")
    )
    #expect(restored.output.hasPrefix("restored 2 files"), "\(restored)")
    #expect(try place.bytes("out/one/a") == Array("hello".utf8))
    #expect(try place.bytes("out/two/b") == Array("world".utf8))
    let history = try place.kist("history", place.path("source"))
    #expect(history.status == 0 && history.output.contains("source/two/b on "), "\(history)")
    let none = try place.kist("restore", "latest:/nowhere", "-t", place.path("none"))
    #expect(none.status == 1 && none.errors.contains(" has no /nowhere\n"), "\(none)")
  }

  @Test func `folders that are as in the snapshot do not count as restored`() throws {
    let place = try twoFolders()
    try #require(try place.kist("backup", place.path("source")).status == 0)
    let out = place.path("out")
    try #require(try place.kist("restore", "latest", "-t", out).status == 0)
    let proven = try place.kist("restore", "latest", "-t", out, "--verify")
    #expect(proven.output.hasPrefix("everything was already as in"), "\(proven)")
    #expect(proven.output.contains("\nread back 2 files"), "\(proven)")
    try place.write([9], to: "out/one/a")
    for arguments in [["-n"], []] {
      let again = try place.start(["restore", "latest", "-t", out] + arguments).wait()
      #expect(again.output.contains("restore"), "\(again)")
      #expect(again.output.contains(" 1 file, 0 folders, 0 other entries"), "\(again)")
    }
    try place.call("chmod", "700", place.path("out/two"))
    let folder = try place.kist("restore", "latest", "-t", out)
    #expect(folder.output.hasPrefix("restored 0 files, 1 folder,"), "\(folder)")
  }

  @Test func `a recovery key given as a password is known as one`() throws {
    let place = try twoFolders()
    let added = try place.kist("key", "add", "--recovery", "--json")
    let key = try JSON.text(try #require(try JSON.lines(added.output).last), "recovery_key")
    let taken = try place.kist("snapshots", changing: ["KIST_PASSWORD": key])
    #expect(taken.status == 12 && taken.errors.contains("this is a recovery key"), "\(taken)")
    let right = try place.kist("snapshots", "--recovery-key", changing: ["KIST_PASSWORD": key])
    #expect(right.status == 0, "\(right)")
    let wrong = try place.kist("snapshots", changing: ["KIST_PASSWORD": "0" + key.dropFirst()])
    #expect(wrong.status == 12, "\(wrong)")
  }

  @Test func `options of every command may stand before completion`() throws {
    let place = try Place()
    let plain = try place.kist("completion", "bash")
    let led = try place.kist("-P", "docs", "completion", "bash")
    #expect(led.status == 0 && led.output == plain.output)
  }
}
