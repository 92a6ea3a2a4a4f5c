#define _GNU_SOURCE
#include "CSignals.h"
#include "signals.h"
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <string.h>
#include <sys/signalfd.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

static volatile sig_atomic_t first_signal = 0;
static volatile sig_atomic_t hidden_terminal = -1;
static struct termios shown_settings;
static sigset_t first_mask;
static sigset_t ignored;
static int is_installed = 0;

static void raise_flag(int number) {
  // A second signal ends the process: whoever asks twice does not want to wait.
  if (first_signal != 0) {
    kist_show_typing();
    _exit(128 + number);
  }
  first_signal = number;
}

static void add_stops(sigset_t *set) {
  sigaddset(set, SIGINT);
  sigaddset(set, SIGTERM);
  sigaddset(set, SIGHUP);
}

static void ignore(int number) {
  struct sigaction action, old;
  memset(&action, 0, sizeof action);
  action.sa_handler = SIG_IGN;
  if (sigaction(number, &action, &old) == 0 && old.sa_handler != SIG_IGN)
    sigaddset(&ignored, number);
}

void kist_install_interrupts(void) {
  struct sigaction action;
  memset(&action, 0, sizeof action);
  action.sa_handler = raise_flag;
  sigemptyset(&action.sa_mask);
  // Whoever started us may have blocked them; a blocked signal would never stop a backup.
  sigset_t wanted;
  sigemptyset(&wanted);
  add_stops(&wanted);
  sigprocmask(SIG_UNBLOCK, &wanted, NULL);
  if (!is_installed) sigprocmask(SIG_BLOCK, NULL, &first_mask);
  sigaction(SIGINT, &action, NULL);
  sigaction(SIGTERM, &action, NULL);
  // Under nohup a hang-up is ignored, and stays so.
  struct sigaction old;
  if (sigaction(SIGHUP, NULL, &old) == 0 && old.sa_handler != SIG_IGN)
    sigaction(SIGHUP, &action, NULL);
  if (!is_installed) sigemptyset(&ignored);
  ignore(SIGPIPE);
  ignore(SIGXFSZ);
  is_installed = 1;
}

int kist_interrupted(void) { return first_signal; }

enum {
  LOOK_MILLISECONDS = 100,
  // A stop that the main thread has not taken: it is in a call that does not return.
  UNTAKEN_LOOKS = 10,
  // A stop that was taken, and of which nothing came.
  UNHEEDED_LOOKS = 100,
  INTERRUPTED = 130,
};

static const char *last_words;
static sigset_t watched;
static int stop_descriptor = -1;

static _Noreturn void end(void) {
  kist_show_typing();
  size_t count = strlen(last_words);
  // Ignored: the process ends, whether anybody hears why or not.
  if (write(STDERR_FILENO, last_words, count) < 0) _exit(INTERRUPTED);
  _exit(INTERRUPTED);
}

static int is_untaken(void) {
  sigset_t pending;
  if (sigpending(&pending) != 0) return 0;
  return sigismember(&pending, SIGINT) == 1 || sigismember(&pending, SIGTERM) == 1 ||
         sigismember(&pending, SIGHUP) == 1;
}

// The main thread takes signals, and says with a flag that a stop is wanted. This one sees to it that
// a stop comes, even if a thread is in a call to the system that never returns.
static void *watch_stops(void *unused) {
  struct pollfd stop = {.fd = stop_descriptor, .events = POLLIN};
  int untaken = 0, unheeded = 0;
  while (first_signal != 0 || untaken > 0 || poll(&stop, 1, -1) >= 0 || errno == EINTR) {
    struct timespec interval = {.tv_nsec = LOOK_MILLISECONDS * 1000000L};
    nanosleep(&interval, NULL);
    untaken = is_untaken() ? untaken + 1 : 0;
    if (first_signal != 0) unheeded++;
    if (untaken >= UNTAKEN_LOOKS || unheeded >= UNHEEDED_LOOKS) end();
  }
  return unused;
}

int kist_watch_stops(const char *words) {
  last_words = words;
  sigemptyset(&watched);
  add_stops(&watched);
  // Whoever ignores a hang-up does not want to be ended by it.
  struct sigaction action;
  if (sigaction(SIGHUP, NULL, &action) == 0 && action.sa_handler == SIG_IGN)
    sigdelset(&watched, SIGHUP);
  stop_descriptor = signalfd(-1, &watched, SFD_CLOEXEC | SFD_NONBLOCK);
  if (stop_descriptor < 0) return -errno;
  // In the new thread the signals are blocked, so that it sees them while they wait to be taken.
  sigset_t all, before;
  sigfillset(&all);
  int faults[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGABRT, SIGSYS};
  for (size_t i = 0; i < sizeof faults / sizeof *faults; i++) sigdelset(&all, faults[i]);
  int code = pthread_sigmask(SIG_SETMASK, &all, &before);
  if (code != 0) return -code;
  pthread_t thread;
  code = pthread_create(&thread, NULL, watch_stops, NULL);
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  if (code == 0) pthread_detach(thread);
  return -code;
}

const sigset_t *kist_first_mask(void) { return is_installed ? &first_mask : NULL; }

const sigset_t *kist_ignored_signals(void) { return is_installed ? &ignored : NULL; }

int kist_hide_typing(int terminal) {
  if (tcgetattr(terminal, &shown_settings) != 0) return -errno;
  struct termios hidden = shown_settings;
  hidden.c_lflag &= ~(tcflag_t)ECHO;
  // Before the change, so that a signal between the two restores what is not yet changed.
  hidden_terminal = terminal;
  if (tcsetattr(terminal, TCSAFLUSH, &hidden) == 0) return 0;
  int code = errno;
  hidden_terminal = -1;
  return -code;
}

void kist_show_typing(void) {
  int terminal = hidden_terminal;
  if (terminal < 0) return;
  hidden_terminal = -1;
  tcsetattr(terminal, TCSAFLUSH, &shown_settings);
}

ssize_t kist_read_stoppable(int descriptor, void *buffer, size_t count) {
  // The signals are let in only while the call waits: none can come between a look at the flag and
  // the waiting, and be slept over.
  sigset_t stops, before;
  sigemptyset(&stops);
  add_stops(&stops);
  if (sigprocmask(SIG_BLOCK, &stops, &before) != 0) return -errno;
  struct pollfd wanted = {.fd = descriptor, .events = POLLIN};
  ssize_t result;
  do {
    if (first_signal != 0)
      result = -EINTR;
    else if (ppoll(&wanted, 1, NULL, &before) < 0 || (result = read(descriptor, buffer, count)) < 0)
      result = -errno;
  } while (result == -EINTR && first_signal == 0);
  sigprocmask(SIG_SETMASK, &before, NULL);
  return result;
}
