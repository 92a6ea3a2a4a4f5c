/// The rules of Docs/model.md that can be switched off, to prove that the model can fail without
/// them.
struct Rules: OptionSet {
  let rawValue: UInt32

  /// Rule 1: a condemnation spares what a commit that it has not seen relies on.
  static let condemnationSparesUnseenCommits = Rules(rawValue: 1 << 0)
  /// Rule 2: a condemnation relies on its replacements, as a commit on its objects.
  static let condemnationReliesOnReplacements = Rules(rawValue: 1 << 1)
  /// Rule 2: a hold relies on what is required before it, as a snapshot does.
  static let holdRelies = Rules(rawValue: 1 << 2)
  /// Rule 2: a commit relies only on objects that it or an ancestor adds.
  static let commitReliesOnlyOnKnownObjects = Rules(rawValue: 1 << 3)
  /// Rule 4: a removal takes away only the holds that it has seen, and takes those away for good.
  static let removalEndsSeenHolds = Rules(rawValue: 1 << 4)
  /// Rule 5: presence is asked of the store in use, not of the catalog.
  static let presenceIsAskedOfStore = Rules(rawValue: 1 << 5)
  /// Rule 5: a dead object is not used.
  static let deadObjectsAreNotUsed = Rules(rawValue: 1 << 6)
  /// Rule 5: an object marked damaged counts as absent.
  static let damagedObjectsAreNotUsed = Rules(rawValue: 1 << 7)
  /// Rule 7: after newer records what was resolved is looked at again.
  static let resolvedIsCheckedAgain = Rules(rawValue: 1 << 8)
  /// Rule 7: after newer records the pin is looked at again.
  static let pinIsCheckedAgain = Rules(rawValue: 1 << 9)
  /// Rule 8: a collector names the holder of each chunk still needed, old objects too.
  static let oldHoldersAreNamed = Rules(rawValue: 1 << 10)
  /// Rule 9: a collector marks again after newer records.
  static let collectorMarksAgain = Rules(rawValue: 1 << 11)
  /// Rule 10: deciding and deleting are one step for those who commit.
  static let sweepIsOneStep = Rules(rawValue: 1 << 12)
  /// Rule 10: everything that the log requires is present before anything is swept.
  static let requiredIsPresentBeforeSweep = Rules(rawValue: 1 << 13)
  /// Rule 11: a receiver takes records only after their objects.
  static let objectsBeforeRecords = Rules(rawValue: 1 << 14)
  /// Rule 11: a receiver asks what the merged log requires, not what the new records add.
  static let mergedLogIsComplete = Rules(rawValue: 1 << 15)
  /// Rule 12: a receiver takes many records at once.
  static let recordsTravelTogether = Rules(rawValue: 1 << 16)

  /// Rule 13: what took the place of a chosen object is chosen too.
  static let chosenFollowsReplacements = Rules(rawValue: 1 << 17)
  /// Rule 15: a selecting store takes no records but those of a mirror run.
  static let selectingTakesNoRecords = Rules(rawValue: 1 << 18)
  /// Rule 16: a store becomes whole only when everything is there that its log requires.
  static let wholeAsksForEverything = Rules(rawValue: 1 << 19)

  /// Rule 14: a store that has records and no selection never gets one.
  static let wholeStaysWhole = Rules(rawValue: 1 << 20)
  /// Rule 14: a selection only grows.
  static let selectionOnlyGrows = Rules(rawValue: 1 << 21)
  /// Rule 14: everything is asked of a store whose selection cannot be read.
  static let unreadableAsksForEverything = Rules(rawValue: 1 << 22)
  /// Rule 14: a store whose selection cannot be read takes no other.
  static let unreadableTakesNoSelection = Rules(rawValue: 1 << 23)
  /// Rule 15: whether a store selects is asked again with the commit itself.
  static let selectingIsAskedWithCommit = Rules(rawValue: 1 << 24)

  static let all = Rules(rawValue: (1 << 25) - 1)

  static func without(_ rule: Rules) -> Rules { all.subtracting(rule) }
}

/// Which condemnations count.
enum Reading {
  /// Object by object, as Docs/model.md says.
  case objectByObject
  /// Whole condemnations: effective only if each commit of the log is an ancestor of it or has
  /// seen it, and no concurrent condemnation exists.
  case wholeCondemnations
}

/// A universe and the rules in force in it.
struct Model {
  var universe: Universe
  var rules = Rules.all
  var reading = Reading.objectByObject
}
