import Chunking
import CoreTypes
import Packing
import Sealing
import Sodium
import Storage
import TestSupport
import Testing
import Trees

@testable import Repositories

/// Formats/configuration.md.
@Suite("Vectors of configurations")
struct ConfigurationVectorTests {
  @Test
  func
    `configurations of the vectors are read, and features that only writers must know are named`()
    throws
  {
    for (name, file) in try Vectors.bytes("configuration/accepted.txt") {
      let configuration = try Configuration(decoding: file)
      #expect(configuration.repositoryID.digest.bytes == (try Vectors.secret("repository-id")))
      #expect(configuration.chunking.minimum == 256 && configuration.chunking.maximum == 4096)
      #expect(configuration.made == PointInTime(seconds: 1_700_000_000))
      let isForReadingOnly = name == "unknown-read-only-compatible-feature"
      #expect(configuration.readOnlyCompatible == (isForReadingOnly ? ["frost"] : []), "\(name)")
    }
  }

  @Test func `configurations that must be refused are refused for their reason`() throws {
    let vectors = try Vectors.bytes("configuration/refused.txt")
    #expect(vectors.count == 14)
    for (name, file) in vectors {
      do throws(RepositoryError) {
        _ = try Configuration(decoding: file)
        Issue.record("\(name) was taken")
      } catch {
        switch (name, error) {
        case ("newer-version", .unsupported(version: 2, features: [])): continue
        case ("unknown-incompatible-feature", .unsupported(version: 1, features: ["frost"])):
          continue
        case ("unknown-key", .unsupported(version: 1, features: [])): continue
        case ("wrong-signature", .damagedConfiguration(reason: "wrong signature")),
          ("signed-by-another-key", .damagedConfiguration(reason: "wrong signature")),
          ("short-signature", .damagedConfiguration(reason: "wrong signature")):
          continue
        case ("other-format-name", .damagedConfiguration(reason: "not a Kist configuration")):
          continue
        case ("no-array", .damagedConfiguration), ("no-signature", .damagedConfiguration),
          ("trailing-byte", .damagedConfiguration), ("minimum-too-small", .damagedConfiguration),
          ("average-no-power-of-two", .damagedConfiguration),
          ("sizes-not-ascending", .damagedConfiguration),
          ("maximum-too-large", .damagedConfiguration):
          continue
        default: Issue.record("\(name): \(error)")
        }
      }
    }
  }
}

/// Formats/record-log.md, and everything else together.
@Suite("The vectors' repository")
struct RepositoryVectorTests {
  /// The store, in memory.
  private let store: MemoryStore
  private let configuration: Configuration

  init() throws {
    let file = try Vectors.file("repository/kist")
    configuration = try Configuration(decoding: file)
    let id = try #require(StoreID([UInt8](repeating: 0x5e, count: 16)))
    store = MemoryStore(id: id, configuration: file)
    for kind in [BlobKind.slot, .keyringEntry, .manifest, .record] {
      for (name, bytes) in try Vectors.files(in: "repository/" + kind.folder) {
        #expect(PlainHash.of(bytes).description == name)
        try store.put(bytes, as: BlobName(kind, PlainHash.of(bytes)))
      }
    }
    for shard in try Vectors.names(in: "repository/packs") {
      for (name, bytes) in try Vectors.files(in: "repository/packs/" + shard) {
        try store.put(bytes, as: BlobName(.pack, try #require(Digest(hexadecimal: name))))
      }
    }
  }

  private var secrets: [SlotSecret] {
    [
      .passphrase(SecretBytes(copying: Array("correct horse battery staple".utf8)), .least),
      .recoveryKey(SecretBytes(copying: Array(0..<32))),
    ]
  }

  private func record(_ name: String) throws -> RecordID {
    RecordID(try #require(Digest(try Vectors.secret("record-" + name))))
  }

  private func object(_ name: String) throws -> ObjectID {
    ObjectID(try #require(Digest(try Vectors.secret("object-" + name))))
  }

  /// The log of the store with one more file.
  private func log(with file: [UInt8]? = nil) throws -> RecordLog {
    if let file { try store.put(file, as: BlobName(.record, PlainHash.of(file))) }
    return try RecordLog(store: store, configuration: configuration)
  }

  @Test func `a record says the tags of one snapshot, the author those of the other`() throws {
    let repository = try UnlockedRepository(store: store, secret: secrets[1])
    let tags = SnapshotTags(log: try log(), keyring: repository.keyring)
    #expect(tags.malformed.isEmpty)
    #expect(tags.tags(of: try record("second"), given: ["vectors"]) == ["keep"])
    #expect(tags.tags(of: try record("first"), given: ["vectors"]) == ["vectors"])
  }

  @Test func `lists of tags are read and written as the same bytes, or refused`() throws {
    let lists = try Vectors.bytes("record-log/tags.txt")
    #expect(lists.count == 5)
    for (name, bytes) in lists {
      #expect(try TagList.encode(TagList.decode(bytes)) == bytes, "\(name)")
    }
    let refused = try Vectors.bytes("record-log/tags-refused.txt")
    #expect(refused.count == 13)
    for (name, bytes) in refused {
      #expect(throws: (any Error).self, "\(name)") { try TagList.decode(bytes) }
    }
  }

  @Test func `the log says which snapshots count and what is condemned`() throws {
    let log = try log()
    let void = try record("void")
    #expect(log.findings == [.refused(void, reason: "its writer was revoked")])
    #expect(log.snapshots.map(\.id) == [try record("first"), try record("second")])
    #expect(log.condemnedObjects == [try object("condemned")])
    #expect(log.frontier == [try record("unknown-kind")])
    #expect(log.records.count == 11 && log.files.count == 10)
    #expect(log.isEnrolled(try #require(Digest(try Vectors.secret("ann")))))
    #expect(!log.isEnrolled(try #require(Digest(try Vectors.secret("bob")))))
    let first = try #require(log.records[try record("first")])
    #expect(
      try RecordLog.adds(of: first, in: store)
        == [try object("data"), try object("nodes")].sorted()
    )
    let second = try #require(log.records[try record("second")])
    #expect(
      try RecordLog.adds(of: second, in: store)
        == [try object("compressed-data"), try object("more-nodes")].sorted()
    )
  }

  @Test func `each secret opens it, and everything of both snapshots can be read`() throws {
    for secret in secrets {
      let folder = try TemporaryFolder()
      let repository = try UnlockedRepository(store: store, secret: secret).open(
        folders: ClientFolders(cache: folder.path + "/cache", state: folder.path + "/state")
      )
      #expect(repository.openFindings.isEmpty)
      let source = try ChunkSource(repository: repository)
      let reader = TreeReader { id throws(RepositoryError) in
        try source.bytes(of: id, kind: .tree)
      }
      var (paths, entries): ([String], [TreeEntry]) = ([], [])
      for record in repository.log.snapshots {
        let snapshot = try repository.snapshot(record)
        for node in snapshot.hardLinks {
          #expect(try HardLinks.groups(of: [try reader.node(node)]).map(\.count) == [2])
        }
        for root in snapshot.roots {
          paths.append(String(decoding: root.path, as: UTF8.self))
          entries.append(root.entry)
          guard let directory = root.entry.directory else { continue }
          try reader.walk(directory, promising: root.entry.subtree) { names, entry in
            paths.append(String(decoding: Array(names.joined(separator: [47])), as: UTF8.self))
            entries.append(entry)
            return .enter
          }
        }
      }
      for entry in entries {
        _ = (try reader.attributes(of: entry), try reader.holes(of: entry))
        var items = reader.items(of: entry)
        while let item = try items.next() {
          #expect(try source.bytes(of: item.id, kind: .data).count == Int(item.length))
        }
      }
      #expect(paths.count == 10 + 1 + 65 + 1 + 2 + 2)
      #expect(paths.contains("sub/letter-too") && paths.contains("/etc/hostname"))
    }
  }

  @Test func `a slot in order for another root key is refused`() throws {
    let slot = try #require(try Vectors.bytes("keys/slot-of-another-root.txt").first).bytes
    let store = MemoryStore(id: store.id, configuration: try store.readConfiguration())
    try store.put(slot, as: BlobName(.slot, PlainHash.of(slot)))
    do throws(RepositoryError) {
      _ = try UnlockedRepository(
        store: store,
        secret: .recoveryKey(SecretBytes(copying: Array(0..<32)))
      )
      Issue.record("it was taken")
    } catch {
      guard case .noUsableSlot(let reasons) = error else { throw error }
      #expect(reasons == [.malformed(what: "root key of a slot")])
    }
  }

  @Test func `records that must be refused are named, and change nothing`() throws {
    let vectors = try Vectors.bytes("record-log/refused.txt")
    #expect(vectors.count == 17)
    let before = try log()
    for (name, file) in vectors {
      let hash = PlainHash.of(file)
      let (id, log) = (RecordID(hash), try log(with: file))
      defer { #expect(throws: Never.self) { try store.remove(BlobName(.record, hash)) } }
      let found = log.findings.filter { !before.findings.contains($0) }
      #expect(found.count == 1, "\(name)")
      let tip = try record("unknown-kind")
      switch name {
      case "another-repository":
        #expect(found == [.refused(id, reason: "it belongs to another repository")])
      case "unknown-writer":
        #expect(found == [.refused(id, reason: "its writer was never enrolled")])
      case "wrong-signature", "short-signature":
        #expect(found == [.refused(id, reason: "its signature is wrong")], "\(name)")
      case "enrolment-by-a-device", "revocation-by-a-device":
        #expect(found == [.refused(id, reason: "only the root key enrols and revokes")], "\(name)")
      case "revoked-writer": #expect(found == [.refused(id, reason: "its writer was revoked")])
      case "same-sequence":
        #expect(found == [.fork(tip, id)] || found == [.fork(id, tip)])
        continue
      case "missing-parent":
        #expect(found == [.missingParent(id, parent: RecordID(Digest(words: 0, 0, 0, 0)))])
        continue
      default:
        guard case .damagedFile(hash, _) = try #require(found.first) else {
          Issue.record("\(name): \(found)")
          continue
        }
      }
      #expect(log.records.count == before.records.count, "\(name)")
    }
  }

  @Test func `a parent that is missing is asked for until a record that counts gives it up`() throws
  {
    let vectors = Dictionary(
      uniqueKeysWithValues: try Vectors.bytes("record-log/given-up.txt").map { ($0.name, $0.bytes) }
    )
    #expect(vectors.count == 4)
    let child = try #require(vectors["child"])
    let missing = LogFinding.missingParent(
      RecordID(PlainHash.of(child)),
      parent: RecordID(Digest(words: 0, 0, 0, 0))
    )
    #expect(try log(with: child).findings.contains(missing))
    for name in ["waiver-by-a-revoked-writer", "condemnation", "waiver"] {
      let file: [UInt8] = try #require(vectors[name])
      let findings = try log(with: file).findings
      #expect(findings.contains(missing) == (name != "waiver"), "\(name)")
    }
  }

  @Test func `records whose sealed part must not open do not open`() throws {
    let keyring = try UnlockedRepository(store: store, secret: secrets[1]).keyring
    let errors: [String: SealingError] = [
      "unknown-key": .unknownKey(try #require(KeyID([UInt8](repeating: 0xa4, count: 16)))),
      "another-key": .notAuthentic(what: "sealed part of a record"),
      "padding-not-zero": .malformed(what: "padding of a record"),
      "length-beyond-its-end": .malformed(what: "sealed part of a record"),
      "padded-to-another-size": .malformed(what: "padding of a record"),
    ]
    let vectors = try Vectors.bytes("record-log/unopened.txt")
    #expect(Set(vectors.map(\.name)) == Set(errors.keys))
    for (name, file) in vectors {
      let record = try #require(try Record.all(in: file).first)
      #expect(record.isSignatureRight)
      #expect(throws: try #require(errors[name]), "\(name)") { try record.content(with: keyring) }
    }
  }

  @Test func `manifests that must be refused are refused`() throws {
    let vectors = try Vectors.bytes("record-log/manifests-refused.txt")
    #expect(vectors.count == 7)
    for (name, file) in vectors {
      #expect(throws: RecordError.self, "\(name)") { try Manifest.decode(file) }
    }
    let manifest = try #require(try Vectors.files(in: "repository/manifests").first)
    let ids = [try object("compressed-data"), try object("more-nodes")].sorted()
    #expect(Array(try Manifest.decode(manifest.bytes)) == ids)
    #expect(Manifest.encode(ids[...]) == manifest.bytes)
  }
}
