/// Names that look alike: what somebody who mistyped one meant.
enum NearName {
  /// The one that was probably meant: one that goes on as it begins, or differs in a letter or two.
  static func nearest(to name: String, among names: [String]) -> String? {
    let letters = name.utf8.count - name.prefix { $0 == "-" }.utf8.count
    guard letters > 1, letters <= NearName.longest else { return nil }
    let longer = Set(names.filter { $0.hasPrefix(name) })
    if letters > 2, longer.count == 1 { return longer.first }
    // In a short name two letters make another word.
    let limit = letters < 3 ? 0 : letters < 7 ? 1 : 2
    return names.map { ($0, distance(Array(name.utf8), Array($0.utf8))) }
      .filter { $0.1 <= limit }.min { $0.1 < $1.1 }?.0
  }

  /// The longest one that the name begins with, as `--host` of `--hostname`.
  static func beginning(of name: String, among names: [String]) -> String? {
    names.filter { $0.utf8.count > 4 && name.hasPrefix($0) }.max { $0.utf8.count < $1.utf8.count }
  }

  /// Letters to add, remove, change, or swap with the next (optimal string alignment).
  static func distance(_ left: [UInt8], _ right: [UInt8]) -> Int {
    var before: [Int] = []
    var row = Array(0...right.count)
    for (index, letter) in left.enumerated() {
      var next = [index + 1]
      next.reserveCapacity(row.count)
      for column in right.indices {
        let change = row[column] + (letter == right[column] ? 0 : 1)
        var least = min(change, row[column + 1] + 1, next[column] + 1)
        if index > 0, column > 0, letter == right[column - 1], left[index - 1] == right[column] {
          least = min(least, before[column - 1] + 1)
        }
        next.append(least)
      }
      before = row
      row = next
    }
    return row[right.count]
  }

  /// Bytes of a name that is compared; nothing here is as long.
  private static let longest = 64
}
