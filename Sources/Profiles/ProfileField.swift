/// A value and the key that it stands under, for messages.
struct ProfileField {
  /// With all tables, as in `profiles.laptop.paths`.
  let key: String
  let value: TOMLDocumentValue

  /// What is in a table.
  func entries() throws(ProfileError) -> [ProfileField.Named] {
    guard case .table(let entries) = value else { throw wrongType("a table") }
    return entries.map { entry in
      Named(name: entry.key, field: ProfileField(key: "\(key).\(entry.key)", value: entry.value))
    }
  }

  /// A field with the last part of its key.
  struct Named {
    let name: String
    let field: ProfileField
  }

  func text() throws(ProfileError) -> String {
    guard case .text(let text) = value else { throw wrongType("a text in quotes") }
    guard !text.isEmpty else { throw badValue("it is empty") }
    return text
  }

  func texts() throws(ProfileError) -> [String] {
    guard case .array(let values) = value else { throw wrongType("a list, as in [\"…\", \"…\"]") }
    var texts: [String] = []
    for (index, value) in values.enumerated() {
      texts.append(try ProfileField(key: "\(key)[\(index)]", value: value).text())
    }
    return texts
  }

  func count() throws(ProfileError) -> Int {
    guard case .integer(let count) = value else { throw wrongType("a number") }
    guard (0...Retention.countLimit).contains(count) else {
      throw badValue("it must be from 0 to \(Retention.countLimit)")
    }
    return count
  }

  func answer() throws(ProfileError) -> Bool {
    guard case .answer(let answer) = value else { throw wrongType("true or false") }
    return answer
  }

  func wrongType(_ expected: String) -> ProfileError {
    .wrongType(key, expected: expected, found: value.typeName)
  }

  func badValue(_ reason: String) -> ProfileError { .badValue(key, reason: reason) }
}
