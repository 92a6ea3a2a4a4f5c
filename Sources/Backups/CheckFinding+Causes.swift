import CoreTypes
import Packing
import Repositories
import Storage
import Trees

extension CheckFinding {
  /// What the store answered, where it could not be read; `nil` where what was read is wrong.
  private var unread: StorageError? {
    switch self {
    case .pack(.storage(let error)), .storage(let error), .log(.unreadable(_, let error)): error
    case .snapshot(_, let error), .unrestorable(_, _, _, let error): CheckFinding.unread(error)
    case .damagedFile, .damagedSelection, .pack, .morePackFindings, .wrongContent, .log,
      .missingObject, .knownDamage, .moreUnrestorable:
      nil
    }
  }

  private static func unread(_ error: any Error) -> StorageError? {
    switch error {
    case TreeReadError<RepositoryError>.load(let error): unread(error)
    case RepositoryError.storage(let error), RepositoryError.packing(.storage(let error)),
      RepositoryError.damagedChunk(_, .storage(let error)):
      error
    default: nil
    }
  }

  /// True if the disk could not read what it holds: nobody knows whether it is damaged.
  package var isUnreadable: Bool { unread?.isUnreadable ?? false }

  /// True if it is a record that is left out, or two that disagree: what is listed does not depend on it.
  package var isLeftOut: Bool {
    switch self {
    case .log(.refused), .log(.fork): true
    case .log, .damagedFile, .damagedSelection, .pack, .morePackFindings, .wrongContent,
      .missingObject, .knownDamage, .snapshot,
      .unrestorable,
      .moreUnrestorable, .storage:
      false
    }
  }

  /// True if it is a record that is damaged or missing, without which something else may be lost.
  package var isLostRecord: Bool {
    guard case .log(let finding) = self else { return false }
    return finding.unreadFile != nil || finding.lostParent != nil
  }

  fileprivate var isUnread: Bool { unread != nil }

  fileprivate var machineFault: StorageError? {
    guard let unread, unread.isMachineFault else { return nil }
    return unread
  }
}

extension CheckReport {
  /// Why something could not be read that says nothing about the store: rights or limits of the machine that has it.
  var machineFault: StorageError? {
    for finding in findings {
      if let fault = finding.machineFault { return fault }
    }
    return nil
  }

  /// Takes away what a stop alone may have kept from being read.
  mutating func leaveOutUnread() { findings.removeAll(where: \.isUnread) }
}
