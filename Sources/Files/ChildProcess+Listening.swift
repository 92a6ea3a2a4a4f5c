internal import Glibc

/// The end of a program that this process talked with.
extension ChildProcess {
  /// Bytes that it may write after nobody listens any more: 1 MiB.
  private static let restLimit = 1 << 20
  private static let pollMilliseconds = 200
  /// How long it may say nothing, or not end, before it is told to.
  private static let quietMilliseconds = 10_000
  /// How long it may go on then before it is ended.
  private static let lastMilliseconds = 5_000

  /// Waits for the end; the exit status, or 128 and the signal's number.
  ///
  /// What it still writes is thrown away. One that does not stop writing, or has not ended after 10 s, is told to end; after
  /// 5 s more it is ended.
  package func wait() -> Int32 {
    do {
      try discardRest()
      if let end = try end(upToMilliseconds: ChildProcess.quietMilliseconds) {
        return end.shellStatus
      }
      askToEnd()
      if let end = try end(upToMilliseconds: ChildProcess.lastMilliseconds) {
        return end.shellStatus
      }
      terminate()
      return try endNow()?.shellStatus ?? ChildProcess.unknownStatus
    } catch {
      // There is nothing to wait for.
      return ChildProcess.unknownStatus
    }
  }

  /// Tells the program to end, if it has not, and waits for that.
  package func stop() -> Int32 {
    do {
      if try endNow() == nil { askToEnd() }
    } catch {
      return ChildProcess.unknownStatus
    }
    return wait()
  }

  /// What a shell says of a program that it cannot find.
  private static let unknownStatus: Int32 = 127

  /// Reads until the program closes its output: else it might wait for its reader for ever.
  ///
  /// Gives up when it does not stop, or says nothing.
  private func discardRest() throws(FilesError) {
    var count = 0
    var silence = 0
    while count <= ChildProcess.restLimit, silence < ChildProcess.quietMilliseconds {
      let bytes: [UInt8]?
      do throws(FilesError) {
        bytes = try output.readAvailable(
          upTo: 65_536,
          waitMilliseconds: ChildProcess.pollMilliseconds
        )
      } catch {
        // Ignored: what it wrote is not wanted.
        return
      }
      guard let bytes else {
        // Somebody else may still have its output open.
        if try endNow() != nil { return }
        silence += ChildProcess.pollMilliseconds
        continue
      }
      if bytes.isEmpty { return }
      count += bytes.count
    }
    askToEnd()
  }
}
