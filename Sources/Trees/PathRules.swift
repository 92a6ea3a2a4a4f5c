/// Throws unless `path` is empty or names joined by `/`.
func validate(relativePath path: [UInt8]) throws(TreeError) {
  guard path.count <= TreeLimits.pathByteCount else { throw .illegalPath(path) }
  guard !path.isEmpty else { return }
  var start = 0
  while true {
    var end = start
    while end < path.count, path[end] != UInt8(ascii: "/") { end += 1 }
    try validate(name: path[start..<end])
    guard end < path.count else { return }
    start = end + 1
  }
}

/// Throws unless `path` begins with `/` and is clean: no `.`, `..`, or doubled or last `/`.
func validate(absolutePath path: [UInt8]) throws(TreeError) {
  guard path.first == UInt8(ascii: "/"), path.count <= TreeLimits.pathByteCount else {
    throw .illegalPath(path)
  }
  try validate(relativePath: Array(path.dropFirst()))
}
