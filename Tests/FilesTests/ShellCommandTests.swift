import Files
import Glibc
import Testing

@Suite("A shell command") struct ShellCommandTests {
  @Test func `its output and status come back`() throws {
    let plain = try ShellCommand.output(of: "printf 'a b'; exit 3", limit: 10)
    #expect(plain.bytes == Array("a b".utf8))
    #expect(plain.status == 3)
    #expect(try ShellCommand.output(of: "kill -KILL $$", limit: 10).status == 137)
    #expect(try ShellCommand.output(of: "exec no-such-program 2>&-", limit: 10).status == 127)
  }

  @Test func `more than was allowed is an error, and ends it`() throws {
    #expect { try ShellCommand.output(of: "yes", limit: 100_000) } throws: {
      ($0 as? FilesError)?.errno == EFBIG
    }
    let exact = try ShellCommand.output(of: "head -c 100000 /dev/zero", limit: 100_000)
    #expect(exact.bytes.count == 100_000)
  }

  @Test func `it gets its signals as this process got them`() async {
    await #expect(processExitsWith: .success) {
      var stops = sigset_t()
      unsafe sigemptyset(&stops)
      unsafe sigaddset(&stops, SIGUSR1)
      unsafe sigaddset(&stops, SIGTERM)
      unsafe pthread_sigmask(SIG_SETMASK, &stops, nil)
      InterruptFlag.install(lastWords: "")
      unsafe sigaddset(&stops, SIGUSR2)
      unsafe pthread_sigmask(SIG_BLOCK, &stops, nil)
      // SIGPIPE is ignored here, SIGTERM is a stop, SIGUSR2 is blocked since, SIGUSR1 was before.
      for (signal, status) in [("PIPE", Int32(141)), ("TERM", 143), ("USR2", 140), ("USR1", 0)] {
        let found = try ShellCommand.output(of: "kill -\(signal) $$", limit: 10)
        #expect(found.status == status, "\(signal)")
      }
    }
  }

  @Test func `a stop ends it, and its output is no answer`() async {
    await #expect(processExitsWith: .success) {
      InterruptFlag.install(lastWords: "")
      raise(SIGINT)
      #expect { try ShellCommand.output(of: "echo part; exec sleep 60", limit: 100) } throws: {
        ($0 as? FilesError)?.isInterrupted == true
      }
    }
  }
}
