package import Foundation

/// The files of Formats/vectors, which `tools/make-vectors` makes from the pages alone.
///
/// Source: Formats/vectors/README.md §1.
package enum Vectors {
  /// A line of a file of vectors.
  package struct Line: Sendable {
    package let name: String
    package let value: String
  }

  /// Why a vector cannot be read.
  package struct Malformed: Error {
    let text: String
  }

  /// The folder of pages and vectors.
  package static let formats = URL(filePath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent().appending(path: "Formats")

  /// A page, or any other text below Formats.
  package static func text(_ path: String) throws -> String {
    try String(contentsOf: formats.appending(path: path), encoding: .utf8)
  }

  /// The bytes of a file below Formats/vectors.
  package static func file(_ path: String) throws -> [UInt8] {
    Array(try Data(contentsOf: formats.appending(path: "vectors/" + path)))
  }

  /// The files in a folder below Formats/vectors, in the order of their names.
  package static func files(in folder: String) throws -> [(name: String, bytes: [UInt8])] {
    try names(in: folder).map { (name: $0, bytes: try file(folder + "/" + $0)) }
  }

  /// The names in a folder below Formats/vectors, in order.
  package static func names(in folder: String) throws -> [String] {
    try FileManager.default.contentsOfDirectory(
      atPath: formats.appending(path: "vectors/" + folder).path
    ).sorted()
  }

  /// The lines of a file, as `name: value`.
  package static func lines(_ path: String) throws -> [Line] {
    try text("vectors/" + path).split(separator: "\n").map { line in
      guard let colon = line.range(of: ":") else { throw Malformed(text: String(line)) }
      return Line(
        name: String(line[..<colon.lowerBound]),
        value: line[colon.upperBound...].trimmingCharacters(in: .whitespaces)
      )
    }
  }

  /// The lines of a file whose values are bytes, in order.
  package static func bytes(_ path: String) throws -> [(name: String, bytes: [UInt8])] {
    let folder = path.split(separator: "/").dropLast().joined(separator: "/")
    var base: [UInt8] = []
    let lines = try lines(path)
    if lines.contains(where: { $0.value.contains("@") }) {
      base = try file(folder + "/example.bin")
    }
    return try lines.map { (name: $0.name, bytes: try bytes(of: $0.value, base: base)) }
  }

  /// One value of `repository.txt`: its secrets and ids.
  package static func secret(_ name: String) throws -> [UInt8] {
    guard let line = try lines("repository.txt").first(where: { $0.name == name }) else {
      throw Malformed(text: name)
    }
    return try bytes(of: line.value, base: [])
  }

  /// The bytes that a value stands for.
  private static func bytes(of value: String, base: [UInt8]) throws -> [UInt8] {
    var bytes: [UInt8] = []
    for token in value.split(separator: " ") {
      if token.hasPrefix("@") {
        let ends = token.dropFirst().split(separator: ":").compactMap { Int($0) }
        guard ends.count == 2, ends[0] <= ends[1], ends[1] <= base.count else {
          throw Malformed(text: String(token))
        }
        bytes += base[ends[0]..<ends[1]]
        continue
      }
      let parts = token.split(separator: "*")
      guard let count = parts.count == 2 ? Int(parts[1]) : 1 else {
        throw Malformed(text: String(token))
      }
      let piece = try hexadecimal(parts[0])
      for _ in 0..<count { bytes += piece }
    }
    return bytes
  }

  private static func hexadecimal(_ text: Substring) throws -> [UInt8] {
    let digits = Array(text)
    return try stride(from: 0, to: digits.count, by: 2).map { place in
      guard let byte = UInt8(String(digits[place...].prefix(2)), radix: 16),
        place + 1 < digits.count
      else { throw Malformed(text: String(text)) }
      return byte
    }
  }
}
