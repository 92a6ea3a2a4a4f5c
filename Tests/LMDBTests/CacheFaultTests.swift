import Glibc
import Testing

@testable import LMDB

@Suite("A fault") struct CacheFaultTests {
  private static let messages = CacheMessages(
    again: CacheMessage(before: "again ", after: "\n"),
    stopped: CacheMessage(before: "stopped ", after: "\n"),
    hopeless: CacheMessage(before: "hopeless ", after: "\n"),
    form: .plain
  )

  /// Reads where nothing is.
  private static func fall() {
    _ = unsafe UnsafePointer<UInt8>(bitPattern: 16)?.pointee
  }

  private static func hasMark(_ path: String) -> Bool {
    unsafe access(path + "/" + CacheFaults.mark, F_OK) == 0
  }

  @Test func `in a transaction marks the cache and ends the process with 1`() async throws {
    let place = Place()
    let path = place.path
    await #expect(processExitsWith: .exitCode(1)) { [path = path as String] in
      // Run again often enough.
      unsafe setenv("KIST_RERUN", "3", 1)
      try CacheFaults.install(Self.messages)
      let environment = try Environment(directory: path, databases: 1)
      let thread = try environment.read { _ in
        Self.fall()
        return 1
      }
      _ = thread
    }
    #expect(Self.hasMark(path))
  }

  @Test func `of an assertion does the same, and so does abort`() async throws {
    let place = Place()
    let path = place.path
    await #expect(processExitsWith: .exitCode(1)) { [path = path as String] in
      CacheFaults.forbidRerun()
      try CacheFaults.install(Self.messages)
      let environment = try Environment(directory: path, databases: 1)
      try environment.read { _ in abort() }
    }
    #expect(Self.hasMark(path))
  }

  @Test func `outside of a transaction ends the process as it always did`() async throws {
    let place = Place()
    let path = place.path
    await #expect(processExitsWith: .signal(SIGSEGV)) { [path = path as String] in
      try CacheFaults.install(Self.messages)
      let environment = try Environment(directory: path, databases: 1)
      try environment.read { _ in }
      Self.fall()
    }
    #expect(!Self.hasMark(path))
  }

  @Test func `that a person sends is not the cache's`() async throws {
    let place = Place()
    let path = place.path
    await #expect(processExitsWith: .signal(SIGBUS)) { [path = path as String] in
      try CacheFaults.install(Self.messages)
      let environment = try Environment(directory: path, databases: 1)
      try environment.read { _ in
        _ = kill(getpid(), SIGBUS)
        // Another thread may be the one that gets it.
        sleep(60)
      }
    }
    #expect(!Self.hasMark(path))
  }

  @Test func `after a mark is answered once the command is over`() async throws {
    let place = Place()
    let path = place.path
    await #expect(processExitsWith: .exitCode(1)) { [path = path as String] in
      CacheFaults.forbidRerun()
      try CacheFaults.install(Self.messages)
      // Nothing is marked yet: nothing happens.
      CacheFaults.answerForMarkedCache()
      try Environment(directory: path, databases: 1).markSuspect()
      CacheFaults.answerForMarkedCache()
      exit(77)
    }
    #expect(Self.hasMark(path))
  }
}
