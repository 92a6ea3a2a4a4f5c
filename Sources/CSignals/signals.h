#pragma once
// What the files of this target share.
#include <signal.h>

/// The signals that were blocked when `kist_install_interrupts` was called, without those that it
/// unblocks; NULL if it was not.
const sigset_t *kist_first_mask(void);
/// The signals that `kist_install_interrupts` made ignored; NULL if it was not called.
const sigset_t *kist_ignored_signals(void);
