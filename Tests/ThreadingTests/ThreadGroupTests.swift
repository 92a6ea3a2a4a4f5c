import Synchronization
import Testing

@testable import Threading

@Suite("Threads that are waited for together") struct ThreadGroupTests {
  @Test func `all threads have ended when the wait does`() throws {
    let group = ThreadGroup()
    let count = Atomic<Int>(0)
    for _ in 0..<8 { try group.start { count.add(1, ordering: .relaxed) } }
    #expect(group.join(hopelessAfterMilliseconds: 1) { false })
    #expect(count.load(ordering: .relaxed) == 8)
  }

  @Test func `a thread that does not end is left behind, once there is no hope`() throws {
    let group = ThreadGroup()
    let gate = Monitor<Bool>(false)
    try group.start { gate.wait { $0 } }
    var looks = 0
    // Hope comes back once: the time begins anew.
    let ended = group.join(hopelessAfterMilliseconds: 100) {
      looks += 1
      return looks != 4
    }
    #expect(!ended)
    #expect(looks == 9)
    gate.update { $0 = true }
    #expect(group.join(hopelessAfterMilliseconds: 1000) { true })
  }
}
