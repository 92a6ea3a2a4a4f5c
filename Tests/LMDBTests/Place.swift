import Glibc
import LMDB

/// A fresh folder below the system's temporary one, removed with all that is in it.
final class Place {
  let path: String

  init() {
    var template = Array("/tmp/kist-lmdb-XXXXXX".utf8CString)
    path = unsafe template.withUnsafeMutableBufferPointer { characters in
      guard let base = characters.baseAddress, let made = unsafe mkdtemp(base) else {
        fatalError("mkdtemp failed: \(errno)")
      }
      return unsafe String(cString: made)
    }
  }

  deinit {
    for name in ["data.mdb", "lock.mdb", CacheFaults.mark] { _ = unsafe unlink(path + "/" + name) }
    _ = unsafe rmdir(path)
  }

  var dataPath: String { path + "/data.mdb" }

  func environment(
    mapByteCount: Int = 1 << 30,
    durability: Durability = .relaxed,
    access: Access = .readWrite
  ) throws(LMDBError) -> Environment {
    try Environment(
      directory: path,
      mapByteCount: mapByteCount,
      databases: 4,
      durability: durability,
      access: access
    )
  }

  var dataByteCount: Int {
    var status = stat()
    return unsafe stat(dataPath, &status) == 0 ? status.st_size : -1
  }

  func truncateData(to count: Int) {
    guard unsafe truncate(dataPath, count) == 0 else { fatalError("truncate: \(errno)") }
  }

  /// Bytes of the data file.
  func data(_ count: Int, at offset: Int) -> [UInt8] {
    let descriptor = unsafe open(dataPath, O_RDONLY)
    defer { _ = close(descriptor) }
    var bytes = [UInt8](repeating: 0, count: count)
    guard unsafe pread(descriptor, &bytes, count, offset) == count else {
      fatalError("pread: \(errno)")
    }
    return bytes
  }

  /// Writes `bytes` over the data file.
  func patchData(_ bytes: [UInt8], at offset: Int) {
    let descriptor = unsafe open(dataPath, O_WRONLY)
    defer { _ = close(descriptor) }
    guard unsafe pwrite(descriptor, bytes, bytes.count, offset) == bytes.count else {
      fatalError("pwrite: \(errno)")
    }
  }
}
