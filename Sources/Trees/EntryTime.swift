package import CoreTypes

/// When the content of an entry was last changed.
package typealias EntryTime = PointInTime

extension PointInTime {
  /// 1970-01-01, which an entry says by saying nothing.
  package static let zero = PointInTime(seconds: 0)
}
