import TestSupport
import CoreTypes
import Testing

@testable import Storage

@Suite("What every store does")
struct ConformanceTests {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  @Test(arguments: Kind.allCases)
  func `a store knows its id, configuration and first files`(kind: Kind) throws {
    let store = try kind.make(in: folder)
    #expect(store.id == (try storeID(7)))
    #expect(try store.readConfiguration() == configurationBytes)
    #expect(try store.names(of: .slot) == [digest(1)])
    for other in BlobKind.allCases where other != .slot {
      #expect(try store.names(of: other) == [])
    }
    #expect(try store.orphans().isEmpty)
    #expect(try store.strangers() == [])
  }

  @Test(arguments: Kind.allCases)
  func `what is put can be read, as a whole and in parts`(kind: Kind) throws {
    let store = try kind.make(in: folder)
    let content = (0..<100).map { UInt8($0) }
    for blob in BlobKind.allCases {
      let name = BlobName(blob, digest(9))
      try store.put(content, as: name)
      #expect(try store.read(name) == content)
      #expect(try store.byteCount(of: name) == 100)
      #expect(try store.read(name, from: 0, count: 0) == [])
      #expect(try store.read(name, from: 10, count: 3) == [10, 11, 12])
      #expect(try store.read(name, from: 99, count: 1) == [99])
      #expect(try store.read(name, from: 100, count: 0) == [])
      #expect(try store.names(of: blob).contains(digest(9)))
    }
    try store.put([], as: BlobName(.record, digest(10)))
    #expect(try store.read(BlobName(.record, digest(10))) == [])
  }

  @Test(arguments: Kind.allCases)
  func `reading past the end is an error`(kind: Kind) throws {
    let store = try kind.make(in: folder)
    let name = BlobName(.pack, digest(9))
    try store.put([1, 2, 3, 4], as: name)
    for (offset, count, found) in [(0, 5, 4), (2, 3, 2), (4, 1, 0), (1000, 1, 0)] {
      #expect(throws: StorageError.short(name, needed: count, found: found)) {
        try store.read(name, from: offset, count: count)
      }
    }
    for (offset, count) in [(-1, 1), (0, -1), (Int.min, 4), (-1, 0)] {
      #expect(throws: StorageError.self, "\(offset) \(count)") {
        try store.read(name, from: offset, count: count)
      }
    }
  }

  @Test(arguments: Kind.allCases)
  func `what is not there is missing, for every question`(kind: Kind) throws {
    let store = try kind.make(in: folder)
    for blob in BlobKind.allCases {
      let name = BlobName(blob, digest(200))
      #expect(throws: StorageError.missing(name)) { try store.read(name) }
      #expect(throws: StorageError.missing(name)) { try store.read(name, from: 0, count: 1) }
      #expect(throws: StorageError.missing(name)) { try store.byteCount(of: name) }
      #expect(throws: StorageError.missing(name)) { try store.remove(name) }
    }
  }

  @Test(arguments: Kind.allCases)
  func `a file of the same name and size is kept, of another size is a conflict`(
    kind: Kind
  ) throws {
    let store = try kind.make(in: folder)
    let name = BlobName(.manifest, digest(9))
    try store.put([1, 2, 3], as: name)
    try store.put([1, 2, 3], as: name)
    #expect(try store.read(name) == [1, 2, 3])
    #expect(try store.names(of: .manifest) == [digest(9)])
    #expect(throws: StorageError.conflict(name)) { try store.put([1, 2], as: name) }
    #expect(try store.read(name) == [1, 2, 3])
    #expect(try store.orphans().isEmpty)
  }

  @Test(arguments: Kind.allCases)
  func `a pack takes the place of one of its name that differs, and is dropped beside its like`(
    kind: Kind
  ) throws {
    let store = try kind.make(in: folder)
    let name = BlobName(.pack, digest(9))
    for content: [UInt8] in [[1, 2, 3], [1, 2, 3], [1, 9, 3], [1, 2], [1, 2, 3, 4]] {
      let blob = try store.newBlob()
      try blob.append(content)
      try blob.publish(as: name)
      #expect(try store.read(name) == content)
      #expect(try store.read(name, from: 0, count: 1) == [1])
      #expect(try store.names(of: .pack) == [digest(9)])
      #expect(try store.orphans().isEmpty)
    }
  }

  @Test(arguments: Kind.allCases)
  func `a removed file is gone, and can be put again`(kind: Kind) throws {
    let store = try kind.make(in: folder)
    let name = BlobName(.pack, digest(9))
    try store.put([1, 2, 3], as: name)
    _ = try store.read(name)
    try store.remove(name)
    #expect(throws: StorageError.missing(name)) { try store.read(name, from: 0, count: 1) }
    #expect(try store.names(of: .pack) == [])
    try store.put([4], as: name)
    #expect(try store.read(name) == [4])
  }

  @Test(arguments: Kind.allCases)
  func `an unfinished file is nowhere until it is published`(kind: Kind) throws {
    let store = try kind.make(in: folder)
    let blob = try store.newBlob()
    try blob.append([1, 2])
    try blob.append([])
    try blob.append([3])
    #expect(try store.names(of: .pack) == [])
    #expect(try store.orphans().isEmpty)
    let name = BlobName(.pack, digest(9))
    try blob.publish(as: name)
    #expect(try store.read(name) == [1, 2, 3])
  }

  @Test(arguments: Kind.allCases)
  func `nothing of an abandoned file stays`(kind: Kind) throws {
    let store = try kind.make(in: folder)
    let blob = try store.newBlob()
    try blob.append([1, 2])
    blob.abandon()
    for kind in BlobKind.allCases where kind != .slot { #expect(try store.names(of: kind) == []) }
    #expect(try store.orphans().isEmpty)
    #expect(try store.strangers() == [])
  }

  @Test(arguments: Kind.allCases)
  func `a commit needs to know every record, sound or not`(kind: Kind) throws {
    let store = try kind.make(in: folder)
    #expect(try store.commit([1], as: digest(1), knowing: []) == .done)
    #expect(try store.commit([2], as: digest(2), knowing: []) == .newer([digest(1)]))
    #expect(try store.names(of: .record) == [digest(1)])
    #expect(try store.commit([2], as: digest(2), knowing: [digest(1), digest(50)]) == .done)
    #expect(try store.read(BlobName(.record, digest(2))) == [2])
    guard case .newer(let missed) = try store.commit([3], as: digest(3), knowing: []) else {
      Issue.record("committed without knowing")
      return
    }
    #expect(Set(missed) == [digest(1), digest(2)])
  }

  @Test(arguments: Kind.allCases)
  func `of commits that race, one lands a round`(kind: Kind) async throws {
    let store = try kind.make(in: folder)
    let landed = try await withThrowingTaskGroup(of: Bool.self) { group in
      for number in UInt64(1)...8 {
        group.addTask {
          try store.commit([UInt8(number)], as: digest(number), knowing: []) == .done
        }
      }
      return try await group.reduce(0) { $0 + ($1 ? 1 : 0) }
    }
    #expect(landed == 1)
    #expect(try store.names(of: .record).count == 1)
  }
}
