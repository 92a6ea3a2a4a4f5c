#define _GNU_SOURCE
#include "CSignals.h"
#include "signals.h"
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <unistd.h>

extern char **environ;

static void close_both(int pipe[2]) {
  if (pipe[0] >= 0) close(pipe[0]);
  if (pipe[1] >= 0) close(pipe[1]);
}

// Handlers end with exec; what is ignored or blocked would stay so in a program that does not
// expect it: one that writes into a pipe without a reader would go on for ever. Where nobody called
// `kist_install_interrupts`, nothing is known of the first signals: then none is blocked.
static int with_first_signals(posix_spawnattr_t *attributes) {
  sigset_t none, writing;
  sigemptyset(&none);
  sigemptyset(&writing);
  sigaddset(&writing, SIGPIPE);
  sigaddset(&writing, SIGXFSZ);
  const sigset_t *mask = kist_first_mask(), *ignored = kist_ignored_signals();
  int code = posix_spawnattr_setsigmask(attributes, mask ? mask : &none);
  if (!code) code = posix_spawnattr_setsigdefault(attributes, ignored ? ignored : &writing);
  if (code) return code;
  return posix_spawnattr_setflags(attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
}

pid_t kist_start_child(char *const arguments[], int *input, int *output, int *errors) {
  int in[2] = {-1, -1}, out[2] = {-1, -1}, err[2] = {-1, -1};
  if ((input && pipe2(in, O_CLOEXEC) != 0) || (errors && pipe2(err, O_CLOEXEC) != 0) ||
      pipe2(out, O_CLOEXEC) != 0) {
    int code = errno;
    close_both(in);
    close_both(err);
    return -code;
  }
  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;
  pid_t process = -1;
  int code = posix_spawn_file_actions_init(&actions);
  if (code) goto no_actions;
  code = posix_spawnattr_init(&attributes);
  if (code) goto no_attributes;
  code = with_first_signals(&attributes);
  if (!code && input) code = posix_spawn_file_actions_adddup2(&actions, in[0], 0);
  if (!code) code = posix_spawn_file_actions_adddup2(&actions, out[1], 1);
  if (!code && errors) code = posix_spawn_file_actions_adddup2(&actions, err[1], 2);
  if (!code) code = posix_spawnp(&process, arguments[0], &actions, &attributes, arguments, environ);
  posix_spawnattr_destroy(&attributes);
no_attributes:
  posix_spawn_file_actions_destroy(&actions);
no_actions:
  if (code) {
    close_both(in);
    close_both(out);
    close_both(err);
    return -code;
  }
  close(out[1]);
  if (errors) {
    close(err[1]);
    *errors = err[0];
  }
  *output = out[0];
  if (input) {
    close(in[0]);
    // Only our end: what the program reads from waits as ever.
    fcntl(in[1], F_SETFL, O_NONBLOCK);
    *input = in[1];
  }
  return process;
}
