import Commands
import CoreTypes
import Packing
import Repositories
import Sealing
import Testing

@testable import Backups

@Suite("What nobody foresaw")
struct UnexpectedErrorTests {
  private struct Foreign: Error {}

  @Test func `it is 1, and nothing is called damaged`() throws {
    let zero = Digest(words: 0, 0, 0, 0)
    let library = SealingError.library("zstd: no memory")
    for error in [
      BackupError(Foreign()), BackupError(library), RepositoryError.unexpected("gear table"),
      RepositoryError.sealing(library), library,
      PackingError.sealed(ObjectID(zero), pack: PackID(zero), library),
    ] as [any Error] {
      let failure = try #require(Wording.failure(of: error))
      #expect(failure.status == .failed, "\(error)")
      #expect(failure.what.hasPrefix("something that kist does not expect: "), "\(error)")
      #expect(failure.meaning != nil && failure.advice != nil, "\(error)")
    }
  }

  @Test func `what it says is shown escaped`() throws {
    let failure = try #require(Wording.failure(of: RepositoryError.unexpected("a\u{1B}[2J")))
    #expect(!failure.what.unicodeScalars.contains("\u{1B}"), "\(failure.what)")
  }
}
