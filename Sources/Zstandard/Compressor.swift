internal import CZstd

/// Compresses single frames at one level.
///
/// One a thread.
///
/// Frames state their content size and carry no checksum and no dictionary id. The corresponding C
/// function is `ZSTD_compress2`.
@safe
package struct Compressor: ~Copyable {
  private let context: OpaquePointer

  /// Makes a context for `level`; 0 is the library's default, negative levels are its fast ones.
  package init(level: Int) throws(ZstandardError) {
    guard let value = Int32(exactly: level), ZSTD_minCLevel() <= value, value <= ZSTD_maxCLevel()
    else { throw .level(level) }
    guard let context = unsafe ZSTD_createCCtx() else { throw .library("no memory") }
    for (parameter, value) in [
      (ZSTD_c_compressionLevel, value), (ZSTD_c_checksumFlag, 0), (ZSTD_c_contentSizeFlag, 1),
      (ZSTD_c_dictIDFlag, 0),
    ] {
      let code = unsafe ZSTD_CCtx_setParameter(context, parameter, value)
      guard ZSTD_isError(code) == 0 else {
        _ = unsafe ZSTD_freeCCtx(context)
        throw .library(ZstandardLibrary.name(of: code))
      }
    }
    unsafe self.context = context
  }

  deinit { _ = unsafe ZSTD_freeCCtx(context) }

  /// Appends one frame with all of `input` to `output`, which is unchanged after an error.
  package mutating func compress(
    _ input: borrowing Span<UInt8>,
    appendingTo output: inout [UInt8]
  ) throws(ZstandardError) {
    let bound = ZSTD_compressBound(input.count)
    guard ZSTD_isError(bound) == 0 else { throw .library(ZstandardLibrary.name(of: bound)) }
    var code = 0
    let context = unsafe self.context
    unsafe input.withUnsafeBufferPointer { source in
      output.append(addingCapacity: bound) { span in
        unsafe span.withUnsafeMutableBufferPointer { target, count in
          unsafe code = ZSTD_compress2(
            context,
            target.baseAddress,
            target.count,
            source.baseAddress,
            source.count
          )
          count = ZSTD_isError(code) == 0 ? code : 0
        }
      }
    }
    guard ZSTD_isError(code) == 0 else { throw .library(ZstandardLibrary.name(of: code)) }
  }
}
