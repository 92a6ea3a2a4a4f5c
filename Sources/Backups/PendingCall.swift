import Scanning
import Synchronization

/// What one thread of a backup asks the source's file system for: a call that does not return can be named.
final class PendingCall: Sendable {
  /// A folder of the source.
  enum Place {
    case folder(FolderAssembly)
    /// One for which there is no assembly yet.
    case subfolder([UInt8], of: FolderAssembly)
    case path([UInt8])

    var path: [UInt8] {
      switch self {
      case .folder(let folder): folder.path
      case .subfolder(let name, let above): above.path(of: name)
      case .path(let path): path
      }
    }
  }

  private struct State {
    var isPending = false
    /// Calls so far, so that one can be told from the next.
    var number: UInt64 = 0
    var place: Place?
    var name: [UInt8] = []
  }

  private let state = Mutex(State())

  /// Says that the thread is about to ask for `name`; for a folder itself if it is empty.
  func begin(_ name: [UInt8], at place: Place) {
    state.withLock { state in
      state.isPending = true
      state.number += 1
      state.place = place
      state.name = name
    }
  }

  /// Says that the thread is about to ask for an entry of `folder`.
  func begin(_ name: [UInt8], in folder: FolderAssembly) { begin(name, at: .folder(folder)) }

  /// Says that the answer is there.
  func end() {
    state.withLock { $0.isPending = false }
  }

  /// The number of the call that the thread is in; `nil` if it is in none.
  var number: UInt64? {
    state.withLock { $0.isPending ? $0.number : nil }
  }

  /// The absolute path that was asked for last.
  var path: [UInt8] {
    let (place, name) = state.withLock { ($0.place, $0.name) }
    let above = place?.path ?? []
    return name.isEmpty ? above : RootPath.entry(name, in: above)
  }
}

/// The pending calls of all threads of a backup.
final class PendingCalls: Sendable {
  private let calls = Mutex<[PendingCall]>([])

  /// A place for a thread to note its calls.
  func place() -> PendingCall {
    let call = PendingCall()
    calls.withLock { $0.append(call) }
    return call
  }

  var all: [PendingCall] { calls.withLock { $0 } }

  /// True if a thread waits for an answer now.
  var isAnyPending: Bool { all.contains { $0.number != nil } }

  /// The path that a thread waits for now.
  var path: [UInt8]? { all.first { $0.number != nil }?.path }
}

/// Notices calls that do not return: looked at in equal intervals.
struct StallWatch {
  private var seen: [UInt64?] = []
  private var looks: [Int] = []

  /// Counts, for each call, the looks since which it is pending; returns the longest.
  mutating func look(at calls: [PendingCall]) -> (call: PendingCall, looks: Int)? {
    var longest: (call: PendingCall, looks: Int)?
    for (index, call) in calls.enumerated() {
      if index == seen.count {
        seen.append(nil)
        looks.append(0)
      }
      let number = call.number
      looks[index] = number != nil && number == seen[index] ? looks[index] + 1 : 0
      seen[index] = number
      if looks[index] > longest?.looks ?? 0 { longest = (call, looks[index]) }
    }
    return longest
  }
}
