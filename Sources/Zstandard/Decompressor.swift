internal import CZstd

/// Decompresses single frames of known size.
///
/// One a thread.
@safe
package struct Decompressor: ~Copyable {
  private let context: OpaquePointer

  /// Makes a context.
  package init() throws(ZstandardError) {
    guard let context = unsafe ZSTD_createDCtx() else { throw .library("no memory") }
    unsafe self.context = context
  }

  deinit { _ = unsafe ZSTD_freeDCtx(context) }

  /// Appends the content of `input`: one frame that states `count` bytes of content, nothing more.
  ///
  /// Nothing is allocated before the frame was found to state `count`; the caller sets the limit
  /// for it. `output` is unchanged after an error. The corresponding C function is
  /// `ZSTD_decompressDCtx`.
  package mutating func decompress(
    _ input: borrowing Span<UInt8>,
    exactly count: Int,
    appendingTo output: inout [UInt8]
  ) throws(ZstandardError) {
    try unsafe input.withUnsafeBufferPointer { (source) throws(ZstandardError) in
      unsafe try check(source, count)
    }
    var code = 0
    let start = output.count
    let context = unsafe self.context
    unsafe input.withUnsafeBufferPointer { source in
      output.append(addingCapacity: count) { span in
        unsafe span.withUnsafeMutableBufferPointer { target, written in
          // The array may lend more than was asked for: the frame gets no more than it stated.
          unsafe code = ZSTD_decompressDCtx(
            context,
            target.baseAddress,
            count,
            source.baseAddress,
            source.count
          )
          written = ZSTD_isError(code) == 0 ? code : 0
        }
      }
    }
    guard ZSTD_isError(code) == 0 else { throw .corrupt(ZstandardLibrary.name(of: code)) }
    guard code == count else {
      output.removeLast(output.count - start)
      throw .sizeMismatch(declared: count, found: UInt64(code))
    }
  }

  private func check(_ input: UnsafeBufferPointer<UInt8>, _ count: Int) throws(ZstandardError) {
    // Skippable and old frames have other magic numbers, and would pass what follows as empty.
    guard unsafe input.prefix(4).elementsEqual([0x28, 0xB5, 0x2F, 0xFD]) else {
      throw .corrupt("no frame")
    }
    let stated = unsafe ZSTD_getFrameContentSize(input.baseAddress, input.count)
    // Source: zstd.h, ZSTD_CONTENTSIZE_UNKNOWN and ZSTD_CONTENTSIZE_ERROR.
    guard stated != UInt64.max - 1 else { throw .corrupt("no frame header") }
    let found = stated == UInt64.max ? nil : stated
    guard found == UInt64(exactly: count) else {
      throw .sizeMismatch(declared: count, found: found)
    }
    let frame = unsafe ZSTD_findFrameCompressedSize(input.baseAddress, input.count)
    guard ZSTD_isError(frame) == 0 else { throw .corrupt(ZstandardLibrary.name(of: frame)) }
    guard frame == input.count else {
      throw .corrupt("\(input.count - frame) bytes behind the frame")
    }
  }
}
