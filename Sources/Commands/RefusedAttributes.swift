import Files
import Restoring
import Synchronization

/// What this user or this file system cannot have, summed up once instead of named for every file.
final class RefusedAttributes: Sendable {
  private struct Counts {
    var attributes: [RestoreFinding.AttributeKind: Int] = [:]
    /// Extended attributes by name, and how many entries lack each.
    var named: [[UInt8]: Int] = [:]
    var devices = 0
    var specialBits = 0
  }

  private let counts = Mutex(Counts())
  /// Attributes that get a line of their own.
  private static let nameLimit = 16

  /// Counts a finding, if it is one of those.
  func collects(_ finding: RestoreFinding) -> Bool {
    switch finding.reason {
    case .attributes(let kind, let operation, let errno):
      let error = FilesError(operation, finding.path, errno)
      guard error.isPermission || error.isUnsupported else { return false }
      counts.withLock { $0.attributes[kind, default: 0] += 1 }
    case .extendedAttribute(let name, let operation, let errno):
      let error = FilesError(operation, finding.path, errno)
      guard error.isPermission || error.isUnsupported else { return false }
      counts.withLock { counts in
        // Names come from the snapshot: what an odd one holds in thousands is counted together.
        if counts.named[name] != nil || counts.named.count < RefusedAttributes.nameLimit {
          counts.named[name, default: 0] += 1
        } else {
          counts.attributes[.extendedAttributes, default: 0] += 1
        }
      }
    case .deviceSkipped: counts.withLock { $0.devices += 1 }
    case .specialBitsDropped: counts.withLock { $0.specialBits += 1 }
    case .notRestored, .damagedContent, .inTheWay, .collision, .changedMeanwhile, .linkWithoutFile,
      .notRemoved, .ambiguousNames, .wrongReadBack, .notReadBack:
      return false
    }
    return true
  }

  /// A line for each kind.
  func summary(asJSON: Bool) -> [String] {
    let counts = counts.withLock { $0 }
    var lines: [(what: String, count: Int, text: String)] = []
    for kind in RestoreFinding.AttributeKind.allCases {
      guard let count = counts.attributes[kind] else { continue }
      lines.append((kind.rawValue, count, RefusedAttributes.text(kind, count)))
    }
    for (name, count) in counts.named.sorted(by: { $0.key.lexicographicallyPrecedes($1.key) }) {
      let what = Explanation.text(ofAttribute: name)
      let entries = Quantities.count(count, "entry", "entries")
      lines.append(
        (
          RestoreFinding.AttributeKind.extendedAttributes.rawValue, count,
          "\(what) of \(entries) not set: not permitted, or not supported here"
        )
      )
    }
    if counts.specialBits > 0 {
      let entries = Quantities.count(counts.specialBits, "entry", "entries")
      lines.append(
        (
          "setuid", counts.specialBits,
          "setuid or setgid of \(entries) left out: another owner than the snapshot's would lend his rights"
        )
      )
    }
    if counts.devices > 0 {
      let devices = Quantities.count(counts.devices, "device")
      lines.append(("devices", counts.devices, "\(devices) not made: only root can"))
    }
    return lines.map { line in
      guard asJSON else { return line.text }
      return JSONText([
        "message_type": .text("not_applied"), "what": .text(line.what),
        "count": .number(line.count), "message": .text(line.text),
      ]).line
    }
  }

  private static func text(_ kind: RestoreFinding.AttributeKind, _ count: Int) -> String {
    let entries = Quantities.count(count, "entry", "entries")
    return switch kind {
    case .owner: "owner of \(entries) not set: only root can give files away; they belong to you"
    case .mode: "mode of \(entries) not set: not permitted, or not supported here"
    case .times: "modification time of \(entries) not set: not permitted, or not supported here"
    case .extendedAttributes:
      "extended attributes of \(entries) not set: not permitted, or not supported here"
    case .flags: "inode flags of \(entries) not set: not permitted, or not supported here"
    }
  }
}
