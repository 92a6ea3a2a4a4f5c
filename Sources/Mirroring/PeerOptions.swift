package import CoreTypes
package import Repositories

/// What one end of a run is and may do.
package struct PeerOptions: Sendable {
  package var program: String
  /// What this end allows.
  package var role = Role.full
  /// Words of `Hello.Wish`.
  package var wishes: [String] = []
  /// Bytes that this store may come to.
  package var quota: Int?
  /// Objects that are fetched, and nothing else.
  package var onlyObjects: [ObjectID]?
  /// Objects that are wanted while the run goes on; it lasts until no more are.
  var requests: ObjectRequests?
  /// What is done with objects that come.
  var keeping = SpareStore.Keeping.broughtBack
  /// Makes the repository if there is none; `nil` where that is not possible.
  package var creation:
    (@Sendable (_ configuration: [UInt8]) throws(MirrorError) -> KeylessRepository)?
  /// Seconds in which the other end must begin to speak, and those in which a whole message must come.
  package var greetingSeconds = WireLimits.greetingSeconds
  /// When the store of this end was last found whole; told to the other end.
  package var verification: Verification?
  package var stallSeconds = WireLimits.stallSeconds
  package var keepAliveSeconds = WireLimits.keepAliveSeconds
  /// What is told when nothing comes.
  package var waiting = WaitingNote.none
  /// What this end brings instead of everything.
  package var choice: MirrorChoice?
  /// What this end has said already.
  package var opening = Opening.nothing

  /// How a stream is begun.
  package enum Opening: Sendable {
    case nothing
    /// The preamble was sent while this end was getting ready.
    case preamble
  }

  package init(program: String) { self.program = program }
}
