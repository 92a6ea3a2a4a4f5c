/// That a store was proven whole: when, and how thoroughly.
package struct Verification: Equatable, Sendable {
  /// What was looked at.
  package enum Extent: UInt64, Comparable, CaseIterable, Sendable {
    /// Signatures, lists and presence; the data itself was not read.
    case lists = 1
    /// The same, and the data of some packs.
    case part = 2
    /// Every byte.
    case everything = 3

    package static func < (left: Extent, right: Extent) -> Bool { left.rawValue < right.rawValue }
  }

  /// Seconds since 1970-01-01 UTC.
  package let time: Int64
  package let extent: Extent

  package init(time: Int64, extent: Extent) {
    self.time = time
    self.extent = extent
  }
}
