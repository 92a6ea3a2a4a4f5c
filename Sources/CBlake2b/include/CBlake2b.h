#pragma once
// BLAKE2b-256 of many messages at once, one in each lane of the processor's vectors.
#include <stddef.h>
#include <stdint.h>

/// What all messages of a call share. Source: RFC 7693 §2.5, and the parameter block of the BLAKE2 paper.
struct kist_blake2b_parameters {
  /// Key of `key_count` bytes, at most 64; NULL if 0.
  const uint8_t *key;
  size_t key_count;
  /// 16 bytes, or NULL for zeros.
  const uint8_t *personal;
};

/// Messages that are hashed at once on this processor: 8, 4, or 1 where it has no vectors for it.
size_t kist_blake2b_lanes(void);

/// Writes the 32-byte hashes of `count` messages, one after the other, to `hashes`.
///
/// `lanes` is 8 or 4, and not more than `kist_blake2b_lanes()`.
void kist_blake2b_many(size_t lanes, const struct kist_blake2b_parameters *parameters,
                       const uint8_t *const *messages, const size_t *counts, size_t count,
                       uint8_t *hashes);
