import Foundation
import Testing

/// An end of ill will, or of another version, met at the command line.
@Suite("Hostile ends at the command line")
struct HostilePeerTests {
  private let place: Place
  private let repository: String

  init() throws {
    place = try Place()
    try place.initialize(key: .recovery)
    try place.fill("source", files: 3, bytes: 3000, seed: 111)
    let saved = try place.kist("backup", "-q", place.path("source"))
    try #require(saved.status == 0, "\(saved)")
    repository = try #require(
      try FileManager.default.contentsOfDirectory(atPath: place.state).first { $0.count == 64 }
    )
    try place.write(Array(Self.script.utf8), to: "peer")
  }

  /// Gives one record and whatever the case says; it reads Formats/mirror-protocol.md as tools/make-vectors does.
  private static let script = """
    import os, struct, sys
    tools, case, repository, folder = sys.argv[1:]
    sys.path.insert(0, tools)
    import kist_wire as wire
    from kist_writer import cbor, plain_hash

    def say(data):
        while data: data = data[os.write(1, data):]

    def read(count):
        data = b""
        while len(data) < count:
            part = os.read(0, count - len(data))
            if not part: sys.exit(0)
            data += part
        return data

    name = sorted(os.listdir(folder + "/records"))[-1]
    record = bytearray(open(folder + "/records/" + name, "rb").read())
    record[-1] ^= 1
    item = {"wrong hash": b"something else"}.get(case, bytes(record))
    named = bytes(32) if case == "wrong hash" else plain_hash(item)
    fields = wire.hello_fields("test", bytes.fromhex(repository), b"", ["give"], [],
                               [(wire.RECORDS, [named])])
    if case == "version": fields[1] = 2
    if case == "other repository": fields[3] = bytes(32)
    say(wire.PREAMBLE + wire.frame(1, cbor(fields)))
    if case == "gone": sys.exit(0)
    if case == "status 3": sys.exit(3)
    if case == "long frame": say(wire.frame(6, length=0x7FFFFFFF))
    if case == "unknown type": say(wire.frame(90))
    if case == "broken cbor": say(wire.frame(11, b"\\xff\\xff"))
    read(16)
    while True:
        count, kind = struct.unpack("<IB", read(8)[:5])
        payload = read(count)
        if kind == 2:
            names = [named] if payload[0] == wire.RECORDS else []
            # One question, for the whole set.
            say(wire.nodes(payload[0], [wire.node(payload[0], names, "")]))
        if kind == 4 and payload[0] == wire.RECORD:
            for _ in range((count - 4) // 32):
                say(wire.item(wire.RECORD, named, 0, len(item), item))
        elif kind == 4:
            for at in range(4, count, 32): say(wire.absent(payload[0], payload[at:at + 32]))
        if kind in (11, 12): sys.exit(0)

    """

  private func peer(_ name: String) -> String {
    "exec python3 '\(place.path("peer"))' '\(Programs.tool(""))' '\(name)' \(repository) "
      + "'\(place.repository)'"
  }

  @Test func `each is told in words, with what to do, and leaves nothing`() throws {
    let before = try place.files(below: "repository")
    for (name, status, words, advice) in [
      ("version", 1, "speaks version 2 of the mirror protocol", "Update the older of the two."),
      ("other repository", 22, "holds another repository (00000000)", "A mirror is a copy"),
      ("gone", 1, "went away in the middle", "Run the same command again"),
      ("status 3", 1, "ended with status 3", "run it by hand"),
      ("long frame", 1, "sent a frame of type 6 with 2,147,483,647 bytes", "same version of kist"),
      ("unknown type", 1, "sent a message of type 90", "same version of kist"),
      ("broken cbor", 1, "broke the mirror protocol", "same version of kist"),
      ("wrong hash", 22, "is something else", "is at fault"),
      ("forged record", 22, "is ignored: its signature is wrong", "Run `kist check` at"),
    ] as [(String, Int32, String, String)] {
      let outcome = try place.kist("mirror", "pull", "--via", peer(name))
      #expect(outcome.status == status, "\(name): \(outcome)")
      #expect(outcome.errors.contains(words), "\(name): \(outcome)")
      #expect(outcome.errors.contains(advice), "\(name): \(outcome)")
      #expect(!outcome.errors.contains("MirrorError"), "\(name): \(outcome)")
      #expect(try place.files(below: "repository") == before, "\(name)")
    }
    try place.requireClean("--read-data")
    let json = try place.kist("mirror", "pull", "--json", "--via", peer("forged record"))
    let told = try #require(try JSON.lines(json.errors).last)
    #expect(try JSON.number(told, "code") == 22)
    #expect(try JSON.text(told, "message").contains("signature"))
  }

  @Test func `a repository on another machine that is not one is told in words`() throws {
    for (name, words, advice) in [
      ("version", "speaks version 2 of the protocol", "Update the older of the two."),
      ("gone", "does not serve a repository", "Update kist there."),
    ] {
      let outcome = try place.kist("snapshots", "-r", "pipe:" + peer(name))
      #expect(outcome.status == 1, "\(name): \(outcome)")
      #expect(outcome.errors.contains(words), "\(name): \(outcome)")
      #expect(outcome.errors.contains(advice), "\(name): \(outcome)")
    }
  }

  @Test func `a line that breaks is told in words, and nothing half is there`() throws {
    let serve = "'\(Programs.kist)' serve --stdio --repo '\(place.repository)'"
    let copy = place.path("copy")
    let script = """
      import os, sys
      left = int(sys.argv[1])
      while left > 0 and (part := os.read(0, min(left, 65536))):
          left -= len(part)
          while part: part = part[os.write(1, part):]
      """
    try place.write(Array(script.utf8), to: "cut")
    // The other end hears no more after so many bytes, and goes.
    for count in [100, 200, 300] {
      let cut = "python3 '\(place.path("cut"))' \(count) | \(serve)"
      let outcome = try place.kist("mirror", "pull", "--init", "-r", copy, "--via", cut)
      #expect(outcome.status == 1, "\(count): \(outcome)")
      let isTold =
        outcome.errors.contains("` went away in the middle")
        || outcome.errors.contains("` ended with status 1")
      #expect(isTold, "\(count): \(outcome)")
      #expect(outcome.errors.contains("Nothing half-received is visible."), "\(outcome)")
      let checked = try place.kist("check", "--without-key", "-r", copy)
      // A copy that was hardly begun has nothing yet that opens it.
      let isBegun = checked.status == 20 && checked.errors.contains("was cut off, run it again")
      #expect([0, 10].contains(checked.status) || isBegun, "\(count): \(checked)")
      let listed = try place.kist("snapshots", "-r", "pipe:" + cut)
      // A short session fits.
      if listed.status != 0 {
        #expect(listed.status == 1, "\(count): \(listed)")
        let isTold =
          listed.errors.contains("the line to") || listed.errors.contains("ended with status 1")
        #expect(isTold, "\(count): \(listed)")
      }
    }
    let done = try place.kist("mirror", "pull", "--init", "-r", copy, "--via", serve)
    #expect(done.status == 0, "\(done)")
    try place.requireClean("--read-data", "-r", copy)
  }
}
