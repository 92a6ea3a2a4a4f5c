internal import CSignals
internal import Glibc

/// Words of a message, before and behind the path of a cache.
package struct CacheMessage: Sendable {
  package let before: String
  package let after: String

  package init(before: String, after: String) {
    self.before = before
    self.after = after
  }
}

/// What is said of a damaged cache.
package struct CacheMessages: Sendable {
  /// How a path is written.
  package enum Form: Sendable {
    case plain
    case json
  }

  /// The command is run once more.
  package let again: CacheMessage
  /// It is not, because it has read its input or has written a part of its result.
  package let stopped: CacheMessage
  /// It is not, because that was done too often already.
  package let hopeless: CacheMessage
  package let form: Form

  package init(
    again: CacheMessage,
    stopped: CacheMessage,
    hopeless: CacheMessage,
    form: Form
  ) {
    self.again = again
    self.stopped = stopped
    self.hopeless = hopeless
    self.form = form
  }
}

/// What happens when a cache turns out to be damaged while a command runs.
///
/// It is marked, which makes the next opening make it anew, and the command is run once more from
/// its beginning. So it is for damage that is noticed, and for what ends a process: a page that the
/// machine cannot read (SIGBUS), and a page at which LMDB stumbles (SIGSEGV, SIGFPE, SIGABRT).
package enum CacheFaults {
  /// Name of the mark in a cache's folder.
  package static let mark = KIST_SUSPECT

  /// Catches faults from now on.
  ///
  /// Called once, before threads are started. Throws if the system refuses.
  package static func install(_ messages: CacheMessages) throws(LMDBError) {
    // These live as long as the process: a handler may need them at any time.
    let all = UnsafeMutablePointer<kist_cache_messages>.allocate(capacity: 1)
    unsafe all.initialize(
      to: kist_cache_messages(
        again: CacheFaults.kept(messages.again),
        stopped: CacheFaults.kept(messages.stopped),
        hopeless: CacheFaults.kept(messages.hopeless),
        json: messages.form == .json ? 1 : 0
      )
    )
    let code = unsafe kist_install_faults(CommandLine.unsafeArgv, all)
    guard code == 0 else { throw .system(operation: "sigaction", errno: -code) }
  }

  /// From now on the process ends with status 1 instead of being run again.
  ///
  /// Said by whoever has read input that cannot be read again, or has written a part of a result.
  package static func forbidRerun() { kist_forbid_rerun() }

  /// Runs the command again, or ends the process, if a cache was marked in this process.
  package static func answerForMarkedCache() { kist_answer_for_marked_cache() }

  private static func kept(_ message: CacheMessage) -> kist_cache_message {
    unsafe kist_cache_message(before: strdup(message.before), after: strdup(message.after))
  }
}
