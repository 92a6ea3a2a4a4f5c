import Foundation
import Testing

@Suite("Profiles", .serialized)
struct ProfileTests {
  /// A place with a profile file, an environment that names no repository, and something to back up.
  private func place(_ text: String) throws -> Place {
    let place = try Place()
    try place.write(
      Array(text.replacing("ROOT", with: place.root).utf8),
      to: ".config/kist/config.toml"
    )
    try place.call("chmod", "600", place.path(".config/kist/config.toml"))
    try place.write(Array("secret\n".utf8), to: "password")
    try place.write([1], to: "papers/letter.txt")
    try place.write([2], to: "papers/film.iso")
    try place.write([3], to: "music/song.ogg")
    return place
  }

  private let bare = ["KIST_REPOSITORY": "", "KIST_PASSWORD": ""]

  private static let laptop = """
    [profiles.laptop]
    repository = "ROOT/repository"
    password-command = "cat ROOT/password"
    paths = ["~/papers"]
    excludes = ["*.iso"]
    tags = ["nightly"]
    host = "ada"
    mirrors = ["ROOT/second", "ROOT/third"]
    """

  @Test func `one word backs up, mirrors and restores`() throws {
    let place = try place(Self.laptop)
    #expect(try place.kist("-P", "laptop", "init", changing: bare).status == 0)
    let saved = try place.kist("-P", "laptop", "backup", "--json", changing: bare)
    #expect(saved.status == 0, "\(saved)")
    let listed = try JSON.array(
      try place.kist("snapshots", "--json", "--profile=laptop", changing: bare).output
    )
    let snapshot = try #require(listed.last)
    #expect(snapshot["paths"] as? [String] == [place.path("papers")])
    #expect(snapshot["hostname"] as? String == "ada")
    #expect(snapshot["tags"] as? [String] == ["nightly"])
    for round in 0..<2 {
      let pushed = try place.kist("-P", "laptop", "mirror", "push", "--init", changing: bare)
      #expect(pushed.status == 0, "\(round): \(pushed)")
      #expect(pushed.output.contains(place.path("third")))
    }
    let restored = try place.kist(
      "-P",
      "laptop",
      "-r",
      place.path("third"),
      "restore",
      "latest",
      "-t",
      place.path("out"),
      changing: bare.merging(["KIST_PROFILE": "no-such"]) { $1 }
    )
    #expect(restored.status == 0, "\(restored)")
    #expect(try place.files(below: "out") == ["out/letter.txt"])
  }

  @Test func `the command line wins over the profile, and its excludes come after`() throws {
    let place = try place(Self.laptop)
    #expect(try place.kist("-P", "laptop", "init", changing: bare).status == 0)
    let saved = try place.kist(
      "backup",
      "--host",
      "bob",
      "--tag",
      "now",
      "-e",
      "!film.iso",
      place.path("papers"),
      place.path("music"),
      changing: bare.merging(["KIST_PROFILE": "laptop"]) { $1 }
    )
    #expect(saved.status == 0, "\(saved)")
    let listed = try JSON.array(
      try place.kist("-P", "laptop", "snapshots", "--json", changing: bare).output
    )
    let snapshot = try #require(listed.last)
    #expect(snapshot["hostname"] as? String == "bob")
    #expect(snapshot["tags"] as? [String] == ["now"])
    let names = try place.kist("-P", "laptop", "ls", "latest", changing: bare).output
    #expect(names.contains("film.iso"), "\(names)")
    #expect(names.contains("song.ogg"), "\(names)")
  }

  @Test func `a file that others may write is refused, and its command is not run`() throws {
    let place = try place(Self.laptop)
    try place.write(
      Array(
        """
        [profiles.laptop]
        repository = "\(place.root)/repository"
        password-command = "touch \(place.root)/ran; echo x"
        """.utf8
      ),
      to: ".config/kist/config.toml"
    )
    for mode in ["620", "602"] {
      try place.call("chmod", mode, place.path(".config/kist/config.toml"))
      let refused = try place.kist("-P", "laptop", "init", changing: bare)
      #expect(refused.status == 22, "\(refused)")
      #expect(refused.errors.contains("others may write"))
    }
    #expect(!FileManager.default.fileExists(atPath: place.path("ran")))
    #expect(!FileManager.default.fileExists(atPath: place.repository))
  }

  @Test func `what is no file of text is refused at once`() throws {
    let place = try place("")
    let path = place.path(".config/kist/config.toml")
    try place.call("rm", path)
    try place.call("mkfifo", "-m", "600", path)
    let fifo = try place.run(["timeout", "20", Programs.kist, "-P", "a", "snapshots"])
    #expect(fifo.status == 1, "\(fifo)")
    #expect(fifo.errors.contains("is not a file"), "\(fifo)")
    let folder = try place.kist("-P", "a", "--config", place.root, "snapshots", changing: bare)
    #expect(folder.status == 1, "\(folder)")
    #expect(folder.errors.contains("is not a file"), "\(folder)")
    let endless = try place.kist("-P", "a", "--config", "/dev/zero", "snapshots", changing: bare)
    #expect(endless.status == 1, "\(endless)")
    try place.write([UInt8](repeating: 35, count: 2 << 20), to: "large")
    try place.call("chmod", "600", place.path("large"))
    let large = try place.kist("-P", "a", "--config", place.path("large"), "snapshots")
    #expect(large.status == 1, "\(large)")
    #expect(large.errors.contains("large"), "\(large)")
  }

  @Test func `what is wrong in the file is named with its line`() throws {
    for (text, line, words) in [
      ("[profiles.a]\n\npath = [\"/x\"]", 3, "profiles.a.path means nothing"),
      ("[profiles.a]\nhost = 1", 2, "must be"), ("[profiles.a]\nhost = ", 2, "toml.io"),
      ("# one\n[profiles.a]\nretention.last = -1\n", 3, "from 0 to"),
      ("[profiles.a]\npassword = 'x'", 2, "never stands in this file"),
    ] {
      let place = try place(text)
      let refused = try place.kist("-P", "a", "snapshots", changing: bare)
      #expect([1, 22].contains(refused.status), "\(refused)")
      #expect(refused.errors.contains("config.toml, line \(line)"), "\(refused)")
      #expect(refused.errors.contains(words), "\(refused)")
    }
  }

  @Test func `a profile that is not there is answered with those that are`() throws {
    let place = try place("[profiles.a]\n[profiles.b]\n")
    let outcome = try place.kist("-P", "c", "snapshots", changing: bare)
    #expect(outcome.status == 1, "\(outcome)")
    #expect(outcome.errors.contains("a, b"), "\(outcome)")
    let missing = try place.kist(
      "-P",
      "c",
      "--config",
      place.path("none"),
      "snapshots",
      changing: bare
    )
    #expect(missing.status == 1, "\(missing)")
    #expect(missing.errors.contains(place.path("none")), "\(missing)")
    let unnamed = try place.kist("-P", "a", "snapshots", changing: bare)
    #expect(unnamed.status == 10, "\(unnamed)")
  }
}

@Suite("Help and completion")
struct HelpTests {
  /// What the parser knows of a command.
  private struct Command {
    let path: [String]
    let abstract: String
    let discussion: String
    let arguments: [[String: Any]]
  }

  private func commands() throws -> [Command] {
    let dump = try Place().kist("--experimental-dump-help")
    let top = try #require(
      try JSONSerialization.jsonObject(with: Data(dump.output.utf8)) as? [String: Any]
    )
    var found: [Command] = []
    func visit(_ value: [String: Any], _ path: [String]) throws {
      let children = (value["subcommands"] as? [[String: Any]]) ?? []
      for child in children {
        let name = try #require(child["commandName"] as? String)
        if name != "help" { try visit(child, path + [name]) }
      }
      found.append(
        Command(
          path: path,
          abstract: value["abstract"] as? String ?? "",
          discussion: value["discussion"] as? String ?? "",
          arguments: (value["arguments"] as? [[String: Any]]) ?? []
        )
      )
    }
    try visit(try #require(top["command"] as? [String: Any]), [])
    return found
  }

  @Test func `every command has a help text with an example of itself`() throws {
    let commands = try commands()
    #expect(commands.count > 12)
    for command in commands {
      let name = (["kist"] + command.path).joined(separator: " ")
      #expect(command.abstract.hasSuffix("."), "\(name): \(command.abstract)")
      let examples = command.discussion.split(separator: "\n").filter { $0.hasPrefix("  ") }
      #expect(
        examples.contains { line in
          line.contains("kist ") && command.path.allSatisfy { line.contains($0) }
        },
        "\(name) has no example:\n\(command.discussion)"
      )
      for argument in command.arguments {
        let isHidden = argument["shouldDisplay"] as? Bool == false
        let words = argument["abstract"] as? String ?? ""
        #expect(
          isHidden || words.hasSuffix("."),
          "\(name): \(argument["valueName"] ?? "") \(words)"
        )
      }
      // The terminal of most people is that wide.
      for line in examples { #expect(line.count <= 100, "\(name): \(line)") }
    }
  }

  @Test func `options of every command may stand before its name`() throws {
    let place = try Place()
    try place.initialize()
    let list = try #require(try commands().first { $0.path == ["key", "list"] })
    var tried = 0
    for argument in list.arguments {
      for spelling in (argument["names"] as? [[String: Any]]) ?? [] {
        let name = try #require(spelling["name"] as? String)
        if ["help", "h", "version"].contains(name) { continue }
        let option = (name.count == 1 ? "-" : "--") + name
        let isFlag = argument["kind"] as? String == "flag"
        let outcome = try place.start([option] + (isFlag ? [] : ["x"]) + ["key", "list"]).wait()
        // A parser that does not know an option shows how the command is used.
        #expect(!outcome.errors.contains("Usage:"), "\(option): \(outcome)")
        tried += 1
      }
    }
    #expect(tried > 10)
    #expect(try place.kist("-q", "--bogus", "key", "list").status == 2)
    #expect(try place.kist("-P", "x", "bogus").status == 2)
    #expect(try place.kist("-q").output.contains("A first session"))
    #expect(try place.kist("-q", "key").output.contains("kist key list"))
  }

  @Test func `completion scripts are well formed, and know every command`() throws {
    let place = try Place()
    let names = try commands().compactMap(\.path.first)
    for shell in ["bash", "zsh", "fish"] {
      let script = try place.kist("completion", shell)
      #expect(script.status == 0, "\(script)")
      for name in names { #expect(script.output.contains(name), "\(shell): \(name)") }
      try place.write(Array(script.output.utf8), to: shell)
      guard try place.run(["which", shell]).status == 0 else { continue }
      let read = try place.run([shell, "-n", place.path(shell)])
      #expect(read.status == 0, "\(read)")
    }
    #expect(try place.kist("completion", "tcsh").status == 2)
  }

  @Test func `init says how to keep the recovery key`() throws {
    let place = try Place()
    let made = try place.kist("init")
    #expect(made.status == 0)
    #expect(made.output.contains("kist key add --recovery"), "\(made)")
    #expect(made.output.contains("kist key export"), "\(made)")
    #expect(try place.kist("init", "--recovery-key").status == 2)
  }
}
