internal import Glibc

/// What one of the two meta pages says about the length of its file.
///
/// Source: `MDB_page` and `MDB_meta` in mdb.c of LMDB 0.9: page header of 16 bytes; magic, version,
/// address, map size; two trees of 48 bytes, the first of which begins with the page size; last
/// page; transaction. All in the byte order of the machine.
struct MetaPage {
  /// Bytes of a page of the file.
  let pageByteCount: Int
  /// Bytes that the file must have at least.
  let statedByteCount: UInt64

  private static let magic: UInt32 = 0xBEEF_C0DE
  private static let version: UInt32 = 1
  private static let byteCount = 16 + 24 + 2 * 48 + 16
  private static let magicOffset = 16
  private static let versionOffset = 20
  private static let pageSizeOffset = 40
  private static let lastPageOffset = 136
  /// From the smallest of which LMDB can be built to the largest, `MAX_PAGESIZE` in mdb.c.
  private static let pageByteCounts: ClosedRange<UInt32> = 256...65536

  init(readingFrom descriptor: Int32, at offset: Int) throws(LMDBError) {
    var bytes = [UInt8](repeating: 0, count: MetaPage.byteCount)
    let count = unsafe pread(descriptor, &bytes, bytes.count, offset)
    guard count >= 0 else { throw .system(operation: "pread", errno: errno) }
    guard count == bytes.count else { throw .damaged("the data file ends in its meta pages") }
    guard MetaPage.number(bytes, MetaPage.magicOffset, UInt32.self) == MetaPage.magic else {
      throw .damaged("no meta page at byte \(offset)")
    }
    let version = MetaPage.number(bytes, MetaPage.versionOffset, UInt32.self)
    guard version == MetaPage.version else { throw .damaged("version \(version) of the data file") }
    let size = MetaPage.number(bytes, MetaPage.pageSizeOffset, UInt32.self)
    guard MetaPage.pageByteCounts.contains(size), size.nonzeroBitCount == 1 else {
      throw .damaged("pages of \(size) bytes")
    }
    let last = MetaPage.number(bytes, MetaPage.lastPageOffset, UInt64.self)
    let (pages, carried) = last.addingReportingOverflow(1)
    let (stated, overflowed) = pages.multipliedReportingOverflow(by: UInt64(size))
    guard !carried, !overflowed else { throw .damaged("last page \(last)") }
    pageByteCount = Int(size)
    statedByteCount = stated
  }

  private static func number<Number: FixedWidthInteger>(
    _ bytes: [UInt8],
    _ offset: Int,
    _ type: Number.Type
  ) -> Number {
    // Safe: every offset is a constant within `byteCount`.
    unsafe bytes.withUnsafeBytes {
      unsafe $0.loadUnaligned(fromByteOffset: offset, as: type)
    }
  }
}
