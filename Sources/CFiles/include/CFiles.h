#pragma once
// Calls that Swift cannot import: they are variadic, or glibc shows them to GNU programs only.
#include <stdint.h>
#include <stddef.h>
#include <sys/types.h>
#include <sys/xattr.h>

/// What statx(2) says, as far as it is used here.
struct kist_status {
  uint32_t mode;
  uint32_t uid;
  uint32_t gid;
  uint32_t links;
  uint64_t inode;
  uint64_t size;
  uint64_t blocks;
  int64_t modified_seconds;
  uint32_t modified_nanoseconds;
  int64_t changed_seconds;
  uint32_t changed_nanoseconds;
  uint32_t device_major;
  uint32_t device_minor;
  uint32_t represented_major;
  uint32_t represented_minor;
  /// 0 where the kernel does not say (before Linux 5.8).
  uint64_t mount;
  uint32_t is_mount_root;
};

/// statx(2) of `name` below `directory`, or of `directory` itself when `name` is empty. 0 or -errno.
int kist_statx(int directory, const char *name, struct kist_status *status);
/// getdents64(2). Bytes or -errno.
long kist_getdents(int directory, void *buffer, size_t count);
/// renameat2(2) with RENAME_NOREPLACE. 0 or -errno.
int kist_rename_new(int from, const char *name, int to, const char *new_name);
/// openat(2). Descriptor or -errno.
int kist_openat(int directory, const char *name, int flags, uint32_t mode);
/// F_DUPFD_CLOEXEC. Descriptor or -errno.
int kist_duplicate(int descriptor);
/// The pipe behind a descriptor, opened anew so that writing does not wait. A descriptor or -errno; -EINVAL if it is no pipe.
int kist_reopen_pipe(int descriptor);
/// F_SETPIPE_SZ, never making it narrower; failures are ignored.
void kist_widen_pipe(int descriptor, int count);
/// Blocks of a MiB or more go back to the system when they are freed, and threads share what is free (mallopt(3)); for the start of a program.
void kist_keep_freed_memory_small(void);
/// All that is free goes back to the system (malloc_trim(3)).
void kist_return_free_memory(void);
/// Writes what a socket, or a pipe that is ready for writing, takes without waiting. Bytes or -errno.
long kist_write_some(int descriptor, const void *bytes, size_t count);
/// FS_IOC_GETFLAGS and FS_IOC_SETFLAGS. 0 or -errno.
int kist_get_flags(int descriptor, uint32_t *flags);
int kist_set_flags(int descriptor, uint32_t flags);
/// FICLONE: `descriptor` gets the content of `from`, sharing its blocks. 0 or -errno.
int kist_clone(int descriptor, int from);
/// copy_file_range(2), at one offset in both files. Bytes or -errno.
long kist_copy_range(int from, int to, int64_t offset, size_t count);
/// fallocate(2) with FALLOC_FL_PUNCH_HOLE and FALLOC_FL_KEEP_SIZE. 0 or -errno.
int kist_punch_hole(int descriptor, int64_t offset, int64_t count);
/// fallocate(2) of the first `count` bytes, which become the file's length if it is shorter. 0 or -errno.
int kist_reserve(int descriptor, int64_t count);
/// syncfs(2). 0 or -errno.
int kist_sync_file_system(int descriptor);
/// F_OFD_SETLK on the whole file. 0 or -errno.
int kist_lock(int descriptor, int exclusive);
int kist_unlock(int descriptor);
/// Sets or clears O_DIRECT. 0 or -errno.
int kist_set_direct(int descriptor, int wanted);
/// lseek(2) with SEEK_DATA or SEEK_HOLE. Offset or -errno.
int64_t kist_seek_data(int descriptor, int64_t offset);
int64_t kist_seek_hole(int descriptor, int64_t offset);
/// mknodat(2) of a device. 0 or -errno.
int kist_make_device(int directory, const char *name, uint32_t mode, uint32_t major, uint32_t minor);
/// sched_getaffinity(2). Processors on which this process may run, or -errno.
int kist_usable_processors(void);
/// TIOCGWINSZ. Columns or -errno.
int kist_terminal_width(int descriptor);
/// What statfs(2) says, as far as it is used here.
struct kist_file_system {
  uint64_t id;
  /// Bytes that this user can still write.
  uint64_t available;
  /// Inodes in all, 0 where there is no such number, and those that are free.
  uint64_t files;
  uint64_t free_files;
  uint32_t type;
};

/// fstatfs(2). 0 or -errno.
int kist_fstatfs(int descriptor, struct kist_file_system *status);
enum {
  KIST_O_DIRECTORY = 1,
  KIST_O_NOFOLLOW = 2,
  KIST_O_NONBLOCK = 4,
  KIST_O_NOATIME = 8,
  KIST_O_CREATE_NEW = 16,
  KIST_O_READ_WRITE = 32,
  KIST_O_PATH = 64,
  KIST_O_CREATE = 128,
  KIST_O_DIRECT = 256,
};
