/// One JSON object, written in the order in which fields are added.
struct JSONText {
  private var fields: [String] = []

  /// A value that JSON can hold.
  enum Value {
    case text(String)
    case number(Int)
    case decimal(Double)
    case flag(Bool)
    case null
    case list([Value])
    case object(JSONText)
  }

  init(_ fields: KeyValuePairs<String, Value> = [:]) {
    for (key, value) in fields { add(key, value) }
  }

  mutating func add(_ key: String, _ value: Value) {
    fields.append(JSONText.quoted(key) + ":" + JSONText.encoded(value))
  }

  /// Adds all fields of another object.
  mutating func add(_ other: JSONText) { fields += other.fields }

  /// The object on one line.
  var line: String { "{" + fields.joined(separator: ",") + "}" }

  /// An array of objects on one line.
  static func array(_ objects: [JSONText]) -> String {
    "[" + objects.map(\.line).joined(separator: ",") + "]"
  }

  /// A name as a value: text where it is UTF-8, else with `\xNN` for what is not.
  static func name(_ bytes: [UInt8]) -> Value {
    if let text = String(validating: bytes, as: UTF8.self) { return .text(text) }
    return .text(DisplayedName.text(bytes))
  }

  private static func encoded(_ value: Value) -> String {
    switch value {
    case .text(let text): quoted(text)
    case .number(let number): "\(number)"
    case .decimal(let number): "\(number)"
    case .flag(let flag): flag ? "true" : "false"
    case .null: "null"
    case .list(let values): "[" + values.map(encoded).joined(separator: ",") + "]"
    case .object(let object): object.line
    }
  }

  private static func quoted(_ text: String) -> String {
    // Most texts are plain; looking at each scalar of those would cost more than everything else.
    let isPlain = text.utf8.allSatisfy {
      $0 >= 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "\"") && $0 != UInt8(ascii: "\\")
    }
    if isPlain { return "\"\(text)\"" }
    var quoted = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": quoted += "\\\""
      case "\\": quoted += "\\\\"
      case "\n": quoted += "\\n"
      case "\t": quoted += "\\t"
      case "\r": quoted += "\\r"
      default:
        if isSteering(scalar.value) {
          let digits = String(scalar.value, radix: 16)
          quoted += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
        } else {
          quoted.unicodeScalars.append(scalar)
        }
      }
    }
    return quoted + "\""
  }

  /// True for what a terminal may obey rather than show: controls, and marks that turn the direction of text.
  private static func isSteering(_ scalar: UInt32) -> Bool {
    switch scalar {
    case 0..<0x20, 0x7F...0x9F, 0x061C, 0x200E, 0x200F, 0x2028...0x202E, 0x2066...0x2069: true
    default: false
    }
  }
}
