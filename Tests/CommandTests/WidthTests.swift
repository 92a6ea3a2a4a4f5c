import Foundation
import Testing

@Suite("The width of a terminal")
struct WidthTests {
  /// Runs a program on a terminal of so many columns, and prints what came there.
  private static let script = """
    import fcntl, os, pty, struct, sys, termios
    child, terminal = pty.fork()
    if child == 0:
        fcntl.ioctl(1, termios.TIOCSWINSZ, struct.pack('HHHH', 24, int(sys.argv[1]), 0, 0))
        os.execv(sys.argv[2], sys.argv[2:])
    output = b''
    while True:
        try:
            part = os.read(terminal, 65536)
        except OSError:
            break
        if not part:
            break
        output += part
    sys.stdout.write(output.decode().replace('\\r', ''))
    sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
    """

  private func run(_ place: Place, columns: Int, _ command: String...) throws -> Outcome {
    try place.run(["python3", "-c", Self.script, "\(columns)", Programs.kist] + command)
  }

  @Test func `tables and failures fit into 80 columns, and a program gets everything`() throws {
    let place = try Place()
    try place.initialize(key: .recovery)
    let deep = "source/a folder with a rather long name/and another one below it, as people have"
    try place.write([1], to: deep + "/a")
    #expect(try place.kist("backup", "-q", "--tag", "weekly", place.path(deep)).status == 0)
    let mirror = place.path("a mirror with a rather long name, somewhere far away from here")
    #expect(try place.kist("mirror", "push", "-q", "--init", mirror).status == 0)
    #expect(try place.kist("check", "-q", "--repo", mirror).status == 0)
    for line in [
      ["snapshots"], ["stats"], ["key", "add", "--recovery"],
      ["init", "--repo", place.path("n")],
      ["restore", "latest", "-t", place.path("out"), "--include", "/nowhere/at/all"],
      ["history", place.path(deep + "/a")], ["mirror", "status"],
    ] {
      let shown = try place.run(
        ["python3", "-c", Self.script, "80", Programs.kist] + line
      )
      #expect(shown.status == 0, "\(line): \(shown)")
      let lines = shown.output.replacing("\u{1B}[K", with: "").split(separator: "\n")
      #expect(lines.count >= 2 && lines.allSatisfy { $0.count <= 80 }, "\(line): \(shown)")
    }
    #expect(try run(place, columns: 80, "snapshots").output.contains("…"))
    let narrow = try run(place, columns: 80, "mirror", "status").output
    #expect(narrow.contains("…") && narrow.contains("far away from here  current"), "\(narrow)")
    #expect(try place.kist("mirror", "status").output.contains(mirror + "  current"))
    #expect(try place.kist("snapshots").output.contains(place.path(deep) + "\n"))

    let failed = try run(place, columns: 80, "restore", "latest:/nowhere", "-t", place.path("out"))
    #expect(failed.status == 1, "\(failed)")
    let texts = try run(place, columns: 60, "rewrite").output.split(separator: "\n")
    #expect(texts.count > 3 && texts.allSatisfy { $0.count <= 60 }, "\(texts)")
    #expect(texts.dropFirst().allSatisfy { $0.hasPrefix("      ") }, "\(texts)")
    // A command is not broken where it would be copied.
    let repair = try run(place, columns: 60, "repair").output
    #expect(repair.contains("`kist check --read-data --repair-from COPY`"), "\(repair)")
  }
}
