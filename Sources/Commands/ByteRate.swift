import ArgumentParser

/// Bytes a second as people write them: `500K`, `2M`; units are powers of 1,024, and a bare number counts bytes.
struct ByteRate: ExpressibleByArgument {
  let bytesPerSecond: Int
  /// What was typed, if it is so little that KiB were probably meant, as in restic.
  private let doubtful: String?

  init?(argument: String) {
    guard let bytes = ByteQuantity.parse(argument), bytes > 0 else { return nil }
    bytesPerSecond = bytes
    let isBare = argument.allSatisfy { $0.isNumber }
    doubtful = isBare && bytes < ByteRate.least ? argument : nil
  }

  /// Says what a number without a unit means, where it was probably not meant.
  func explain(_ option: String, _ console: Console) {
    guard let doubtful else { return }
    console.note(
      "\(option) \(doubtful) is \(doubtful) bytes a second; for KiB, as in restic, write \(doubtful)K"
    )
  }

  var defaultValueDescription: String { "\(bytesPerSecond)" }

  /// A rate that nobody waits for: 64 KiB a second.
  private static let least = 1 << 16
}
