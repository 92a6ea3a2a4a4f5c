internal import CFiles
internal import Glibc

/// An extended attribute: a name with its namespace, as in `user.comment`, and any bytes.
package struct ExtendedAttribute: Equatable, Sendable {
  package let name: [UInt8]
  package let value: [UInt8]

  package init(name: [UInt8], value: [UInt8]) {
    self.name = name
    self.value = value
  }
}

/// The extended attributes of one file, as far as the system gives them.
package struct AttributeReading: Sendable {
  /// Those that were read, sorted by name.
  package fileprivate(set) var found: [ExtendedAttribute] = []
  /// Names of those that are there and could not be read.
  package fileprivate(set) var refused: [[UInt8]] = []
  /// Why the first of those could not.
  package fileprivate(set) var refusal: FilesError?

  /// All of them; throws if one could not be read.
  func whole() throws(FilesError) -> [ExtendedAttribute] {
    if let refusal { throw refusal }
    return found
  }
}

/// How the attributes of one file are reached: by descriptor, or by path where a file cannot be opened.
protocol AttributeAccess {
  func list(_ buffer: UnsafeMutablePointer<CChar>?, _ count: Int) throws(FilesError) -> Int
  func get(
    _ name: [UInt8],
    _ buffer: UnsafeMutableRawPointer?,
    _ count: Int
  ) throws(FilesError) -> Int
}

/// flistxattr(2) and fgetxattr(2).
struct DescriptorAttributes: AttributeAccess {
  let descriptor: Int32

  func list(_ buffer: UnsafeMutablePointer<CChar>?, _ count: Int) -> Int {
    unsafe flistxattr(descriptor, buffer, count)
  }

  func get(
    _ name: [UInt8],
    _ buffer: UnsafeMutableRawPointer?,
    _ count: Int
  ) throws(FilesError) -> Int {
    try unsafe CName.with(name, .text, for: "fgetxattr") {
      unsafe fgetxattr(descriptor, $0, buffer, count)
    }
  }
}

/// llistxattr(2) and lgetxattr(2) below an open folder: links, devices, and what may not be opened.
struct NamedAttributes: AttributeAccess {
  let path: [UInt8]

  init(directory: Int32, name: [UInt8]) throws(FilesError) {
    unsafe try CName.with(name, for: "lgetxattr") { _ in }
    path = Array("/proc/self/fd/\(directory)/".utf8) + name
  }

  func list(_ buffer: UnsafeMutablePointer<CChar>?, _ count: Int) throws(FilesError) -> Int {
    try unsafe CName.with(path, .text, for: "llistxattr") { unsafe llistxattr($0, buffer, count) }
  }

  func get(
    _ name: [UInt8],
    _ buffer: UnsafeMutableRawPointer?,
    _ count: Int
  ) throws(FilesError) -> Int {
    try unsafe CName.with(path, .text, for: "lgetxattr") { (path) throws(FilesError) in
      try unsafe CName.with(name, .text, for: "lgetxattr") {
        unsafe lgetxattr(path, $0, buffer, count)
      }
    }
  }
}

/// Lists, reads and sets extended attributes.
///
/// Sources: listxattr(2), getxattr(2).
enum ExtendedAttributes {
  /// Largest value that is read: 16 MiB.
  ///
  /// Source: Formats/README.md §3.
  private static let valueLimit = 16 << 20
  private static let listLimit = 16 << 20
  /// A list or value that grows while it is read is asked for again, so often.
  private static let tries = 8

  /// All attributes; none where the file system knows none.
  ///
  /// Throws if they cannot be listed. One that cannot be read keeps no other from being read.
  static func read(
    name: [UInt8],
    _ access: some AttributeAccess
  ) throws(FilesError)
    -> AttributeReading
  {
    var reading = AttributeReading()
    guard
      let list = unsafe try grown(
        "listxattr",
        name,
        limit: listLimit,
        { (buffer, count) throws(FilesError) in
          unsafe try access.list(buffer?.assumingMemoryBound(to: CChar.self), count)
        }
      )
    else { return reading }
    for attribute in list.split(separator: 0) {
      do throws(FilesError) {
        let value = unsafe try grown("getxattr", name, limit: valueLimit) {
          (buffer, count) throws(FilesError) in
          unsafe try access.get(Array(attribute), buffer, count)
        }
        // Gone between the list and the call: as if it had not been there.
        if let value {
          reading.found.append(ExtendedAttribute(name: Array(attribute), value: value))
        }
      } catch {
        reading.refused.append(Array(attribute))
        if reading.refusal == nil { reading.refusal = error }
      }
    }
    reading.found.sort { $0.name.lexicographicallyPrecedes($1.name) }
    return reading
  }

  static func set(
    _ descriptor: Int32,
    _ attribute: [UInt8],
    _ value: [UInt8],
    _ name: [UInt8]
  ) throws(FilesError) {
    let code = try unsafe CName.with(attribute, .text, for: "fsetxattr") {
      unsafe fsetxattr(descriptor, $0, value, value.count, 0)
    }
    guard code == 0 else { throw FilesError("fsetxattr", name, errno) }
  }

  static func set(
    directory: Int32,
    name: [UInt8],
    _ attribute: [UInt8],
    _ value: [UInt8]
  ) throws(FilesError) {
    let path = try NamedAttributes(directory: directory, name: name).path
    let code = try unsafe CName.with(path, .text, for: "lsetxattr") { (path) throws(FilesError) in
      try unsafe CName.with(attribute, .text, for: "lsetxattr") {
        unsafe lsetxattr(path, $0, value, value.count, 0)
      }
    }
    guard code == 0 else { throw FilesError("lsetxattr", name, errno) }
  }

  static func remove(
    _ descriptor: Int32,
    _ attribute: [UInt8],
    _ name: [UInt8]
  ) throws(FilesError) {
    let code = try unsafe CName.with(attribute, .text, for: "fremovexattr") {
      unsafe fremovexattr(descriptor, $0)
    }
    guard code == 0 else { throw FilesError("fremovexattr", name, errno) }
  }

  static func remove(
    directory: Int32,
    name: [UInt8],
    _ attribute: [UInt8]
  ) throws(FilesError) {
    let path = try NamedAttributes(directory: directory, name: name).path
    let code = try unsafe CName.with(path, .text, for: "lremovexattr") {
      (path) throws(FilesError) in
      try unsafe CName.with(attribute, .text, for: "lremovexattr") {
        unsafe lremovexattr(path, $0)
      }
    }
    guard code == 0 else { throw FilesError("lremovexattr", name, errno) }
  }

  /// Calls with a buffer of 256 bytes, and with larger ones as long as it is too small.
  ///
  /// `nil`: there is nothing.
  private static func grown(
    _ operation: String,
    _ name: [UInt8],
    limit: Int,
    _ call: (UnsafeMutableRawPointer?, Int) throws(FilesError) -> Int
  ) throws(FilesError) -> [UInt8]? {
    var capacity = 256
    for _ in 0..<tries {
      var count = 0
      var code: Int32 = 0
      var refusal: FilesError?
      let bytes = unsafe [UInt8](unsafeUninitializedCapacity: capacity) { buffer, written in
        do throws(FilesError) {
          count = unsafe try call(UnsafeMutableRawPointer(buffer.baseAddress), buffer.count)
          code = errno
        } catch {
          refusal = error
        }
        written = max(0, count)
      }
      if let refusal { throw refusal }
      if count >= 0 { return count == 0 && operation == "listxattr" ? nil : bytes }
      switch code {
      case ENOTSUP, ENODATA: return nil
      case ERANGE, E2BIG:
        let needed = try call(nil, 0)
        guard needed <= limit else { throw FilesError(operation, name, E2BIG) }
        capacity = max(capacity * 2, needed + 256)
      default: throw FilesError(operation, name, code)
      }
    }
    throw FilesError(operation, name, ERANGE)
  }
}
