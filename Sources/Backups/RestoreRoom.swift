/// How much room a restore needs at least, and how much the file system of its target has.
package struct RestoreRoom: Equatable, Sendable {
  /// Bytes of content for which nothing that is there makes room.
  ///
  /// Holes are not counted, nor the second name of a file. What is there makes room for what takes its place, so that
  /// a little more may be needed while one is written beside the other.
  package var neededBytes: UInt64 = 0
  package let availableBytes: UInt64
  /// Bytes that what is there takes, beyond what takes its place.
  package var freedBytes: UInt64 = 0
  /// Files, folders, links and devices that are to be made.
  package var neededEntries: UInt64 = 0
  /// How many of them can be made; `nil` where the file system sets no number.
  package let availableEntries: UInt64?

  init(availableBytes: UInt64, availableEntries: UInt64?) {
    self.availableBytes = availableBytes
    self.availableEntries = availableEntries
  }

  /// True if there are too few bytes.
  package var lacksBytes: Bool {
    let (room, overflow) = availableBytes.addingReportingOverflow(freedBytes)
    return !overflow && neededBytes > room
  }

  /// True if there are too few inodes.
  package var lacksEntries: Bool { availableEntries.map { neededEntries > $0 } ?? false }

  mutating func free(bytes: UInt64) {
    let (sum, overflow) = freedBytes.addingReportingOverflow(bytes)
    freedBytes = overflow ? .max : sum
  }

  mutating func need(bytes: UInt64) {
    let (sum, overflow) = neededBytes.addingReportingOverflow(bytes)
    neededBytes = overflow ? .max : sum
  }
}
