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
// expect it: one that writes into a pipe without a reader would go on for ever.
static int with_first_signals(posix_spawnattr_t *attributes) {
  short flags = 0;
  int code = 0;
  const sigset_t *mask = kist_first_mask(), *ignored = kist_ignored_signals();
  if (mask && !(code = posix_spawnattr_setsigmask(attributes, mask)))
    flags |= POSIX_SPAWN_SETSIGMASK;
  if (ignored && !code && !(code = posix_spawnattr_setsigdefault(attributes, ignored)))
    flags |= POSIX_SPAWN_SETSIGDEF;
  return code ? code : posix_spawnattr_setflags(attributes, flags);
}

pid_t kist_start_shell(const char *command, int *input, int *output) {
  int in[2] = {-1, -1}, out[2] = {-1, -1};
  if ((input && pipe2(in, O_CLOEXEC) != 0) || pipe2(out, O_CLOEXEC) != 0) {
    int code = errno;
    close_both(in);
    return -code;
  }
  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;
  int code = posix_spawn_file_actions_init(&actions);
  if (code) goto no_actions;
  code = posix_spawnattr_init(&attributes);
  if (code) goto no_attributes;
  code = with_first_signals(&attributes);
  if (!code && input) code = posix_spawn_file_actions_adddup2(&actions, in[0], 0);
  if (!code) code = posix_spawn_file_actions_adddup2(&actions, out[1], 1);
  pid_t process = -1;
  char *const arguments[] = {"sh", "-c", (char *)command, NULL};
  if (!code) code = posix_spawn(&process, "/bin/sh", &actions, &attributes, arguments, environ);
  posix_spawnattr_destroy(&attributes);
no_attributes:
  posix_spawn_file_actions_destroy(&actions);
no_actions:
  if (code) {
    close_both(in);
    close_both(out);
    return -code;
  }
  close(out[1]);
  *output = out[0];
  if (input) {
    close(in[0]);
    *input = in[1];
  }
  return process;
}
