import Files

/// Replaces a file of the state folder, whole or not at all.
enum StateFile {
  /// An error names the file that was to be replaced: that of the moment means nothing to a person.
  static func write(
    _ bytes: [UInt8],
    to name: String,
    in folder: DirectoryHandle,
    at path: String
  ) throws(FilesError) {
    do {
      let temporary = try TemporaryFile(in: folder)
      try temporary.append(bytes)
      try temporary.publish(as: Array(name.utf8), in: folder, replacing: .allow)
    } catch {
      throw FilesError(error.operationName, Array("\(path)/\(name)".utf8), error.errno)
    }
  }
}
