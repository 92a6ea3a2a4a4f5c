import Chunking
import CoreTypes
import Files
import Packing
import Repositories
import Sealing
import Storage
import Trees

/// Parts of a repository as they are stored, for a program.
enum InspectJSON {
  static func configuration(of repository: OpenRepository) -> JSONText {
    let configuration = repository.configuration
    let chunking = configuration.chunking
    return JSONText([
      "message_type": .text("configuration"),
      "repository_id": .text("\(configuration.repositoryID)"),
      "store_id": .text("\(repository.store.id)"),
      "made": .text(CalendarTime.iso(configuration.made)),
      "root_key": .text(Hexadecimal.text(of: configuration.rootPublicKey)),
      "chunk_sizes": .list(
        [chunking.minimum, chunking.average, chunking.maximum].map { .number(Int($0)) }
      ),
      "data_key": .text("\(repository.keyring.currentDataKey.id)"),
      "id_key": .text("\(repository.keyring.currentIdentityKey.id)"),
    ])
  }

  static func pack(_ pack: PackID, sequence: UInt64, _ trailer: PackTrailer) -> JSONText {
    JSONText([
      "message_type": .text("pack"), "id": .text("\(pack)"),
      "sequence": .number(Int(clamping: sequence)),
      "object_count": .number(trailer.places.count), "bytes": .number(trailer.packByteCount),
    ])
  }

  static func object(
    _ place: ObjectPlace,
    in pack: PackID,
    _ directory: ObjectDirectory
  ) -> JSONText {
    JSONText([
      "message_type": .text("object"), "id": .text("\(place.id)"), "pack": .text("\(pack)"),
      "kind": .text(directory.kind == .tree ? "tree" : "data"),
      "offset": .number(place.stubOffset), "body_bytes": .number(place.bodyByteCount),
      "head_bytes": .number(place.headByteCount),
      "chunk_count": .number(directory.chunkIDs.count),
    ])
  }

  static func chunks(_ ids: [ChunkID], lengths: [Int]) -> JSONText.Value {
    .list(
      zip(ids, lengths).map { id, length in
        .object(JSONText(["id": .text("\(id)"), "bytes": .number(length)]))
      }
    )
  }

  static func record(_ record: Record) -> JSONText {
    let clear = record.clear
    return JSONText([
      "message_type": .text("record"), "id": .text("\(record.id)"),
      "time": .text(CalendarTime.iso(clear.time)), "kind": .text("\(clear.kind)"),
      "writer": .text("\(clear.writer)"), "sequence": .number(Int(clamping: clear.sequence)),
      "parents": .list(clear.parents.map { .text("\($0)") }),
      "adds_count": .number(clear.adds.count), "manifest_count": .number(clear.addManifests.count),
    ])
  }

  static func snapshot(_ snapshot: Snapshot, of record: RecordID) -> JSONText {
    JSONText([
      "message_type": .text("snapshot"), "id": .text("\(record)"),
      "parents": .list(snapshot.parents.map { .text("\($0)") }),
      "roots": .list(
        snapshot.roots.map { root in
          .object(
            JSONText([
              "path": JSONText.name(root.path),
              "tree": root.entry.directory.map { .text("\($0)") } ?? .null,
            ])
          )
        }
      ),
      "files": .number(Int(clamping: snapshot.totals.files)),
      "bytes": .number(Int(clamping: snapshot.totals.bytes)),
      "entries": .number(Int(clamping: snapshot.totals.entries)),
      "hard_link_nodes": .number(snapshot.hardLinks.count),
      "users": owners(snapshot.users), "groups": owners(snapshot.groups),
      "rules": .list(
        snapshot.rules.map { rule in
          .object(JSONText(["name": .text(rule.name), "value": .text(rule.value)]))
        }
      ),
    ])
  }

  private static func owners(_ owners: [SnapshotOwner]) -> JSONText.Value {
    .list(
      owners.map { owner in
        .object(
          JSONText(["id": .number(Int(owner.number)), "name": .text(owner.name)])
        )
      }
    )
  }
}
