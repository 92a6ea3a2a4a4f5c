#define _GNU_SOURCE
#include "CSignals.h"
#include "signals.h"
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

extern char **environ;

/// Says how often the command was run again: at most once for each kind of cache.
#define RERUN_VARIABLE "KIST_RERUN"
enum { RERUN_LIMIT = 3, FAILED = 1, INTERRUPTED = 130 };

// LMDB runs on the stack of its caller and takes little of it, so that a fault in it leaves room for
// the handler: threads need no second stack for it.
static const int fault_signals[] = {SIGSEGV, SIGBUS, SIGFPE, SIGABRT};
enum { FAULT_SIGNAL_COUNT = sizeof fault_signals / sizeof *fault_signals };

static struct sigaction old_actions[FAULT_SIGNAL_COUNT];
static char *const *arguments;
static char **rerun_environment;
static const struct kist_cache_messages *messages;
static int rerun_count;
static int shows_progress;
static volatile sig_atomic_t is_rerun_forbidden = 0;
static atomic_flag is_answering = ATOMIC_FLAG_INIT;
static atomic_int is_marked;
static char marked_path[4096];

static _Thread_local const struct kist_cache *volatile current;

const struct kist_cache *kist_enter_cache(const struct kist_cache *cache) {
  const struct kist_cache *before = current;
  current = cache;
  return before;
}

int kist_mark_cache(const struct kist_cache *cache) {
  int file = openat(cache->folder, KIST_SUSPECT, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
  int code = file < 0 ? errno : 0;
  if (file >= 0) close(file);
  // The first is named; a folder that is gone needs no mark, and the command none the less a second run.
  int none = 0;
  if (atomic_compare_exchange_strong(&is_marked, &none, 1)) {
    strncpy(marked_path, cache->path, sizeof marked_path - 1);
    atomic_store(&is_marked, 2);
  }
  return -code;
}

static void say(const char *text, size_t count) {
  while (count > 0) {
    ssize_t written = write(STDERR_FILENO, text, count);
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return;
    text += written;
    count -= (size_t)written;
  }
}

// Control characters could do harm on a terminal; in JSON, quotes are escaped.
static void say_path(const char *path) {
  for (; *path; path++) {
    int is_control = (unsigned char)*path < ' ' || *path == 0x7F;
    if (messages->json && (*path == '"' || *path == '\\')) say("\\", 1);
    say(is_control ? "?" : path, 1);
  }
}

static void say_message(const struct kist_cache_message *message) {
  if (shows_progress) say("\r\033[K", 4);
  say(message->before, strlen(message->before));
  say_path(marked_path);
  say(message->after, strlen(message->after));
}

static _Noreturn void answer(void) {
  // Another thread has met the same: it ends or replaces this process.
  if (atomic_flag_test_and_set(&is_answering))
    for (;;) pause();
  if (kist_interrupted()) _exit(INTERRUPTED);
  if (rerun_count >= RERUN_LIMIT) {
    say_message(&messages->hopeless);
    _exit(FAILED);
  }
  if (!is_rerun_forbidden) {
    say_message(&messages->again);
    const sigset_t *mask = kist_first_mask();
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, mask ? mask : &none, NULL);
    execve("/proc/self/exe", arguments, rerun_environment);
  }
  say_message(&messages->stopped);
  _exit(FAILED);
}

void kist_answer_for_marked_cache(void) {
  if (messages && atomic_load(&is_marked)) answer();
}

void kist_cache_failed(void) {
  const struct kist_cache *cache = current;
  if (!cache || !messages) return;
  kist_mark_cache(cache);
  answer();
}

static void on_fault(int number, siginfo_t *info, void *context) {
  (void)context;
  int saved = errno;
  // Sent by a process and not by the machine: not LMDB's doing. abort(3) sends its signal itself.
  int is_sent = info->si_code <= 0;
  if (!is_sent || number == SIGABRT) kist_cache_failed();
  for (int index = 0; index < FAULT_SIGNAL_COUNT; index++)
    if (fault_signals[index] == number) sigaction(number, &old_actions[index], NULL);
  // A fault comes again when its instruction does; one that was sent does not.
  if (is_sent) raise(number);
  errno = saved;
}

// The environment of the next run. Ours loses the variable: children are not runs of this command.
static int prepare_environment(void) {
  const char *value = getenv(RERUN_VARIABLE);
  rerun_count = value ? (value[0] >= '0' && value[0] < '0' + RERUN_LIMIT && !value[1])
                            ? value[0] - '0'
                            : RERUN_LIMIT
                      : 0;
  unsetenv(RERUN_VARIABLE);
  static char variable[] = RERUN_VARIABLE "=N";
  variable[sizeof variable - 2] = (char)('0' + (rerun_count < RERUN_LIMIT ? rerun_count + 1 : 0));
  size_t count = 0;
  while (environ && environ[count]) count++;
  rerun_environment = calloc(count + 2, sizeof *rerun_environment);
  if (!rerun_environment) return -ENOMEM;
  if (count) memcpy(rerun_environment, environ, count * sizeof *rerun_environment);
  rerun_environment[count] = variable;
  return 0;
}

int kist_install_faults(char *const *all_arguments, const struct kist_cache_messages *all_messages) {
  int code = prepare_environment();
  if (code) return code;
  arguments = all_arguments;
  messages = all_messages;
  shows_progress = !messages->json && isatty(STDERR_FILENO);
  struct sigaction action;
  memset(&action, 0, sizeof action);
  action.sa_sigaction = on_fault;
  action.sa_flags = SA_SIGINFO | SA_ONSTACK;
  sigemptyset(&action.sa_mask);
  // Whoever started us may have blocked them; the kernel does not ask a handler then.
  sigset_t caught;
  sigemptyset(&caught);
  for (int index = 0; index < FAULT_SIGNAL_COUNT; index++) {
    if (sigaction(fault_signals[index], &action, &old_actions[index]) != 0) return -errno;
    sigaddset(&caught, fault_signals[index]);
  }
  return sigprocmask(SIG_UNBLOCK, &caught, NULL) == 0 ? 0 : -errno;
}

void kist_forbid_rerun(void) { is_rerun_forbidden = 1; }
