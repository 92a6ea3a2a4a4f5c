import CFiles
internal import CSignals
internal import Glibc

/// Facts of this process and its surroundings.
package enum ProcessEnvironment {
  /// The bytes of a variable of the environment, which need not be text.
  package static func variable(_ name: [UInt8]) -> [UInt8]? {
    // No variable has a zero byte in its name; the system would take the part before it.
    guard !name.contains(0) else { return nil }
    let value = unsafe (name + [0]).withUnsafeBufferPointer { buffer in
      unsafe buffer.withMemoryRebound(to: CChar.self) { text in
        unsafe text.baseAddress.flatMap { unsafe getenv($0) }
      }
    }
    guard let value = unsafe value else { return nil }
    return unsafe bytes(value)
  }

  /// The user whose rights the process has.
  package static var userID: UInt32 { geteuid() }

  /// The group whose rights the process has.
  package static var groupID: UInt32 { getegid() }

  /// Has blocks of a MiB or more go back to the system as soon as they are freed, and threads share what is free.
  ///
  /// For work that needs long lists for a moment; to be called before threads are started.
  package static func keepFreedMemorySmall() { kist_keep_freed_memory_small() }

  /// Gives memory that was freed back to the system; costs as much as there is of it.
  package static func returnFreeMemory() { kist_return_free_memory() }

  /// The machine's name.
  package static var hostName: String {
    var buffer = [CChar](repeating: 0, count: 256)
    guard unsafe gethostname(&buffer, buffer.count - 1) == 0 else { return "unknown" }
    return text(buffer)
  }

  /// The working folder's path.
  package static func workingFolder() throws(FilesError) -> [UInt8] {
    guard let path = unsafe getcwd(nil, 0) else { throw FilesError("getcwd", [], errno) }
    defer { unsafe free(path) }
    return unsafe bytes(path)
  }

  /// Raises the number of files that may be open to what is allowed: a deep tree keeps a handle a level.
  package static func raiseFileLimit() throws(FilesError) {
    var limit = rlimit()
    guard unsafe getrlimit(__rlimit_resource_t(7), &limit) == 0 else {  // RLIMIT_NOFILE
      throw FilesError("getrlimit", [], errno)
    }
    limit.rlim_cur = min(limit.rlim_max, 1 << 20)
    guard unsafe setrlimit(__rlimit_resource_t(7), &limit) == 0 else {
      throw FilesError("setrlimit", [], errno)
    }
  }

  /// Arguments of this process that are not UTF-8; as text they name something else.
  package static var argumentsThatAreNoText: [[UInt8]] {
    stride(from: 1, to: Int(CommandLine.argc), by: 1).compactMap { index in
      guard let argument = unsafe CommandLine.unsafeArgv[index],
        unsafe String(validatingCString: argument) == nil
      else { return nil }
      return unsafe bytes(argument)
    }
  }

  /// The bytes before the zero.
  private static func bytes(_ text: UnsafePointer<CChar>) -> [UInt8] {
    unsafe Array(UnsafeRawBufferPointer(start: text, count: strlen(text)))
  }

  /// Ends the process.
  package static func exit(_ status: Int32) -> Never { Glibc.exit(status) }

  static func text(_ buffer: [CChar]) -> String {
    String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }
}

/// Names of users and groups.
///
/// Sources: getpwuid_r(3), getgrgid_r(3).
package enum AccountNames {
  /// A user's name; `nil` if the machine does not know the number.
  package static func user(_ id: UInt32) -> String? {
    var record = unsafe passwd()
    var buffer = [CChar](repeating: 0, count: 16_384)
    var found: UnsafeMutablePointer<passwd>?
    guard unsafe getpwuid_r(id, &record, &buffer, buffer.count, &found) == 0,
      let found = unsafe found, let name = unsafe found.pointee.pw_name
    else { return nil }
    return unsafe String(cString: name)
  }

  /// A group's name; `nil` if the machine does not know the number.
  package static func group(_ id: UInt32) -> String? {
    var record = unsafe Glibc.group()
    var buffer = [CChar](repeating: 0, count: 65_536)
    var found: UnsafeMutablePointer<Glibc.group>?
    guard unsafe getgrgid_r(id, &record, &buffer, buffer.count, &found) == 0,
      let found = unsafe found, let name = unsafe found.pointee.gr_name
    else { return nil }
    return unsafe String(cString: name)
  }
}

extension AccountNames {
  /// A user's number; `nil` if the machine does not know the name.
  ///
  /// Source: getpwnam_r(3).
  package static func userID(named name: String) -> UInt32? {
    var record = unsafe passwd()
    var buffer = [CChar](repeating: 0, count: 16_384)
    var found: UnsafeMutablePointer<passwd>?
    guard unsafe getpwnam_r(name, &record, &buffer, buffer.count, &found) == 0 else { return nil }
    return unsafe found?.pointee.pw_uid
  }

  /// A group's number; `nil` if the machine does not know the name.
  ///
  /// Source: getgrnam_r(3).
  package static func groupID(named name: String) -> UInt32? {
    var record = unsafe Glibc.group()
    var buffer = [CChar](repeating: 0, count: 65_536)
    var found: UnsafeMutablePointer<Glibc.group>?
    guard unsafe getgrnam_r(name, &record, &buffer, buffer.count, &found) == 0 else { return nil }
    return unsafe found?.pointee.gr_gid
  }
}

/// Clocks.
package enum SystemClock {
  /// Time of day.
  package static func now() -> Timestamp { read(CLOCK_REALTIME) }

  /// What the kernel would write on a file that changed now: the time of day at its last tick.
  ///
  /// Source: clock_gettime(2), CLOCK_REALTIME_COARSE; inode_timestamp of the kernel.
  package static func stamp() -> Timestamp { read(CLOCK_REALTIME_COARSE) }

  /// Nanoseconds that never go back.
  package static func monotonicNanoseconds() -> UInt64 {
    let time = read(CLOCK_MONOTONIC)
    return UInt64(time.seconds) * 1_000_000_000 + UInt64(time.nanoseconds)
  }

  /// Waits so long, or until a signal comes.
  package static func sleep(nanoseconds: UInt64) {
    guard nanoseconds > 0 else { return }
    var time = timespec(
      tv_sec: Int(nanoseconds / 1_000_000_000),
      tv_nsec: Int(nanoseconds % 1_000_000_000)
    )
    _ = unsafe nanosleep(&time, nil)
  }

  private static func read(_ clock: clockid_t) -> Timestamp {
    var time = timespec()
    unsafe clock_gettime(clock, &time)
    return Timestamp(seconds: Int64(time.tv_sec), nanoseconds: UInt32(time.tv_nsec))
  }
}

/// Asks whether a signal wants the process to stop.
package enum InterruptFlag {
  /// Catches SIGINT, SIGTERM and SIGHUP from now on; the second of them ends the process at once.
  ///
  /// `lastWords` is written to standard error when the process must be ended because a call to the
  /// system does not return; with status 130.
  package static func install(lastWords: String) {
    kist_install_interrupts()
    // Ignored: without this watch a second signal, or SIGKILL, ends what does not end by itself.
    _ = unsafe kist_watch_stops(strdup(lastWords))
  }

  /// True once one came.
  package static var isRaised: Bool { kist_interrupted() != 0 }
}
