import Foundation
import Testing

@Suite("Attributes that cannot be read or set", .enabled(if: FailingCalls.isPossible))
struct AttributeTests {
  private let place: Place

  /// One file with two attributes, and one with none.
  init() throws {
    place = try Place()
    try place.initialize()
    try place.write(Array("content".utf8), to: "source/file")
    try place.write([1], to: "source/plain")
    let path = place.path("source/file")
    for (name, value) in [("user.a", "one"), ("user.b", "two")] {
      let line = "import os, sys; os.setxattr(sys.argv[1], sys.argv[2], sys.argv[3].encode())"
      try place.call("python3", "-c", line, path, name, value)
    }
  }

  private func attributes(_ name: String) throws -> [Substring] {
    let line = "import os, sys; print(*sorted(os.listxattr(sys.argv[1])), sep='\\n')"
    return try place.run(["python3", "-c", line, place.path(name)]).output.split(separator: "\n")
      .filter { $0.hasPrefix("user.") }
  }

  @Test func `one that cannot be read is named, and the others are saved`() throws {
    let (made, calls) = try place.kist(
      ["backup", "--jobs", "1", place.path("source")],
      answering: "fgetxattr:error=EIO:when=1",
      only: [place.path("source/file")]
    )
    #expect(calls.contains { $0.contains("(INJECTED)") }, "\(calls)")
    #expect(made.status == 3, "\(made)")
    let words = "source/file: saved without attribute user.a: Input/output error\n"
    #expect(made.errors.contains(words), "\(made)")
    let restored = try place.kist("restore", "latest", "--target", place.path("out"))
    #expect(restored.status == 0, "\(restored)")
    #expect(try attributes("out/file") == ["user.b"])
    #expect(try place.bytes("out/file") == Array("content".utf8))
    // What it lacked is read the next time.
    #expect(try place.kist("backup", place.path("source")).status == 0)
    #expect(try place.kist("restore", "latest", "--target", place.path("out")).status == 0)
    #expect(try attributes("out/file") == ["user.a", "user.b"])
  }

  @Test func `one that cannot be set is named, and the others are set`() throws {
    try #require(try place.kist("backup", "-q", place.path("source")).status == 0)
    for (error, words) in [
      ("EIO", "file: attribute user.a not set: Input/output error\n"),
      ("EOPNOTSUPP", "attribute user.a of 1 entry not set: not permitted, or not supported here\n"),
    ] {
      let (restored, calls) = try place.kist(
        ["restore", "latest", "--jobs", "1", "--target", place.path("out-" + error)],
        answering: "fsetxattr:error=\(error):when=1"
      )
      #expect(calls.contains { $0.contains("(INJECTED)") }, "\(calls)")
      #expect(restored.status == 3, "\(restored)")
      #expect(restored.errors.contains(words), "\(restored)")
      #expect(try attributes("out-\(error)/file") == ["user.b"])
      #expect(try place.bytes("out-\(error)/file") == Array("content".utf8))
    }
  }
}
