internal import Glibc

/// What one of the two meta pages says.
///
/// Source: `MDB_page` and `MDB_meta` in mdb.c of LMDB 0.9: page header of 16 bytes; magic, version,
/// address, map size; two trees of 48 bytes, the first of which begins with the page size; last
/// page; transaction. All in the byte order of the machine.
struct MetaPage {
  /// Bytes of a page of the file.
  let pageByteCount: Int
  /// Pages that were ever used, these two among them.
  let pageCount: UInt64
  /// Bytes that the file must have at least.
  let statedByteCount: UInt64
  /// Number of the transaction that wrote it.
  let transaction: UInt64
  /// The tree of pages that are free again.
  let free: TreeRecord
  /// The tree of named tables.
  let main: TreeRecord

  private static let magic: UInt32 = 0xBEEF_C0DE
  private static let version: UInt32 = 1
  private static let byteCount = 16 + 24 + 2 * TreeRecord.byteCount + 16
  private static let magicOffset = 16
  private static let versionOffset = 20
  private static let freeOffset = 40
  private static let mainOffset = 88
  private static let lastPageOffset = 136
  private static let transactionOffset = 144
  /// From the smallest of which LMDB can be built to the largest, `MAX_PAGESIZE` in mdb.c.
  private static let pageByteCounts: ClosedRange<UInt32> = 256...65536

  init(readingFrom descriptor: Int32, at offset: Int) throws(LMDBError) {
    var bytes = [UInt8](repeating: 0, count: MetaPage.byteCount)
    let count = unsafe pread(descriptor, &bytes, bytes.count, offset)
    guard count >= 0 else { throw .system(operation: "pread", errno: errno) }
    guard count == bytes.count else { throw .damaged("the data file ends in its meta pages") }
    self = unsafe try bytes.span.withUnsafeBytes { (bytes) throws(LMDBError) in
      unsafe try MetaPage(bytes, at: offset)
    }
  }

  private init(_ bytes: UnsafeRawBufferPointer, at offset: Int) throws(LMDBError) {
    // Safe: there are `byteCount` bytes, and all that is read lies in them.
    func number<Number: FixedWidthInteger>(_ offset: Int, _ type: Number.Type) -> Number {
      unsafe bytes.loadUnaligned(fromByteOffset: offset, as: type)
    }
    guard number(MetaPage.magicOffset, UInt32.self) == MetaPage.magic else {
      throw .damaged("no meta page at byte \(offset)")
    }
    let version = number(MetaPage.versionOffset, UInt32.self)
    guard version == MetaPage.version else { throw .damaged("version \(version) of the data file") }
    let size = number(MetaPage.freeOffset, UInt32.self)
    guard MetaPage.pageByteCounts.contains(size), size.nonzeroBitCount == 1 else {
      throw .damaged("pages of \(size) bytes")
    }
    let last = number(MetaPage.lastPageOffset, UInt64.self)
    let (pages, carried) = last.addingReportingOverflow(1)
    let (stated, overflowed) = pages.multipliedReportingOverflow(by: UInt64(size))
    guard !carried, !overflowed else { throw .damaged("last page \(last)") }
    pageByteCount = Int(size)
    pageCount = pages
    statedByteCount = stated
    transaction = number(MetaPage.transactionOffset, UInt64.self)
    free = unsafe TreeRecord(bytes, at: MetaPage.freeOffset)
    main = unsafe TreeRecord(bytes, at: MetaPage.mainOffset)
  }

  /// True if the meta pages stand where their transactions put them, and one followed the other.
  static func areNeighbours(_ first: MetaPage, _ second: MetaPage) -> Bool {
    let (even, odd) = (first.transaction, second.transaction)
    // A new file has two of transaction 0.
    if even == 0, odd == 0 { return true }
    return even % 2 == 0 && odd % 2 == 1 && (even > odd ? even - odd : odd - even) == 1
  }
}

/// Where a tree of pages begins, and how much is in it.
///
/// Source: `MDB_db` in mdb.c of LMDB 0.9.
struct TreeRecord {
  let flags: UInt16
  let depth: UInt16
  let branchPages: UInt64
  let leafPages: UInt64
  let overflowPages: UInt64
  let entries: UInt64
  /// The topmost page; `noRoot` if there is none.
  let root: UInt64

  static let byteCount = 48
  static let noRoot = UInt64.max

  /// Reads the record at `offset`, where `byteCount` bytes must be.
  init(_ bytes: UnsafeRawBufferPointer, at offset: Int) {
    flags = unsafe bytes.loadUnaligned(fromByteOffset: offset + 4, as: UInt16.self)
    depth = unsafe bytes.loadUnaligned(fromByteOffset: offset + 6, as: UInt16.self)
    branchPages = unsafe bytes.loadUnaligned(fromByteOffset: offset + 8, as: UInt64.self)
    leafPages = unsafe bytes.loadUnaligned(fromByteOffset: offset + 16, as: UInt64.self)
    overflowPages = unsafe bytes.loadUnaligned(fromByteOffset: offset + 24, as: UInt64.self)
    entries = unsafe bytes.loadUnaligned(fromByteOffset: offset + 32, as: UInt64.self)
    root = unsafe bytes.loadUnaligned(fromByteOffset: offset + 40, as: UInt64.self)
  }
}
