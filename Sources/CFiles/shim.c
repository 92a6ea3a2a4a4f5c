#define _GNU_SOURCE
#include "CFiles.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/fs.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/statfs.h>
#include <sys/sysmacros.h>
#include <unistd.h>

int kist_statx(int directory, const char *name, struct kist_status *status) {
  struct statx found;
  // Of an open file the answer must be fresh: what was read of it is judged by it.
  int flags = AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT;
  flags |= name[0] == 0 ? AT_EMPTY_PATH | AT_STATX_SYNC_AS_STAT : AT_STATX_DONT_SYNC;
  unsigned int wanted = STATX_BASIC_STATS;
#ifdef STATX_MNT_ID
  wanted |= STATX_MNT_ID;
#endif
  if (statx(directory, name, flags, wanted, &found) != 0) return -errno;
  status->mode = found.stx_mode;
  status->uid = found.stx_uid;
  status->gid = found.stx_gid;
  status->links = found.stx_nlink;
  status->inode = found.stx_ino;
  status->size = found.stx_size;
  status->blocks = found.stx_blocks;
  status->modified_seconds = found.stx_mtime.tv_sec;
  status->modified_nanoseconds = found.stx_mtime.tv_nsec;
  status->changed_seconds = found.stx_ctime.tv_sec;
  status->changed_nanoseconds = found.stx_ctime.tv_nsec;
  status->device_major = found.stx_dev_major;
  status->device_minor = found.stx_dev_minor;
  status->represented_major = found.stx_rdev_major;
  status->represented_minor = found.stx_rdev_minor;
  status->mount = 0;
#ifdef STATX_MNT_ID
  if (found.stx_mask & STATX_MNT_ID) status->mount = found.stx_mnt_id;
#endif
  status->is_mount_root = (found.stx_attributes & STATX_ATTR_MOUNT_ROOT) != 0;
  return 0;
}

long kist_getdents(int directory, void *buffer, size_t count) {
  long result = syscall(SYS_getdents64, directory, buffer, count);
  return result < 0 ? -errno : result;
}

int kist_rename_new(int from, const char *name, int to, const char *new_name) {
  return renameat2(from, name, to, new_name, RENAME_NOREPLACE) == 0 ? 0 : -errno;
}

int kist_openat(int directory, const char *name, int flags, uint32_t mode) {
  int native = O_CLOEXEC;
  if (flags & KIST_O_DIRECTORY) native |= O_DIRECTORY;
  if (flags & KIST_O_NOFOLLOW) native |= O_NOFOLLOW;
  if (flags & KIST_O_NONBLOCK) native |= O_NONBLOCK;
  if (flags & KIST_O_NOATIME) native |= O_NOATIME;
  if (flags & KIST_O_CREATE_NEW) native |= O_CREAT | O_EXCL;
  if (flags & KIST_O_CREATE) native |= O_CREAT;
  if (flags & KIST_O_READ_WRITE) native |= O_RDWR;
  if (flags & KIST_O_PATH) native |= O_PATH;
  if (flags & KIST_O_DIRECT) native |= O_DIRECT;
  int descriptor;
  do {
    descriptor = openat(directory, name, native, (mode_t)mode);
  } while (descriptor < 0 && errno == EINTR);
  return descriptor < 0 ? -errno : descriptor;
}

int kist_duplicate(int descriptor) {
  int copy = fcntl(descriptor, F_DUPFD_CLOEXEC, 3);
  return copy < 0 ? -errno : copy;
}

void kist_widen_pipe(int descriptor, int count) {
  int now = fcntl(descriptor, F_GETPIPE_SZ);
  if (now >= 0 && now < count) (void)fcntl(descriptor, F_SETPIPE_SZ, count);
}

void kist_keep_freed_memory_small(void) {
  // By default the first large block that is freed raises both limits, up to 32 and 64 MiB.
  mallopt(M_MMAP_THRESHOLD, 1 << 20);
  mallopt(M_TRIM_THRESHOLD, 4 << 20);
  // By default eight for each processor: what one thread freed, another would not find.
  mallopt(M_ARENA_MAX, 2);
}

void kist_return_free_memory(void) { malloc_trim(0); }

int kist_reopen_pipe(int descriptor) {
  struct stat status;
  if (fstat(descriptor, &status) != 0) return -errno;
  if (!S_ISFIFO(status.st_mode)) return -EINVAL;
  char path[32];
  snprintf(path, sizeof path, "/proc/self/fd/%d", descriptor);
  int copy = open(path, O_WRONLY | O_NONBLOCK | O_CLOEXEC);
  return copy < 0 ? -errno : copy;
}

long kist_write_some(int descriptor, const void *bytes, size_t count) {
  ssize_t done = send(descriptor, bytes, count, MSG_DONTWAIT | MSG_NOSIGNAL);
  if (done < 0 && errno == ENOTSOCK) {
    int flags = fcntl(descriptor, F_GETFL);
    // A pipe that says that it takes something takes so much at once.
    if (flags < 0 || !(flags & O_NONBLOCK)) count = count < PIPE_BUF ? count : PIPE_BUF;
    done = write(descriptor, bytes, count);
  }
  return done < 0 ? -errno : done;
}

int kist_get_flags(int descriptor, uint32_t *flags) {
  int value = 0;
  if (ioctl(descriptor, FS_IOC_GETFLAGS, &value) != 0) return -errno;
  *flags = (uint32_t)value;
  return 0;
}

int kist_set_flags(int descriptor, uint32_t flags) {
  int value = (int)flags;
  return ioctl(descriptor, FS_IOC_SETFLAGS, &value) == 0 ? 0 : -errno;
}

int kist_clone(int descriptor, int from) {
  return ioctl(descriptor, FICLONE, from) == 0 ? 0 : -errno;
}

long kist_copy_range(int from, int to, int64_t offset, size_t count) {
  off_t in = offset, out = offset;
  ssize_t copied;
  do {
    copied = copy_file_range(from, &in, to, &out, count, 0);
  } while (copied < 0 && errno == EINTR);
  return copied < 0 ? -errno : copied;
}

int kist_punch_hole(int descriptor, int64_t offset, int64_t count) {
  int mode = FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE;
  return fallocate(descriptor, mode, offset, count) == 0 ? 0 : -errno;
}

int kist_reserve(int descriptor, int64_t count) {
  int result;
  do {
    result = fallocate(descriptor, 0, 0, count);
  } while (result != 0 && errno == EINTR);
  return result == 0 ? 0 : -errno;
}

int kist_sync_file_system(int descriptor) { return syncfs(descriptor) == 0 ? 0 : -errno; }

static int set_lock(int descriptor, short type) {
  struct flock lock = {.l_type = type, .l_whence = SEEK_SET};
  int result;
  do {
    result = fcntl(descriptor, F_OFD_SETLK, &lock);
  } while (result != 0 && errno == EINTR);
  return result == 0 ? 0 : -errno;
}

int kist_lock(int descriptor, int exclusive) {
  return set_lock(descriptor, exclusive ? F_WRLCK : F_RDLCK);
}

int kist_unlock(int descriptor) { return set_lock(descriptor, F_UNLCK); }

int kist_set_direct(int descriptor, int wanted) {
  int flags = fcntl(descriptor, F_GETFL);
  if (flags < 0) return -errno;
  flags = wanted ? flags | O_DIRECT : flags & ~O_DIRECT;
  return fcntl(descriptor, F_SETFL, flags) == 0 ? 0 : -errno;
}

int64_t kist_seek_data(int descriptor, int64_t offset) {
  int64_t found = lseek(descriptor, offset, SEEK_DATA);
  return found < 0 ? -errno : found;
}

int64_t kist_seek_hole(int descriptor, int64_t offset) {
  int64_t found = lseek(descriptor, offset, SEEK_HOLE);
  return found < 0 ? -errno : found;
}

int kist_make_device(int directory, const char *name, uint32_t mode, uint32_t major_number,
                     uint32_t minor_number) {
  return mknodat(directory, name, (mode_t)mode, makedev(major_number, minor_number)) == 0 ? 0
                                                                                         : -errno;
}

int kist_usable_processors(void) {
  // As the kernel counts them; 64 Ki processors are more than it knows.
  unsigned long mask[1024];
  long bytes = syscall(SYS_sched_getaffinity, 0, sizeof mask, mask);
  if (bytes < 0) return -errno;
  int count = 0;
  for (size_t index = 0; index < (size_t)bytes / sizeof *mask; index++)
    count += __builtin_popcountl(mask[index]);
  return count;
}

int kist_terminal_width(int descriptor) {
  struct winsize size;
  if (ioctl(descriptor, TIOCGWINSZ, &size) != 0) return -errno;
  return size.ws_col;
}

int kist_fstatfs(int descriptor, struct kist_file_system *status) {
  struct statfs found;
  if (fstatfs(descriptor, &found) != 0) return -errno;
  uint32_t id[2];
  memcpy(id, &found.f_fsid, sizeof id);
  status->id = (uint64_t)id[0] << 32 | id[1];
  status->available = (uint64_t)(geteuid() == 0 ? found.f_bfree : found.f_bavail)
      * (uint64_t)found.f_bsize;
  status->files = (uint64_t)found.f_files;
  status->free_files = (uint64_t)found.f_ffree;
  status->type = (uint32_t)found.f_type;
  return 0;
}
