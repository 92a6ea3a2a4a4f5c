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

  private init(context: RestoreContext) throws(RepositoryError) {
    self.context = context
    source = try ChunkSource(repository: context.repository)
    comparer = ContentComparer(identity: context.repository.keyring.currentIdentityKey)
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
    let opened: Result<OpenedObject, PackingError> = Result { () throws(PackingError) in
      try source.openUncached(job.location)
    }
    for piece in job.pieces {
      do {
        let object: OpenedObject
        let range: Range<Int>
        do throws(PackingError) {
          object = try opened.get()
          range = try object.range(
            at: piece.position,
            id: piece.reference.id,
            kind: .data,
            pack: job.location.pack
          )
          try write(piece, range, of: object)
        } catch {
          try fallBack(piece, error)
        }
      } catch {
        context.finisher.failed(piece.file, error)
      }
      context.finisher.finishPiece(of: piece.file)
    }
  }

  /// Another object of the store may hold the same chunk.
  private func fallBack(_ piece: RestorePiece, _ failure: PackingError) throws {
    let bytes = try source.bytes(of: piece.reference.id, kind: .data)
    guard bytes.count == Int(piece.reference.length) else { throw failure }
    try PieceWriter.write(bytes.span, piece, progress: context.progress)
  }

  private func write(
    _ piece: RestorePiece,
    _ range: Range<Int>,
    of object: OpenedObject
  ) throws(PackingError) {
    guard range.count == Int(piece.reference.length) else {
      throw .sealed(object.id, pack: PackID(object.id.digest), .wrongContent(piece.reference.id))
    }
    do {
      try PieceWriter.write(
        object.body.plaintext.span.extracting(range),
        piece,
        progress: context.progress
      )
    } catch {
      // The file system refused: reading the chunk elsewhere would not help.
      context.finisher.failed(piece.file, error)
    }
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
