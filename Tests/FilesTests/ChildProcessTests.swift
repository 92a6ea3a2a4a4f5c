import Files
import Testing

@Suite("Child processes") struct ChildProcessTests {
  private func end(_ child: ChildProcess) throws -> ChildProcess.End? {
    try child.end(upToMilliseconds: 5000)
  }

  @Test func `what a program writes can be read, and how it ended is known`() throws {
    let child = try ChildProcess(["sh", "-c", "printf 'a b'; exit 3", "ignored"])
    #expect(try child.output.readAll(limit: 100) == Array("a b".utf8))
    #expect(try end(child) == .exited(status: 3))
    #expect(try end(child) == .exited(status: 3))
  }

  @Test func `arguments arrive as they are`() throws {
    let child = try ChildProcess(["printf", "%s|", "", "a b", "$HOME", "é\n"])
    #expect(try child.output.readAll(limit: 100) == Array("|a b|$HOME|é\n|".utf8))
    #expect(try end(child) == .exited(status: 0))
  }

  @Test func `a program that is not there is said by the system`() {
    #expect {
      try ChildProcess(["no-such-program-anywhere"])
    } throws: { error in
      (error as? FilesError)?.isNotFound == true
    }
  }

  @Test func `one that is asked to end does, and one that will not is ended`() throws {
    let willing = try ChildProcess(["sleep", "60"])
    #expect(try willing.end(upToMilliseconds: 20) == nil)
    willing.terminate()
    #expect(try end(willing) == .killed(signal: 15))
    let stubborn = try ChildProcess(["sh", "-c", "trap '' TERM; echo; while :; do sleep 0.1; done"])
    #expect(try stubborn.output.isReadable(withinMilliseconds: 5000))
    stubborn.terminate()
    #expect(try end(stubborn) == .killed(signal: 9))
  }

  @Test func `a program notices that nobody reads it`() throws {
    var child: ChildProcess? = try ChildProcess(["sh", "-c", "kill -PIPE $$; echo ignored"])
    let text = try #require(child).output
    #expect(try text.readAll(limit: 100).isEmpty)
    #expect(try end(try #require(child)) == .killed(signal: 13))
    child = nil
  }

  @Test func `waiting for input ends when there is some, or when the time is over`() throws {
    let child = try ChildProcess(["sh", "-c", "sleep 0.3; echo x"])
    #expect(try !child.output.isReadable(withinMilliseconds: 20))
    #expect(try child.output.isReadable(withinMilliseconds: 5000))
    child.terminate()
  }
}
