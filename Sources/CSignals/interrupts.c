#define _GNU_SOURCE
#include "CSignals.h"
#include "signals.h"
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <termios.h>
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
