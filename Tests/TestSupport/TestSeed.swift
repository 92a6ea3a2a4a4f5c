import Foundation

/// The seed of a random test: that of KIST_TEST_SEED if it is set, so that a failure can be repeated.
package enum TestSeed {
  /// A seed, printed with the name of the test.
  package static func make(for test: String) -> UInt64 {
    let given = ProcessInfo.processInfo.environment["KIST_TEST_SEED"].flatMap { UInt64($0) }
    let seed = given ?? UInt64.random(in: 1...(1 << 32))
    print("\(test): KIST_TEST_SEED=\(seed)")
    return seed
  }
}
