import CoreTypes
import Trees

extension Explanation {
  /// What is wrong with a tree node, a list or a snapshot.
  static func text(_ error: TreeError) -> String {
    switch error {
    case .malformed(let error): "\(error)"
    case .nodeTooLarge(let bytes): "a node of \(Quantities.count(bytes, "byte"))"
    case .unknownNode(let type): "a node of unknown type \(type)"
    case .unexpectedNode: "a node of another kind than its place asks for"
    case .missingKey(let key): "key \(key) is missing"
    case .unknownKey(let key): "key \(key) is not known"
    case .misplacedKey(let key, let kind): "key \(key) does not belong to a \(EntryText.word(kind))"
    case .needlessKey(let key): "key \(key) says nothing"
    case .outOfRange(let key, let value): "key \(key) has the value \(value), beyond its range"
    case .illegalName(let name): "illegal name: \(DisplayedName.text(name))"
    case .illegalPath(let path): "illegal path: \(DisplayedName.text(path))"
    case .illegalLinkTarget(let bytes): "a link to a path of \(Quantities.count(bytes, "byte"))"
    case .illegalAttribute(let name): "illegal attribute: \(DisplayedName.text(name))"
    case .unsorted(let previous, let next):
      "\(DisplayedName.text(next)) stands behind \(DisplayedName.text(previous))"
    case .unknownKind(let kind): "an entry of unknown kind \(kind)"
    case .illegalTime(let nanoseconds): "a time with \(nanoseconds) nanoseconds"
    case .misplacedAttributes(let bytes):
      "attributes of \(Quantities.count(bytes, "byte")) in the wrong place"
    case .illegalContent: "a content that its size does not allow"
    case .illegalItem(let chunk, let length, let repeats):
      "chunk \(chunk.digest.short) with \(length) bytes, \(repeats) times"
    case .unmergedItems(let chunk): "chunk \(chunk.digest.short) stands twice in a row"
    case .illegalHole: "a hole that cannot be"
    case .illegalGroup: "a group of hard links that cannot be"
    case .elementCount(let count): "\(Quantities.count(count, "element")) in one node"
    case .wrongSize(let promised, let found): "\(found) bytes where \(promised) were promised"
    case .wrongTotals: "totals that do not add up"
    case .wrongFirstName(let promised, let found):
      "a page begins with \(DisplayedName.text(found)), not with \(DisplayedName.text(promised))"
    case .overflow: "sums that are too large"
    case .tooDeep: "folders too deep in one another"
    case .unsupportedVersion(let version): "version \(version): made by a newer kist"
    }
  }
}
