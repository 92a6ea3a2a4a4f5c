internal import CFiles
internal import CSignals
internal import Glibc

/// Standard input, output and error.
package enum StandardStreams {
  /// Takes the places of standard streams that are closed, so that no file that is opened later gets one of them.
  ///
  /// What is written there is refused as before, and not put into a cache or a pack.
  package static func holdPlaces() {
    while true {
      // Such a descriptor can be neither read nor written. The system gives out the lowest number that is free.
      let descriptor = unsafe kist_openat(AT_FDCWD, "/", Int32(KIST_O_PATH), 0)
      guard (0...2).contains(descriptor) else {
        if descriptor > 2 { _ = Glibc.close(descriptor) }
        return
      }
    }
  }

  /// True if the descriptor is a terminal.
  package static func isTerminal(_ descriptor: Int32) -> Bool { isatty(descriptor) == 1 }

  /// Columns of the terminal; `nil` if it is none or does not say.
  package static func terminalWidth(_ descriptor: Int32) -> Int? {
    let width = kist_terminal_width(descriptor)
    return width > 0 ? Int(width) : nil
  }

  /// Writes all bytes; gives up silently when the reader has gone, because then nobody can be told.
  package static func write(_ bytes: [UInt8], to descriptor: Int32) {
    var done = 0
    while done < bytes.count {
      let count = unsafe bytes.withUnsafeBytes { buffer in
        unsafe Glibc.write(
          descriptor,
          buffer.baseAddress?.advanced(by: done),
          bytes.count - done
        )
      }
      if count < 0 {
        if errno == EINTR { continue }
        return
      }
      done += count
    }
  }
}

extension StandardStreams {
  /// Standard input, as a file of its own.
  package static func input() throws(FilesError) -> OpenFile { try duplicate(0) }

  /// Standard output, as a file of its own; where it is a pipe, one that does not wait for its reader.
  package static func output() throws(FilesError) -> OpenFile {
    // Opened anew: whoever shares the descriptor must not find it changed.
    let own = kist_reopen_pipe(1)
    guard own < 0 else { return OpenFile(descriptor: own, name: Array("standard stream".utf8)) }
    return try duplicate(1)
  }

  private static func duplicate(_ descriptor: Int32) throws(FilesError) -> OpenFile {
    let copy = dup(descriptor)
    guard copy >= 0 else { throw FilesError("dup", [], errno) }
    return OpenFile(descriptor: copy, name: Array("standard stream".utf8))
  }
}

/// The terminal of the person at the keyboard.
package enum Terminal {
  /// True if there is someone to ask.
  package static var isThere: Bool {
    let descriptor = unsafe kist_openat(AT_FDCWD, "/dev/tty", Int32(KIST_O_READ_WRITE), 0)
    guard descriptor >= 0 else { return false }
    _ = Glibc.close(descriptor)
    return true
  }

  /// What came of asking.
  package enum Reply {
    /// A line, without its end.
    case line([UInt8])
    /// The end of what is typed, as Ctrl-D makes it, before anything was.
    case end
    /// There is no terminal.
    case nobody
  }

  /// Asks on /dev/tty and reads a line without showing it.
  ///
  /// A signal that asks for a stop throws EINTR: what was typed until then is no secret that anyone meant.
  package static func readSecret(prompt: String, limit: Int) throws(FilesError) -> Reply {
    let path = Array("/dev/tty".utf8)
    let descriptor = try unsafe CName.with(path, .text, for: "open") {
      unsafe kist_openat(AT_FDCWD, $0, Int32(KIST_O_READ_WRITE), 0)
    }
    guard descriptor >= 0 else { return .nobody }
    let terminal = OpenFile(descriptor: descriptor, name: path)
    guard kist_hide_typing(descriptor) == 0 else { return .nobody }
    defer {
      kist_show_typing()
      StandardStreams.write([10], to: descriptor)
    }
    try terminal.write(Array(prompt.utf8).span)
    var line: [UInt8] = []
    while line.count < limit {
      var byte: UInt8 = 0
      let count = unsafe kist_read_stoppable(descriptor, &byte, 1)
      _ = try SystemCall.check(count, "read", path)
      if count == 0, line.isEmpty { return .end }
      if count == 0 || byte == 10 || byte == 13 { break }
      line.append(byte)
    }
    return .line(line)
  }
}
