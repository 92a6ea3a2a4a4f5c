internal import CZstd

/// The library as a whole.
package enum ZstandardLibrary {
  /// Version of the library that runs, as in `1.5.4`.
  package static var version: String {
    guard let text = unsafe ZSTD_versionString() else { return "unknown" }
    return unsafe String(cString: text)
  }

  /// Name of an error code.
  static func name(of code: Int) -> String {
    guard let text = unsafe ZSTD_getErrorName(code) else { return "error \(code)" }
    return unsafe String(cString: text)
  }
}
