import Files

/// A few packs that stay open, so that reading an object is one call.
struct OpenPacks {
  private var files: [BlobName: OpenFile] = [:]
  private var order: [BlobName] = []

  func file(_ name: BlobName) -> OpenFile? { files[name] }

  mutating func keep(_ file: OpenFile, _ name: BlobName, limit: Int) {
    if files.updateValue(file, forKey: name) == nil { order.append(name) }
    while order.count > limit { files[order.removeFirst()] = nil }
  }

  mutating func forget(_ name: BlobName) {
    files[name] = nil
    order.removeAll { $0 == name }
  }
}
