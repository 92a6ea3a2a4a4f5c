import CoreTypes
import Storage
import Synchronization

/// Reads files of a store on another machine: asks ahead for what is said to come, and keeps what is small.
///
/// Files never change, so what was read once is right as long as it is wanted.
final class RemoteReading: Sendable {
  /// The end of a pack: heads and trailer.
  private struct Tail {
    let packByteCount: Int
    let offset: Int
    let bytes: [UInt8]
  }

  /// What was asked ahead and not yet taken.
  private struct Ahead {
    /// The next one last.
    var upcoming: [BlobName] = []
    var flying: [BlobName: UInt32] = [:]
  }

  private struct Kept {
    var tails: [BlobName: Tail] = [:]
    var tailOrder: [BlobName] = []
    var tailByteCount = 0
    var files: [BlobName: [UInt8]] = [:]
    var fileByteCount = 0
  }

  private let line: StoreLine
  private let ahead = Mutex(Ahead())
  private let kept = Mutex(Kept())
  private let asksAnew = Atomic<Bool>(false)

  /// Questions asked ahead.
  private static let aheadLimit = 16
  /// Ends of packs that are kept: 64 MiB.
  private static let tailByteLimit = 64 << 20
  /// Records, slots and keyring entries that are kept: 64 MiB.
  private static let fileByteLimit = 64 << 20
  /// Stands for the whole of a file.
  static let wholeCount = UInt64.max

  init(_ line: StoreLine) { self.line = line }

  /// True while sizes must be those of this moment.
  var isFresh: Bool {
    get { asksAnew.load(ordering: .acquiring) }
    set { asksAnew.store(newValue, ordering: .releasing) }
  }

  func byteCount(of name: BlobName) throws(StoreLine.Fault) -> Int {
    if name.kind == .pack, !isFresh { return try tail(of: name).packByteCount }
    var writer = ByteWriter()
    writer.write(name)
    return try Self.numbers(try line.ask(.size, writer.bytes).last, 1)[0]
  }

  func whole(_ name: BlobName) throws(StoreLine.Fault) -> [UInt8] {
    if let bytes = kept.withLock({ $0.files[name] }) { return bytes }
    // Of a pack, only the end is asked for ahead.
    guard name.kind != .pack else {
      return try line.wait(try beginWhole(name)).bytes
    }
    let number: UInt32
    if let asked = take(name) { number = asked } else { number = try beginWhole(name) }
    let bytes = try line.wait(number).bytes
    keep(bytes, as: name)
    return bytes
  }

  func range(
    _ name: BlobName,
    _ offset: Int,
    _ count: Int
  ) throws(StoreLine.Fault) -> [UInt8] {
    if let tail = kept.withLock({ $0.tails[name] }), offset >= tail.offset,
      count <= tail.packByteCount - min(offset, tail.packByteCount)
    {
      let start = offset - tail.offset
      return Array(tail.bytes[start..<start + count])
    }
    return try line.ask(
      .read,
      Self.operands(name, UInt64(offset), UInt64(count)),
      byteLimit: count
    ).bytes
  }

  /// Asks for the first of these now, and for more of them whenever one is taken.
  func prepare(_ names: [BlobName]) {
    let missing = kept.withLock { kept in
      names.filter { kept.files[$0] == nil && kept.tails[$0] == nil }
    }
    ahead.withLock { ahead in
      for number in ahead.flying.values { line.forget(number) }
      ahead.flying = [:]
      ahead.upcoming = missing.reversed()
      topUp(&ahead)
    }
  }

  /// Keeps a small file that never changes.
  func keep(_ bytes: [UInt8], as name: BlobName) {
    switch name.kind {
    case .record, .slot, .keyringEntry: break
    case .pack, .manifest: return
    }
    kept.withLock { kept in
      guard kept.files[name] == nil, kept.fileByteCount + bytes.count <= Self.fileByteLimit else {
        return
      }
      kept.files[name] = bytes
      kept.fileByteCount += bytes.count
    }
  }

  func forget(_ name: BlobName) {
    kept.withLock { kept in
      if let bytes = kept.files.removeValue(forKey: name) { kept.fileByteCount -= bytes.count }
      if let tail = kept.tails.removeValue(forKey: name) {
        kept.tailByteCount -= tail.bytes.count
        kept.tailOrder.removeAll { $0 == name }
      }
    }
  }

  // MARK: Ends of packs

  private func tail(of pack: BlobName) throws(StoreLine.Fault) -> Tail {
    if let tail = kept.withLock({ $0.tails[pack] }) { return tail }
    let number: UInt32
    if let asked = take(pack) { number = asked } else { number = try beginTail(pack) }
    let answer = try line.wait(number)
    let numbers = try Self.numbers(answer.last, 2)
    let tail = Tail(packByteCount: numbers[0], offset: numbers[1], bytes: answer.bytes)
    guard tail.offset <= tail.packByteCount,
      tail.bytes.count == tail.packByteCount - tail.offset
    else { throw .ended(.malformed("the end of a pack")) }
    kept.withLock { kept in
      guard kept.tails[pack] == nil else { return }
      kept.tails[pack] = tail
      kept.tailOrder.append(pack)
      kept.tailByteCount += tail.bytes.count
      while kept.tailByteCount > Self.tailByteLimit, kept.tailOrder.count > 1 {
        if let oldest = kept.tails.removeValue(forKey: kept.tailOrder.removeFirst()) {
          kept.tailByteCount -= oldest.bytes.count
        }
      }
    }
    return tail
  }

  private func beginTail(_ pack: BlobName) throws(StoreLine.Fault) -> UInt32 {
    var writer = ByteWriter()
    writer.write(pack)
    return try line.begin(.tail, writer.bytes, byteLimit: pack.kind.byteLimit)
  }

  private func beginWhole(_ name: BlobName) throws(StoreLine.Fault) -> UInt32 {
    try line.begin(
      .read,
      Self.operands(name, 0, Self.wholeCount),
      byteLimit: name.kind.byteLimit
    )
  }

  // MARK: Ahead

  /// The question that was asked ahead for this file; `nil` if none was.
  private func take(_ name: BlobName) -> UInt32? {
    ahead.withLock { ahead in
      guard let number = ahead.flying.removeValue(forKey: name) else { return nil }
      topUp(&ahead)
      return number
    }
  }

  private func topUp(_ ahead: inout Ahead) {
    do throws(StoreLine.Fault) {
      while ahead.flying.count < Self.aheadLimit, let name = ahead.upcoming.popLast() {
        ahead.flying[name] = name.kind == .pack ? try beginTail(name) : try beginWhole(name)
      }
    } catch {
      // Ignored: whoever reads next is told that the line has ended.
      ahead.upcoming = []
    }
  }

  private static func operands(_ name: BlobName, _ offset: UInt64, _ count: UInt64) -> [UInt8] {
    var writer = ByteWriter()
    writer.write(name)
    writer.write(offset)
    writer.write(count)
    return writer.bytes
  }

  /// Numbers that fit sizes of files.
  private static func numbers(_ bytes: [UInt8], _ count: Int) throws(StoreLine.Fault) -> [Int] {
    var reader = ByteReader(bytes)
    do {
      let numbers = try (0..<count).map { _ in Int(exactly: try reader.readUInt64()) ?? -1 }
      guard reader.remaining == 0, numbers.allSatisfy({ $0 >= 0 }) else {
        throw MirrorError.malformed("numbers")
      }
      return numbers
    } catch {
      throw .ended(.malformed("numbers of an answer"))
    }
  }
}
