import CFiles
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
