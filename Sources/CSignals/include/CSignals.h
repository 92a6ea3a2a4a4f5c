#pragma once
// Signals, and what they do to this process and its children. A handler may run between any two
// instructions: it may only call what signal-safety(7) lists, which Swift code cannot promise.
#include <stddef.h>
#include <sys/types.h>

// interrupts.c: a person or the system wants a stop.

/// Installs handlers that raise a flag for SIGINT, SIGTERM, SIGHUP, and ignores SIGPIPE and SIGXFSZ.
void kist_install_interrupts(void);
/// Ends the process with status 130 and these words when a stop was wanted and did not come: one that
/// the main thread has not even taken for a second, or of which nothing has come for ten. To be called
/// after `kist_install_interrupts`. The words must stay where they are. 0 or -errno.
int kist_watch_stops(const char *words);
/// The signal that came first, or 0.
int kist_interrupted(void);
/// Hides what is typed on a terminal until `kist_show_typing`, or until a second signal. 0 or -errno.
int kist_hide_typing(int terminal);
void kist_show_typing(void);
/// read(2) that ends when a stop is wanted: bytes; 0 at the end; -EINTR for a stop; or -errno.
ssize_t kist_read_stoppable(int descriptor, void *buffer, size_t count);

// children.c: programs that we start.

/// Starts a program, which is looked for in PATH, with the signals as this process got them, and none
/// blocked that asks for a stop. `arguments` begins with its name and ends with NULL. Its standard
/// output, its standard input if `input` is not NULL, and its standard error if `errors` is not NULL,
/// are pipes whose other ends are returned; writing to ours does not wait. Process id or -errno.
pid_t kist_start_child(char *const arguments[], int *input, int *output, int *errors);

// faults.c: a cache that the machine cannot read.

/// A folder with an LMDB file that can be made anew.
struct kist_cache {
  /// An open descriptor of the folder: a folder of the same name may be another one by now.
  int folder;
  /// For messages.
  const char *path;
};

/// A message in two parts, with the cache's path between them.
struct kist_cache_message {
  const char *before;
  const char *after;
};

/// What is said of a damaged cache.
struct kist_cache_messages {
  /// The command is run once more.
  struct kist_cache_message again;
  /// It is not, because it has read its input or written a part of its result.
  struct kist_cache_message stopped;
  /// It is not, because it was run again too often already.
  struct kist_cache_message hopeless;
  /// Not 0: paths are written as JSON.
  int json;
};

/// Name of the file that marks a cache as damaged.
#define KIST_SUSPECT "suspect"

/// Catches faults in caches from now on, and keeps what is needed to run the command again.
/// `arguments` ends with NULL. Arguments and messages must stay where they are. 0 or -errno.
int kist_install_faults(char *const *arguments, const struct kist_cache_messages *messages);
/// From now on a damaged cache ends the process instead of starting it anew.
void kist_forbid_rerun(void);
/// Notes which cache this thread is in; returns the one before. NULL is none.
const struct kist_cache *kist_enter_cache(const struct kist_cache *cache);
/// Marks a cache as damaged: whoever opens it next makes it anew. 0 or -errno.
int kist_mark_cache(const struct kist_cache *cache);
/// If this process has marked a cache: says so, and runs the command again or ends the process.
void kist_answer_for_marked_cache(void);
/// What a fault does: marks the thread's cache and answers for it. Nothing if it is in none.
void kist_cache_failed(void);
