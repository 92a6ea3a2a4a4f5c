/// Why zstd refused.
package enum ZstandardError: Error, Equatable, Sendable {
  /// The library knows no such level.
  case level(Int)
  /// The input is not exactly one well-formed frame; carries what is wrong.
  case corrupt(String)
  /// The caller was told `declared` bytes of content, and the frame says `found`, or nothing.
  case sizeMismatch(declared: Int, found: UInt64?)
  /// A context could not be made, or the library refused; carries its name for the error.
  case library(String)
}
