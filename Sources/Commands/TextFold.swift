/// Breaks long lines between words.
enum TextFold {
  /// A paragraph in lines of at most `width` letters, as far as its words allow; `lead` stands before all but the first.
  ///
  /// What stands between backticks is a command or a name, and is not broken.
  static func lines(_ text: String, width: Int, first: String, lead: String) -> [String] {
    var lines: [String] = []
    var line = first
    var isEmpty = true
    for word in words(of: text) {
      if !isEmpty, line.count + 1 + word.count > width {
        lines.append(line)
        line = lead
        isEmpty = true
      }
      line += isEmpty ? word : " " + word
      isEmpty = false
    }
    lines.append(line)
    return lines
  }

  private static func words(of text: String) -> [String] {
    var words: [String] = []
    var word = ""
    var isQuoted = false
    for letter in text {
      if letter == "`" { isQuoted.toggle() }
      if letter == " ", !isQuoted {
        words.append(word)
        word = ""
      } else {
        word.append(letter)
      }
    }
    words.append(word)
    return words
  }
}
