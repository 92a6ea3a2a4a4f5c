import TestSupport
import CoreTypes
import Sodium

@testable import Sealing

let someRepository = RepositoryID(PlainHash.of(Array("a repository".utf8)))
let someTime = PointInTime(seconds: 1_700_000_000, nanoseconds: 5)

/// A keyring of one data key and one id key, both random.
func makeKeyring(_ repository: RepositoryID = someRepository) throws -> Keyring {
  let sealer = KeyringSealer(
    repository: repository,
    keyringKey: SecretBytes(random: 32)
  )
  let entries = [
    try sealer.open(try sealer.newDataKey(made: someTime)),
    try sealer.open(try sealer.newIdentityKey(made: someTime)),
  ]
  guard let keyring = Keyring(repository: repository, entries: entries) else {
    throw SealingError.malformed(what: "test keyring")
  }
  return keyring
}

/// An object of these chunks.
func makeObject(
  _ chunks: [[UInt8]],
  _ keyring: Keyring,
  compression: CompressionChoice = .standard,
  kind: ChunkKind = .data
) throws -> SealedObject {
  let naming = keyring.currentIdentityKey
  let ids = chunks.map { naming.chunkID(of: $0.span, kind: kind) }
  let plaintext = chunks.flatMap(\.self)
  var sealer = try ObjectSealer(
    key: keyring.currentDataKey,
    identityKey: naming.id,
    compression: compression
  )
  return try sealer.seal(
    kind: kind,
    chunkIDs: ids,
    lengths: chunks.map(\.count),
    plaintext: plaintext.span
  ).named()
}

/// Random bytes of the given seed.
func randomBytes(_ count: Int, seed: UInt64) -> [UInt8] {
  var generator = SplitMix64(seed: seed)
  return (0..<count).map { _ in UInt8(truncatingIfNeeded: generator.next()) }
}

extension [UInt8] {
  /// The same bytes with one bit changed.
  func flipping(bit: Int) -> [UInt8] {
    var copy = self
    copy[bit / 8] ^= 1 << UInt8(bit % 8)
    return copy
  }
}
