import Threading
import Indexing
import CoreTypes
import Files
import Packing
import Repositories
import Restoring
import Sealing
import Trees

/// What a worker of a restore does: opens objects, compares, reads back.
///
/// One a thread.
final class RestoreWorker {
  private let context: RestoreContext
  private let source: ChunkSource
  private let comparer: ContentComparer
  private let writer: PieceWriter

  private init(context: RestoreContext) throws(RepositoryError) {
    self.context = context
    source = try ChunkSource(repository: context.repository)
    comparer = ContentComparer(identity: context.repository.keyring.currentIdentityKey)
    writer = PieceWriter(progress: context.progress)
  }

  /// Works until there are no more jobs.
  static func run(_ context: RestoreContext) {
    do {
      let worker = try RestoreWorker(context: context)
      while let job = context.jobs.pop() {
        if context.interruption() { context.failure.record(.interrupted) }
        if !context.failure.isSet { worker.work(on: job) }
        context.jobs.done()
      }
    } catch {
      context.failure.record(.repository(error))
      while context.jobs.pop() != nil { context.jobs.done() }
    }
  }

  private func work(on job: RestoreJob) {
    switch job {
    case .object(let job): write(job)
    case .compare(let stretches): for stretch in stretches { compare(stretch) }
    case .readBack(let stretches):
      for stretch in stretches where !context.failure.isSet {
        stretch.readBack(with: comparer, progress: context.progress)
      }
    }
  }

  // MARK: Writing

  private func write(_ job: ObjectJob) {
    let object: OpenedObject
    do {
      object = try open(job)
    } catch {
      for piece in job.pieces { fallBack(piece, error) }
      return
    }
    var run: PieceRun?
    for piece in job.pieces {
      do {
        let range = try provenRange(
          of: piece,
          in: object,
          job.location?.pack ?? PackID(job.id.digest)
        )
        if run?.extend(by: piece, range) == true { continue }
        write(run, of: object)
        run = PieceRun(piece, range)
      } catch {
        fallBack(piece, error)
      }
    }
    write(run, of: object)
  }

  private func open(_ job: ObjectJob) throws(PackingError) -> OpenedObject {
    if let location = job.location { return try source.openUncached(location) }
    guard let object = source.openMissing(job.id) else {
      throw .damagedObject(
        job.id,
        pack: PackID(job.id.digest),
        reason: "it is missing here, and no other store gave it"
      )
    }
    return object
  }

  private func provenRange(
    of piece: RestorePiece,
    in object: OpenedObject,
    _ pack: PackID
  ) throws(PackingError) -> Range<Int> {
    let range = try object.range(
      at: piece.position,
      id: piece.reference.id,
      kind: .data,
      pack: pack
    )
    guard range.count == Int(piece.reference.length) else {
      throw .sealed(object.id, pack: pack, .wrongContent(piece.reference.id))
    }
    return range
  }

  /// Another object of the store may hold the same chunk.
  private func fallBack(_ piece: RestorePiece, _ failure: PackingError) {
    do {
      let bytes = try source.bytes(of: piece.reference.id, kind: .data)
      guard bytes.count == Int(piece.reference.length) else { throw failure }
      try writer.write(bytes.span, PieceRun(piece, 0..<bytes.count))
    } catch {
      context.finisher.failed(piece.file, error)
    }
    context.finisher.finishPiece(of: piece.file)
  }

  private func write(_ run: PieceRun?, of object: OpenedObject) {
    guard let run else { return }
    do {
      try writer.write(object.body.plaintext.span.extracting(run.range), run)
    } catch {
      // The file system refused: reading the chunk elsewhere would not help.
      context.finisher.failed(run.file, error)
    }
    for _ in 0..<run.pieceCount { context.finisher.finishPiece(of: run.file) }
  }

  // MARK: Comparing

  private func compare(_ stretch: ComparedStretch) {
    let file = stretch.file
    // A file that is not compared to its end is never finished.
    if context.failure.isSet { return }
    do {
      if !file.hasFailed { try compare(stretch, of: file) }
    } catch {
      context.finisher.failed(file, error)
    }
    context.finisher.finishPiece(of: file)
  }

  private func compare(_ stretch: ComparedStretch, of file: RestoredFile) throws {
    let old: OpenFile
    do throws(FilesError) {
      old = try file.openExisting()
    } catch {
      guard error.isPermission else { throw error }
      // What its owner may not read is written anew.
      return try writeAnew(stretch, of: file)
    }
    if case .inline(let bytes) = file.entry.content {
      let isRight = try comparer.isEqual(bytes, old)
      return try isRight ? keep(bytes.span, at: 0, of: file) : writeInline(bytes, of: file)
    }
    let holes: ContentComparer.Holes = file.existing?.mayHaveHoles ?? true ? .possible : .none
    for (offset, reference) in stretch.items {
      try comparer.compare(reference, at: offset, in: old, holes: holes) {
        (place, repeats, verdict, bytes) throws in
        switch verdict {
        case .equal: try keep(bytes, at: place, of: file)
        case .equalHole: keepHole(place, UInt64(reference.length) * repeats, of: file)
        case .different:
          var wrong = reference
          wrong.repeats = repeats
          try fetch(wrong, at: place, for: file)
        }
      }
    }
  }

  private func writeAnew(_ stretch: ComparedStretch, of file: RestoredFile) throws {
    if case .inline(let bytes) = file.entry.content { return try writeInline(bytes, of: file) }
    for (offset, reference) in stretch.items { try fetch(reference, at: offset, for: file) }
  }

  private func keep(
    _ bytes: borrowing Span<UInt8>,
    at offset: UInt64,
    of file: RestoredFile
  ) throws(FilesError) {
    let end = offset + UInt64(bytes.count)
    if file.keep(offset..<end), !context.isDryRun {
      try file.open().write(bytes, at: Int64(clamping: offset))
    }
    context.progress.add(UInt64(bytes.count), to: \.bytesSkipped)
  }

  /// A hole needs no bytes, in the old file or in a new one.
  private func keepHole(_ offset: UInt64, _ byteCount: UInt64, of file: RestoredFile) {
    _ = file.keep(offset..<(offset + byteCount))
    context.progress.add(byteCount, to: \.bytesSkipped)
  }

  private func fetch(
    _ reference: ChunkReference,
    at offset: UInt64,
    for file: RestoredFile
  ) throws(RepositoryError) {
    let byteCount = UInt64(reference.length) * reference.repeats
    file.noteDifference(byteCount)
    if context.isDryRun {
      context.progress.add(byteCount, to: \.bytes)
    } else {
      try source.fetch(reference, at: offset, for: file, context.jobs)
    }
  }

  private func writeInline(_ bytes: [UInt8], of file: RestoredFile) throws(FilesError) {
    file.noteDifference(UInt64(bytes.count))
    if !context.isDryRun { try file.open().write(bytes.span, at: 0) }
    context.progress.add(UInt64(bytes.count), to: \.bytes)
  }
}
