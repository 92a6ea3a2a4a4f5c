import Restoring
import Trees

/// Pieces of a file that follow each other in the file and in an object, and are written together.
struct PieceRun {
  let file: RestoredFile
  /// Where it begins in the file.
  let offset: UInt64
  /// Where it lies in the object's content.
  private(set) var range: Range<Int>
  /// How often the content follows itself: more than once only for a single piece.
  let repeats: UInt64
  private(set) var pieceCount = 1

  init(_ piece: RestorePiece, _ range: Range<Int>) {
    file = piece.file
    offset = piece.offset
    repeats = piece.reference.repeats
    self.range = range
  }

  /// Takes the next piece in, if it follows; returns whether it does.
  mutating func extend(by piece: RestorePiece, _ range: Range<Int>) -> Bool {
    // A file with holes looks at each chunk apart.
    guard piece.file === file, file.holes.isEmpty, repeats == 1, piece.reference.repeats == 1,
      piece.offset == offset + UInt64(self.range.count), range.lowerBound == self.range.upperBound
    else { return false }
    self.range = self.range.lowerBound..<range.upperBound
    pieceCount += 1
    return true
  }
}
