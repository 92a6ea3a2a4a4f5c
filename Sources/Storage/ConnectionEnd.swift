package import Files

/// How the line to a store on another machine ended.
package enum ConnectionEnd: Error, Equatable, Sendable {
  /// The other end went away.
  case closed
  /// The program that connects ended with this status; above 128, by the signal of that number less 128.
  case command(status: Int32)
  /// The other end spoke something else: its first bytes.
  case noise([UInt8])
  /// Nothing came for so long.
  case silent(seconds: Int)
  /// The other end broke the protocol: what it sent.
  case malformed(String)
  /// The other end speaks another version.
  case version(UInt64)
  /// The program there mirrors, but is too old to serve a store.
  case servesNoStore(program: String)
  /// The other end gave up, for this reason.
  case stopped(code: UInt64, text: String)
  /// The system refused to read or write.
  case system(FilesError)
  /// A thread could not be started.
  case threads(errno: Int32)
}
