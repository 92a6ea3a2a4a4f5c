#include "CBlake2b.h"

#include <string.h>

#if defined(__x86_64__)

static const uint64_t initial[8] = {
    0x6a09e667f3bcc908, 0xbb67ae8584caa73b, 0x3c6ef372fe94f82b, 0xa54ff53a5f1d36f1,
    0x510e527fade682d1, 0x9b05688c2b3e6c1f, 0x1f83d9abfb41bd6b, 0x5be0cd19137e2179,
};

static const size_t no_message = SIZE_MAX;
static const uint8_t no_block[128] = {0};

/// One message on its way through a lane.
struct lane {
  size_t message;
  const uint8_t *next;
  size_t left;
  int is_at_key;
};

static struct lane begin(size_t message, const uint8_t *const *messages, const size_t *counts,
                         size_t count, const uint8_t *key_block) {
  if (message >= count) return (struct lane){.message = no_message};
  return (struct lane){.message = message,
                       .next = messages[message],
                       .left = counts[message],
                       .is_at_key = key_block != NULL};
}

// A store that the compiler may not leave out: keys and plaintext do not stay on the stack.
static void wipe(void *bytes, size_t count) {
  memset(bytes, 0, count);
  __asm__ __volatile__("" : : "r"(bytes) : "memory");
}

#define SHUFFLED __builtin_shufflevector

#define LANES 4
#define NAME avx2
#define TARGET __attribute__((target("avx2")))
#define TRANSPOSED(to, r)                                \
  do {                                                   \
    VECTOR a0 = SHUFFLED((r)[0], (r)[1], 0, 4, 2, 6);    \
    VECTOR a1 = SHUFFLED((r)[0], (r)[1], 1, 5, 3, 7);    \
    VECTOR a2 = SHUFFLED((r)[2], (r)[3], 0, 4, 2, 6);    \
    VECTOR a3 = SHUFFLED((r)[2], (r)[3], 1, 5, 3, 7);    \
    (to)[0] = SHUFFLED(a0, a2, 0, 1, 4, 5);              \
    (to)[1] = SHUFFLED(a1, a3, 0, 1, 4, 5);              \
    (to)[2] = SHUFFLED(a0, a2, 2, 3, 6, 7);              \
    (to)[3] = SHUFFLED(a1, a3, 2, 3, 6, 7);              \
  } while (0)
#include "lanes.inc"
#undef TRANSPOSED
#undef TARGET
#undef NAME
#undef LANES

#define LANES 8
#define NAME avx512
#define TARGET __attribute__((target("avx512f")))
#define PAIRED_EVEN(x, y) SHUFFLED(x, y, 0, 8, 2, 10, 4, 12, 6, 14)
#define PAIRED_ODD(x, y) SHUFFLED(x, y, 1, 9, 3, 11, 5, 13, 7, 15)
#define JOINED_EVEN(x, y) SHUFFLED(x, y, 0, 1, 8, 9, 4, 5, 12, 13)
#define JOINED_ODD(x, y) SHUFFLED(x, y, 2, 3, 10, 11, 6, 7, 14, 15)
#define LOWER(x, y) SHUFFLED(x, y, 0, 1, 2, 3, 8, 9, 10, 11)
#define UPPER(x, y) SHUFFLED(x, y, 4, 5, 6, 7, 12, 13, 14, 15)
#define TRANSPOSED(to, r)                                                    \
  do {                                                                       \
    VECTOR a0 = PAIRED_EVEN((r)[0], (r)[1]), a1 = PAIRED_ODD((r)[0], (r)[1]); \
    VECTOR a2 = PAIRED_EVEN((r)[2], (r)[3]), a3 = PAIRED_ODD((r)[2], (r)[3]); \
    VECTOR a4 = PAIRED_EVEN((r)[4], (r)[5]), a5 = PAIRED_ODD((r)[4], (r)[5]); \
    VECTOR a6 = PAIRED_EVEN((r)[6], (r)[7]), a7 = PAIRED_ODD((r)[6], (r)[7]); \
    VECTOR b0 = JOINED_EVEN(a0, a2), b1 = JOINED_EVEN(a1, a3);               \
    VECTOR b2 = JOINED_ODD(a0, a2), b3 = JOINED_ODD(a1, a3);                 \
    VECTOR c0 = JOINED_EVEN(a4, a6), c1 = JOINED_EVEN(a5, a7);               \
    VECTOR c2 = JOINED_ODD(a4, a6), c3 = JOINED_ODD(a5, a7);                 \
    (to)[0] = LOWER(b0, c0), (to)[1] = LOWER(b1, c1);                        \
    (to)[2] = LOWER(b2, c2), (to)[3] = LOWER(b3, c3);                        \
    (to)[4] = UPPER(b0, c0), (to)[5] = UPPER(b1, c1);                        \
    (to)[6] = UPPER(b2, c2), (to)[7] = UPPER(b3, c3);                        \
  } while (0)
#include "lanes.inc"

size_t kist_blake2b_lanes(void) {
  __builtin_cpu_init();
  if (__builtin_cpu_supports("avx512f")) return 8;
  return __builtin_cpu_supports("avx2") ? 4 : 1;
}

void kist_blake2b_many(size_t lanes, const struct kist_blake2b_parameters *parameters,
                       const uint8_t *const *messages, const size_t *counts, size_t count,
                       uint8_t *hashes) {
  // Length of the hash, of the key; fanout and depth are 1: no tree. Salt is zero.
  uint8_t block[64] = {32, (uint8_t)parameters->key_count, 1, 1};
  if (parameters->personal != NULL) memcpy(block + 48, parameters->personal, 16);
  uint64_t start[8];
  memcpy(start, block, 64);
  for (int i = 0; i < 8; i++) start[i] ^= initial[i];
  uint8_t key_block[128] = {0};
  if (parameters->key_count > 0) memcpy(key_block, parameters->key, parameters->key_count);
  const uint8_t *key = parameters->key_count > 0 ? key_block : NULL;
  if (lanes == 8)
    many_avx512(start, key, messages, counts, count, hashes);
  else
    many_avx2(start, key, messages, counts, count, hashes);
  wipe(key_block, sizeof key_block);
}

#else

// Two lanes of NEON are no faster than one message at a time in the other registers.
size_t kist_blake2b_lanes(void) { return 1; }

void kist_blake2b_many(size_t lanes, const struct kist_blake2b_parameters *parameters,
                       const uint8_t *const *messages, const size_t *counts, size_t count,
                       uint8_t *hashes) {
  (void)lanes, (void)parameters, (void)messages, (void)counts, (void)count, (void)hashes;
}

#endif
