import Testing

/// How far the world may go.
struct Universe: CustomTestStringConvertible {
  var name: String
  var storeCount = 2
  var writerCount = 2
  var collectorCount = 2
  /// At most 14.
  var objectLimit = 5
  /// At most 16.
  var recordLimit = 6
  var snapshotLimit = 2
  var condemnationLimit = 2
  var removalLimit = 1
  var holdLimit = 0
  var damageLimit = 0
  /// The sets of chunks that a snapshot may need.
  var needs: [Mask] = [0b01, 0b11]
  /// Objects of the first snapshot, by the chunks they hold; none: the world starts empty.
  var beginning: [Mask] = [0b01, 0b11]
  /// A snapshot may reuse a pinned one.
  var pins = true
  /// A writer may upload what it could have found.
  var uploadsAgain = true
  /// A mirror may bring objects that neither log requires, dead ones too.
  var copiesAnything = true
  /// The second store is new, and may come to hold chosen snapshots only.
  var selects = false
  /// Fewer orders of steps, none of which matters: a writer resolves all its chunks in one go, and
  /// who can only fail has gone home already.
  var isReduced = true

  var testDescription: String { name }
}
