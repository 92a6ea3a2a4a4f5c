package import Repositories
import Synchronization

/// Figures of a running backup.
package struct BackupCounters: Sendable, Equatable {
  package var filesNew = 0
  package var filesChanged = 0
  package var filesUnmodified = 0
  package var foldersNew = 0
  package var foldersChanged = 0
  package var foldersUnmodified = 0
  /// Links, devices and FIFOs.
  package var others = 0
  /// Entries that a rule left out; a folder counts once.
  package var excluded = 0
  /// Bytes of all files, read or not.
  package var bytesSeen = 0
  /// Bytes that were read.
  package var bytesRead = 0
  /// Plaintext of chunks that the store lacked.
  package var bytesAdded = 0
  /// Content of small files that were new or changed: it stands in the folder's own nodes, beside their names.
  package var bytesInline = 0
  /// Bytes written to packs, or in a rehearsal those that would be.
  package var bytesStored = 0
  package var objectsStored = 0
  package var packsStored = 0
  /// How often a file was read once more because it changed while it was read.
  package var rereads = 0
  /// Files that were read a moment later, for they had just been changed.
  package var waits = 0
  package var errors = 0
  package init() {}

  package var files: Int { filesNew + filesChanged + filesUnmodified }
  package var folders: Int { foldersNew + foldersChanged + foldersUnmodified }
}

/// What became of an entry since it was saved last.
package enum EntryState: String, Sendable {
  case new
  case changed
  case unmodified

  /// Compares encoded entries; `saved` is `nil` if there was none.
  init(_ encoded: [UInt8], saved: [UInt8]?) {
    guard let saved else {
      self = .new
      return
    }
    self = encoded == saved ? .unmodified : .changed
  }
}

/// Where threads of a backup note what they did, and a display reads it.
package final class BackupProgress: Sendable {
  private struct State {
    var counters = BackupCounters()
    var current: [UInt8] = []
    var waiting: [UInt8]?
    var findings: [SourceFinding] = []
    var omitted = 0
  }

  private let state = Mutex(State())
  private let report: @Sendable (SourceFinding) -> Void
  private let observe: (@Sendable (EntryState, _ path: [UInt8]) -> Void)?
  private let reportStall: @Sendable (_ path: [UInt8]) -> Void
  private let reportSalvage: @Sendable (OrphanSalvage.Summary) -> Void
  /// Findings that are kept for the summary.
  private static let findingLimit = 10_000

  /// All are called from any thread.
  ///
  /// `report` gets each finding, `observe` each file and folder, `reportStall` once a path for which a call to the system
  /// has not returned for ten seconds, and `reportSalvage`, first, what a dead process had left.
  package init(
    report: @escaping @Sendable (SourceFinding) -> Void = { _ in },
    observe: (@Sendable (EntryState, _ path: [UInt8]) -> Void)? = nil,
    reportStall: @escaping @Sendable (_ path: [UInt8]) -> Void = { _ in },
    reportSalvage: @escaping @Sendable (OrphanSalvage.Summary) -> Void = { _ in }
  ) {
    self.report = report
    self.observe = observe
    self.reportStall = reportStall
    self.reportSalvage = reportSalvage
  }

  /// The figures now.
  package var counters: BackupCounters { state.withLock { $0.counters } }

  /// The path that was worked on last.
  package var current: [UInt8] { state.withLock { $0.current } }

  /// A path of the source for which a call to the system has not returned for some seconds.
  package var waiting: [UInt8]? { state.withLock { $0.waiting } }

  func waiting(for path: [UInt8]?) {
    state.withLock { $0.waiting = path }
  }

  func stalled(at path: [UInt8]) { reportStall(path) }

  func salvaged(_ summary: OrphanSalvage.Summary) { reportSalvage(summary) }

  func add(_ change: (inout BackupCounters) -> Void) {
    state.withLock { change(&$0.counters) }
  }

  /// Counts a file, and its content where that stands in its entry; `path` is asked for only if someone watches.
  func countFile(
    _ entry: EntryState,
    byteCount: UInt64,
    inline inlineByteCount: Int,
    path: () -> [UInt8]
  ) {
    state.withLock { state in
      switch entry {
      case .new: state.counters.filesNew += 1
      case .changed: state.counters.filesChanged += 1
      case .unmodified: state.counters.filesUnmodified += 1
      }
      switch entry {
      case .new, .changed: state.counters.bytesInline += inlineByteCount
      case .unmodified: break
      }
      // Sparse files can be longer together than any number that counts them.
      let sum = state.counters.bytesSeen.addingReportingOverflow(Int(clamping: byteCount))
      state.counters.bytesSeen = sum.overflow ? .max : sum.partialValue
    }
    if let observe { observe(entry, path()) }
  }

  /// Counts a folder; `path` is asked for only if someone watches.
  func countFolder(_ entry: EntryState, path: () -> [UInt8]) {
    state.withLock { state in
      switch entry {
      case .new: state.counters.foldersNew += 1
      case .changed: state.counters.foldersChanged += 1
      case .unmodified: state.counters.foldersUnmodified += 1
      }
    }
    if let observe { observe(entry, path()) }
  }

  func working(on path: [UInt8]) {
    state.withLock { $0.current = path }
  }

  func note(_ finding: SourceFinding) {
    state.withLock { state in
      if finding.isLoss { state.counters.errors += 1 }
      if state.findings.count < BackupProgress.findingLimit {
        state.findings.append(finding)
      } else {
        state.omitted += 1
      }
    }
    report(finding)
  }

  var findings: (kept: [SourceFinding], omitted: Int) {
    state.withLock { ($0.findings, $0.omitted) }
  }
}
