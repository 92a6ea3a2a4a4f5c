package import CoreTypes
package import Repositories

/// What a giver brings instead of everything: chosen snapshots, and the objects that they need.
package struct MirrorChoice: Sendable {
  package let selection: StoreSelection
  let objects: ChosenObjects

  /// `objects` is all that the snapshots need, each named by some record.
  package init(snapshots: some Sequence<RecordID>, objects: ChosenObjects) {
    self.objects = objects
    selection = StoreSelection(snapshots: snapshots, objects: objects)
  }

  /// A list of the objects; `nil` if none has that name.
  func list(named name: Digest) -> [UInt8]? {
    selection.lists.firstIndex(of: name).map { objects.list($0) }
  }
}

/// What a store may come to hold.
package enum SelectionStance: Sendable {
  /// Everything, as it does now.
  case whole
  /// It is new, or holds chosen snapshots.
  case open
  /// It holds chosen snapshots, but which cannot be told: only everything makes it sound.
  case damaged

  static let staysWhole = "it is a whole copy, and stays whole"

  /// That of a store; `nil` is one that is yet to be made.
  init(_ repository: KeylessRepository?) {
    guard let repository else {
      self = .open
      return
    }
    switch repository.holding {
    case .everything: self = repository.log.files.isEmpty ? .open : .whole
    case .selection: self = .open
    case .damaged: self = .damaged
    }
  }
}

/// What a receiver makes of its store.
enum ReceiveAim: Sendable {
  /// It holds everything, and goes on to.
  case everything
  /// It held chosen snapshots, and is to hold everything: Docs/model.md, rule 16.
  case whole
  /// It holds chosen snapshots; with them, those of a selection that came.
  case selection(StoreSelection?)

  /// True if the store is changed even where no record comes.
  var changesHolding: Bool {
    switch self {
    case .everything, .selection(nil): false
    case .whole, .selection: true
    }
  }

  /// True if records that are here already can name what is still to come.
  var asksOldRecords: Bool {
    switch self {
    case .everything: false
    case .whole, .selection: true
    }
  }
}
