import Encoding
package import Trees

/// Entries as the scan cache keeps them.
package enum EncodedEntry {
  /// The entry; `nil` if the bytes are not exactly one: the cache is never trusted.
  package static func decode(_ bytes: [UInt8]) -> TreeEntry? {
    var reader = CBORReader(bytes)
    do {
      let entry = try TreeEntry(decoding: &reader)
      try reader.finish()
      return entry
    } catch {
      return nil
    }
  }
}
