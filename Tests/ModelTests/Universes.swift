/// The worlds that are explored to the end.
extension Universe {
  /// Two stores, one of each actor, two chunks; mirrors bring what the logs require.
  static let twoStores = Universe(
    name: "two stores",
    writerCount: 1,
    collectorCount: 1,
    objectLimit: 3,
    recordLimit: 4,
    copiesAnything: false
  )

  /// The same with one chunk, where mirrors also bring back dead objects under their old names.
  static let oneChunk = Universe(
    name: "one chunk",
    writerCount: 1,
    collectorCount: 1,
    objectLimit: 3,
    recordLimit: 4,
    needs: [0b1],
    beginning: [0b1]
  )

  /// Two writers and two collectors at one store.
  static let oneStore = Universe(
    name: "one store",
    storeCount: 1,
    objectLimit: 3,
    recordLimit: 4
  )

  /// One store in which an object is found damaged.
  static let damage = Universe(
    name: "damage",
    storeCount: 1,
    writerCount: 1,
    collectorCount: 1,
    objectLimit: 3,
    recordLimit: 5,
    damageLimit: 1
  )

  /// Nothing but removals, holds and collections of one snapshot.
  static let holds = Universe(
    name: "holds",
    writerCount: 0,
    collectorCount: 1,
    objectLimit: 1,
    recordLimit: 7,
    snapshotLimit: 1,
    removalLimit: 2,
    holdLimit: 2,
    needs: [0b1],
    beginning: [0b1]
  )

  /// A repository, and a mirror of chosen snapshots.
  static let selecting = Universe(
    name: "chosen snapshots",
    writerCount: 1,
    collectorCount: 1,
    objectLimit: 3,
    recordLimit: 3,
    copiesAnything: false,
    selects: true
  )

  /// The same without a collector, and with room for a backup that builds on two others.
  static let selectingBackups = selecting.changed("chosen snapshots, backups only") {
    $0.collectorCount = 0
    $0.snapshotLimit = 3
  }

  /// One chunk, and an object or the selection itself is found damaged.
  static let selectingDamage = selecting.changed("chosen snapshots, damage") {
    $0.collectorCount = 0
    $0.needs = [0b1]
    $0.beginning = [0b1]
    $0.damageLimit = 1
  }

  static let explored: [Universe] = [
    .twoStores, .oneStore, .oneChunk, .damage, .holds, .selecting, .selectingBackups,
    .selectingDamage,
  ]
}

/// Larger worlds for long runs: explored to the end where the limit allows.
extension Universe {
  static let large: [Universe] = [
    twoStores.changed("two stores, dead objects travel") { $0.copiesAnything = true },
    oneChunk.changed("one chunk, five records") { $0.recordLimit = 5 },
    oneChunk.changed("one chunk, five records, two writers, two collectors") {
      $0.recordLimit = 5
      $0.writerCount = 2
      $0.collectorCount = 2
    },
    twoStores.changed("two stores, collectors only") {
      $0.writerCount = 0
      $0.collectorCount = 2
      $0.recordLimit = 5
      $0.snapshotLimit = 1
      $0.condemnationLimit = 3
      $0.copiesAnything = true
    },
    twoStores.changed("two stores, two writers, two collectors") {
      $0.writerCount = 2
      $0.collectorCount = 2
      $0.snapshotLimit = 3
    },
    oneStore.changed("one store, five records") {
      $0.recordLimit = 5
      $0.snapshotLimit = 3
      $0.objectLimit = 4
    },
    selecting.changed("chosen snapshots, four records") { $0.recordLimit = 4 },
    selecting.changed("chosen snapshots, damage, two chunks") { $0.damageLimit = 1 },
    selectingDamage.changed("chosen snapshots, damage, a collector, four records") {
      $0.collectorCount = 1
      $0.recordLimit = 4
    },
    twoStores.changed("two stores, damage") { $0.damageLimit = 1 },
    twoStores.changed("two stores, hold") {
      $0.holdLimit = 1
      $0.recordLimit = 5
    },
  ]

  fileprivate func changed(_ name: String, _ change: (inout Universe) -> Void) -> Universe {
    var other = self
    other.name = name
    change(&other)
    return other
  }
}

/// Worlds that are too large to explore, for walks.
extension Universe {
  static let walked: [Universe] = [
    Universe(
      name: "large",
      objectLimit: 14,
      recordLimit: 15,
      snapshotLimit: 7,
      condemnationLimit: 6,
      removalLimit: 4,
      holdLimit: 2,
      needs: [0b001, 0b011, 0b110, 0b101],
      beginning: [0b001, 0b011, 0b110],
      isReduced: false
    ),
    Universe(
      name: "large, damage",
      objectLimit: 14,
      recordLimit: 15,
      snapshotLimit: 6,
      condemnationLimit: 6,
      removalLimit: 4,
      holdLimit: 1,
      damageLimit: 3,
      needs: [0b001, 0b011, 0b110],
      beginning: [0b011, 0b110],
      isReduced: false
    ),
    Universe(
      name: "collections",
      objectLimit: 12,
      recordLimit: 15,
      snapshotLimit: 4,
      condemnationLimit: 10,
      removalLimit: 3,
      isReduced: false
    ),
  ]
}
