package import CoreTypes
package import Repositories
import Synchronization

/// How far a mirror run has come.
package struct MirrorCounters: Equatable, Sendable {
  /// Objects and bytes that are going to be received, and those that were.
  package var objectsToReceive: UInt64 = 0
  package var bytesToReceive: UInt64 = 0
  package var objectsReceived: UInt64 = 0
  package var bytesReceived: UInt64 = 0
  /// The same for what is sent.
  package var objectsToSend: UInt64 = 0
  package var bytesToSend: UInt64 = 0
  package var objectsSent: UInt64 = 0
  package var bytesSent: UInt64 = 0
  /// Every byte in each direction, with all that surrounds objects.
  package var wireBytesReceived: UInt64 = 0
  package var wireBytesSent: UInt64 = 0
  package init() {}
}

/// Where the threads of a run note what they did, and a display reads it.
package final class MirrorProgress: Sendable {
  private let counters = Mutex(MirrorCounters())

  package init() {}

  /// The figures of this moment.
  package var now: MirrorCounters { counters.withLock { $0 } }

  func add(_ change: (inout MirrorCounters) -> Void) { counters.withLock { change(&$0) } }
}

/// What a run did at this end, and what the other end said it did.
package struct MirrorSummary: Sendable {
  /// What was received here, or would be.
  package var received = DoneReport()
  /// What the other end received, or would.
  package var given = DoneReport()
  /// Records of kind snapshot among those received.
  package var snapshots = 0
  /// Key slots that this store lacked and has now.
  package var slots = 0
  /// Key slots that the other end lacked and that were sent.
  package var slotsGiven = 0
  /// Snapshots that are in this store now and were not before.
  package var arrived: [RecordID] = []
  /// Remarks on records: of revoked writers, of writers that count twice.
  package var remarks: [LogFinding] = []
  /// Objects that were asked for and that the other end lacks or holds damaged.
  package var lacking: [ObjectID] = []
  /// Objects that this store's log required before, lacked, and has now.
  package var healed: [ObjectID] = []
  /// Why what came could not be stored here, though it could be handed on.
  var refusal: MirrorError?
  package var counters = MirrorCounters()
  package init() {}
}
