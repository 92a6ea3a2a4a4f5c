import Foundation
import TestSupport
import Testing

@Suite("Sequences of random operations in memory") struct SequenceRunTests {
  /// Sequences of fifty operations; a debug build takes half a second for one.
  private static let count = Cases.planned(Cases.build == .release ? 2000 : 10)

  /// Caches in memory wait for no disk.
  private static let temporaryFolder =
    FileManager.default.isWritableFile(atPath: "/dev/shm") ? "/dev/shm" : NSTemporaryDirectory()

  @Test func `what two writers stored is there, once, and nothing else`() throws {
    let place = try Place()
    let seed = TestSeed.make(for: "sequences in memory")
    let outcome = try place.run(
      [
        "env", "TMPDIR=" + Self.temporaryFolder, Programs.built("sequences"), "\(Self.count)",
        "\(seed)",
      ]
    )
    #expect(outcome.status == 0, "\(outcome)")
    Cases.tell(.sequences, Self.count, "of 50 operations each, in memory")
  }
}
