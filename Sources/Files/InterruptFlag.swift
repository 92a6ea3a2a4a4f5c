internal import CSignals
internal import Glibc

/// Asks whether a signal wants the process to stop.
package enum InterruptFlag {
  /// Catches SIGINT, SIGTERM and SIGHUP from now on; the second of them ends the process at once.
  ///
  /// `lastWords` is written to standard error when the process must be ended because a call to the
  /// system does not return; with status 130.
  package static func install(lastWords: String) {
    kist_install_interrupts()
    // Ignored: without this watch a second signal, or SIGKILL, ends what does not end by itself.
    _ = unsafe kist_watch_stops(strdup(lastWords))
  }

  /// True once one came.
  package static var isRaised: Bool { kist_interrupted() != 0 }
}
