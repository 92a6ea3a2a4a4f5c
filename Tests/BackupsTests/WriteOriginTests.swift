import Backups
import Commands
import CoreTypes
import Packing
import Repositories
import Sealing
import Testing
import Trees

@Suite("Who wrote what is wrong")
struct WriteOriginTests {
  private let workshop: Workshop
  private let client: Client
  /// Has caches of its own, as those of the first stay open.
  private let other: Client
  private static let time = PointInTime(seconds: 1_700_000_000)

  init() throws {
    workshop = try Workshop()
    client = Client(workshop: workshop, name: "a")
    other = Client(workshop: workshop, name: "b")
    try Client.makeRepository(in: workshop)
  }

  /// Stores an object that says it holds another chunk than it does; returns both ids and the pack.
  private func lie(
    in repository: OpenRepository
  ) throws -> (object: ObjectID, pack: WrittenPack, chunk: ChunkID) {
    let naming = repository.keyring.currentIdentityKey
    let named: [UInt8] = [1, 2, 3]
    let content: [UInt8] = [9, 9, 9]
    let chunk = naming.chunkID(of: named.span, kind: .data)
    var sealer = try ObjectSealer(
      key: repository.keyring.currentDataKey,
      identityKey: naming.id,
      compression: .off
    )
    let object = try sealer.seal(
      kind: .data,
      chunkIDs: [chunk],
      lengths: [3],
      plaintext: content.span
    ).named()
    var writer = try PackWriter(in: repository.store)
    try writer.append(object)
    return (object.id, try writer.finish(), chunk)
  }

  private func wrongContents(_ report: CheckReport) -> [CheckFinding] {
    report.findings.filter { if case .wrongContent = $0 { true } else { false } }
  }

  @Test func `content under a wrong name is named with its writer, host and time`() throws {
    let repository = try client.open()
    // A sound snapshot of another time: it is not what is blamed.
    try workshop.write([4, 5, 6], to: "source/file")
    try client.backup(repository, [try workshop.folder("source")])
    let signer = try WriterEnrolment(
      repository: repository,
      memory: try ClientMemory(
        stateFolder: client.folders.state,
        repository: repository.configuration.repositoryID
      )
    ).signer(label: "a", host: "a", time: Self.time)
    let session = try WriteSession(repository: repository, signer: signer)
    let (object, pack, chunk) = try lie(in: repository)
    try session.enter(pack)
    let record = try session.commit(time: Self.time) { _ in
      var snapshot = Snapshot()
      snapshot.author = SnapshotAuthor(
        time: .zero,
        host: "faulty\n",
        user: "u",
        program: "p",
        tags: []
      )
      return snapshot
    }
    let wrong = wrongContents(try other.check(try other.open()))
    guard
      case .wrongContent(object, pack: pack.id, chunk: chunk, let origin?) = try #require(
        wrong.first
      )
    else {
      Issue.record("\(wrong)")
      return
    }
    #expect(wrong.count == 1)
    #expect(origin.record == record.id && origin.writer == record.clear.writer)
    #expect(origin.time == Self.time && origin.host == "faulty\n")
    let words = Wording.text(wrong[0])
    for part in [
      "object \(object.digest.short) in pack \(pack.id.digest.short)",
      "chunk \(chunk.digest.short) was written wrongly (memory error or faulty writer)",
      "by writer \(record.clear.writer.short) on host faulty\\x0a, 2023-11-1",
      "in record \(record.id.digest.short)",
    ] {
      #expect(words.contains(part), "\(words)")
    }
  }

  @Test func `content under a wrong name that no record brought is named, and nobody is blamed`()
    throws
  {
    let repository = try client.open()
    let (object, pack, chunk) = try lie(in: repository)
    let wrong = wrongContents(try other.check(try other.open()))
    guard case .wrongContent(object, pack: pack.id, chunk: chunk, nil) = try #require(wrong.first)
    else {
      Issue.record("\(wrong)")
      return
    }
    #expect(Wording.text(wrong[0]).hasSuffix("; no record says by whom"))
  }
}
