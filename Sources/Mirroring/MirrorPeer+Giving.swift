import CoreTypes
import Files
import Repositories

extension MirrorPeer {
  func begin(_ kind: ItemKind, _ names: [Digest]) throws(MirrorError) {
    guard let repository else { throw .noRepository(whose: .here) }
    if kind == .record { recordsGiven.formUnion(names.map { RecordID($0) }) }
    if kind == .slot { summary.slotsGiven += names.count }
    supplies.append(FileSupply(kind, names, of: repository, choice: options.choice))
  }

  func list(_ names: [Digest]) throws(MirrorError) {
    guard let repository else { throw .noRepository(whose: .here) }
    if listed == nil { listed = ObjectSupply(of: repository) }
    try listed?.add(names)
  }

  func beginObjects(_ answer: Message.FetchAnswer) throws(MirrorError) {
    guard var supply = listed.take() else { return }
    try supply.finish()
    ProcessEnvironment.returnFreeMemory()
    try send(supply.announcement)
    progress.add { counters in
      counters.objectsToSend += UInt64(supply.objectCount)
      counters.bytesToSend += UInt64(supply.byteCount)
    }
    switch answer {
    case .items: supplies.append(supply)
    case .size: session.supplied(names: supply.nameCount)
    }
  }

  /// Sends one piece of what was asked for; false if there is nothing, or nothing may be sent now.
  func sendNext() throws(MirrorError) -> Bool {
    if let message = session.nextFetch() {
      try send(message)
      return true
    }
    if outgoing != nil { return try sendPiece() }
    guard !supplies.isEmpty else { return false }
    switch try supplies[0].nextPiece() {
    case nil:
      session.supplied(names: supplies.removeFirst().nameCount)
      return true
    case .message(let message):
      try send(message)
      return true
    case .item(let item):
      outgoing = item
      return try sendPiece()
    }
  }

  private func sendPiece() throws(MirrorError) -> Bool {
    guard let item = outgoing else { return false }
    let start = item.sentByteCount
    let end = min(item.byteCount, start + WireLimits.pieceByteCount)
    guard UInt64(end - start) <= session.allowance else { return false }
    try send(start..<end, of: item)
    session.sent(itemBytes: end - start)
    let isObject = item.start.kind == .object
    if isObject { progress.add { $0.bytesSent += UInt64(end - start) } }
    if end == item.byteCount {
      outgoing = nil
      if isObject { progress.add { $0.objectsSent += 1 } }
    } else {
      outgoing?.sentByteCount = end
    }
    return true
  }
}
