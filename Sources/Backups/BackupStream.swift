package import Files

/// Something to back up that is read from its beginning to its end: standard input, or what a command writes.
package struct BackupStream: Sendable {
  package let file: OpenFile
  /// The command that writes it: the snapshot is made only if it ends well.
  package let command: ChildProcess?

  package init(_ file: OpenFile, from command: ChildProcess? = nil) {
    self.file = file
    self.command = command
  }
}
