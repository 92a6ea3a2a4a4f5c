import Synchronization

/// A set of numbers that mostly follow each other: a bit each, in pages that are made when they are needed.
///
/// Safe to use from several threads.
final class OrdinalSet: Sendable {
  private let pages = Mutex<[UInt64: [UInt64]]>([:])

  /// Words of 64 bits in a page.
  private static let pageWordCount: UInt64 = 512

  func insert(_ number: UInt64) {
    let (page, word, bit) = OrdinalSet.place(of: number)
    pages.withLock { pages in
      pages[page, default: [UInt64](repeating: 0, count: Int(OrdinalSet.pageWordCount))][word] |=
        bit
    }
  }

  func contains(_ number: UInt64) -> Bool {
    let (page, word, bit) = OrdinalSet.place(of: number)
    return pages.withLock { pages in
      guard let words = pages[page] else { return false }
      return words[word] & bit != 0
    }
  }

  private static func place(of number: UInt64) -> (page: UInt64, word: Int, bit: UInt64) {
    let word = number / 64
    return (word / pageWordCount, Int(word % pageWordCount), 1 << (number % 64))
  }
}
