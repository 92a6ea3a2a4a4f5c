internal import CSignals
internal import Glibc

extension OpenFile {
  /// What there is to read, up to `limit` bytes; empty at the end, `nil` if nothing came in time.
  ///
  /// A signal that asks for a stop ends the waiting and throws EINTR.
  func readStoppably(upTo limit: Int, waitMilliseconds: Int) throws(FilesError) -> [UInt8]? {
    let bytes = try readAvailable(upTo: limit, waitMilliseconds: waitMilliseconds)
    guard InterruptFlag.isRaised else { return bytes }
    throw FilesError("read", name, EINTR)
  }

  /// Everything from the current place to the end, which must not be longer than `limit` bytes.
  ///
  /// For what a person or another program writes: a signal that asks for a stop ends the waiting and throws
  /// EINTR. Throws EFBIG for more bytes.
  package func readAllStoppably(limit: Int) throws(FilesError) -> [UInt8] {
    var bytes: [UInt8] = []
    var part = [UInt8](repeating: 0, count: 1 << 16)
    while true {
      let count = unsafe kist_read_stoppable(descriptor, &part, part.count)
      // Opened so that it never waits; the next call does.
      if count == -Int(EAGAIN) { continue }
      if try SystemCall.check(count, "read", name) == 0 { return bytes }
      bytes += part[..<count]
      guard bytes.count <= limit else { throw FilesError("read", name, EFBIG) }
    }
  }
}
