import Files
import Scanning
import Threading

/// Opens and lists folders before the walk comes to them, on threads of its own.
///
/// The walk keeps its order and decides alone: a folder that no thread has begun with when it comes there it opens itself. A
/// scout that fails keeps silent, for the walk asks again.
final class FolderScout: Sendable {
  /// A folder that the walk will come to.
  struct Request: Sendable {
    let name: [UInt8]
    let above: FolderAssembly
    let handle: DirectoryHandle
    /// The rules in the folder above.
    let scope: RuleScope
  }

  /// An open folder, and what it holds.
  struct Found: Sendable {
    let handle: DirectoryHandle
    let survey: FolderSurvey
  }

  /// The folders of one folder that the walk is in.
  private struct Family {
    let id: Int
    /// In the order of the walk.
    let requests: [Request]
    /// The first with which nobody has begun.
    var next = 0
    var begun: Set<Int> = []
    var found: [Int: Found] = [:]

    var hasRoom: Bool {
      next < requests.count && begun.count + found.count < FolderScout.familyLimit
    }
  }

  private struct State {
    /// From the root down.
    var families: [Family] = []
    var nextID = 0
    var foundCount = 0
    /// Scouts that wait for something to do.
    var idleCount = 0
    /// True while the walk waits.
    var isAwaited = false
    var isOver = false

    /// Where the folder is that the walk will come to first, of those that may be begun.
    var upcoming: Int? {
      guard foundCount < FolderScout.foundLimit else { return nil }
      return families.lastIndex { $0.hasRoom }
    }

    /// True while a thread is at a folder of the last family.
    func isBegun(_ number: Int) -> Bool { families.last?.begun.contains(number) ?? false }

    mutating func begin() -> (family: Int, number: Int, request: Request)? {
      guard let place = upcoming else { return nil }
      let number = families[place].next
      families[place].next += 1
      families[place].begun.insert(number)
      return (families[place].id, number, families[place].requests[number])
    }

    mutating func end(_ number: Int, of family: Int, _ result: Found?) {
      // It is gone only if the walk was given up.
      guard let place = families.lastIndex(where: { $0.id == family }) else { return }
      families[place].begun.remove(number)
      guard let result else { return }
      families[place].found[number] = result
      foundCount += 1
    }

    mutating func take(_ number: Int) -> Found? {
      let last = families.count - 1
      guard last >= 0 else { return nil }
      families[last].next = max(families[last].next, number + 1)
      guard let found = families[last].found.removeValue(forKey: number) else { return nil }
      foundCount -= 1
      return found
    }

    mutating func forget(to count: Int) {
      while families.count > max(0, count) {
        foundCount -= families.removeLast().found.count
      }
    }
  }

  /// Folders of one folder that are open before the walk comes to them.
  private static let familyLimit = 8
  /// Open folders in all: each has a descriptor.
  private static let foundLimit = 128
  private static let lookIntervalMilliseconds = 50

  private let state = Monitor(State())

  // MARK: The walk

  /// Says that the walk has come into a folder, and to which folders in it it will come, in order.
  func enter(_ requests: [Request]) {
    let isWanted = state.withLock { state in
      state.families.append(Family(id: state.nextID, requests: requests))
      state.nextID += 1
      return state.idleCount > 0 && !requests.isEmpty
    }
    if isWanted { state.wake() }
  }

  /// Says that the walk leaves the folder that it entered last.
  func leave() {
    state.withLock { $0.forget(to: $0.families.count - 1) }
  }

  /// Says that the walk of a root ends, in whichever folder it is.
  func leaveAll() {
    state.withLock { $0.forget(to: 0) }
  }

  /// What was found in the folder of this number, of those in the folder that was entered last.
  ///
  /// Waits while a thread is at it. `nil` if none has begun, if it failed, and once `isOver` says so.
  func take(_ number: Int, isOver: () -> Bool) -> Found? {
    while true {
      let (isThere, found, isWanted) = state.withLock { state in
        state.isAwaited = state.isBegun(number)
        guard !state.isAwaited else { return (false, nil as Found?, false) }
        return (true, state.take(number), state.idleCount > 0 && state.upcoming != nil)
      }
      if isWanted { state.wake() }
      if isThere { return found }
      guard !isOver() else { return nil }
      let interval = FolderScout.lookIntervalMilliseconds
      _ = state.wait(upToMilliseconds: interval) { !$0.isBegun(number) }
    }
  }

  /// Says that the walk needs nothing more.
  func finish() { state.update { $0.isOver = true } }

  // MARK: The scouts

  /// Serves until the walk is over; `call` is the thread's own.
  func run(_ call: PendingCall) {
    while let next = next() {
      let found = look(next.request, call)
      call.end()
      let isAwaited = state.withLock { state in
        state.end(next.number, of: next.family, found)
        return state.isAwaited
      }
      if isAwaited { state.wake() }
    }
  }

  private func next() -> (family: Int, number: Int, request: Request)? {
    while true {
      let (isOver, next) = state.withLock { ($0.isOver, $0.isOver ? nil : $0.begin()) }
      if isOver { return nil }
      if let next { return next }
      state.withLock { $0.idleCount += 1 }
      state.wait { $0.isOver || $0.upcoming != nil }
      state.withLock { $0.idleCount -= 1 }
    }
  }

  private func look(_ request: Request, _ call: PendingCall) -> Found? {
    call.begin(request.name, in: request.above)
    do {
      let handle = try request.handle.openSubdirectory(request.name)
      let survey = try FolderSurvey(
        of: handle,
        scope: request.scope.below(request.name),
        call: call,
        at: .subfolder(request.name, of: request.above)
      )
      return Found(handle: handle, survey: survey)
    } catch {
      // Ignored: the walk asks again, and names what fails then.
      return nil
    }
  }
}
