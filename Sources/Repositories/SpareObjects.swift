package import CoreTypes

/// Where objects are had that are damaged or missing in the store in use: another store of the repository.
///
/// Safe to use from several threads. Nothing is asked of it as long as the store in use is whole.
package protocol SpareObjects: Sendable {
  /// Head and body of an object, as they came: whoever asks proves them; `nil` if it is not to be had.
  ///
  /// Waits until the other store has answered. `pack` is where the object was found damaged; `nil` if it is missing.
  func object(_ id: ObjectID, damagedIn pack: PackID?) -> SpareObject?

  /// Brings everything back that the store in use should have and lacks, in packs that cannot be listed too.
  ///
  /// True if something came.
  func bringBackLost() -> Bool
}

/// An object as another store gave it.
package struct SpareObject: Sendable {
  package let head: [UInt8]
  package let body: [UInt8]

  package init(head: [UInt8], body: [UInt8]) {
    self.head = head
    self.body = body
  }
}
