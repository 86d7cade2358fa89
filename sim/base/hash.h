/* sim/base/hash.h — 64-bit hashes: XXH3 for bytes and files, a two-word mixer for digests.
 * Layer: base. Not collective. XXH3 gives the same value on every machine for the same bytes. */
#ifndef DP_BASE_HASH_H
#define DP_BASE_HASH_H

#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

/** XXH3 64-bit hash of `len` bytes; data may be NULL when len is 0. */
uint64_t dp_hash64(const void *data, size_t len, uint64_t seed);

/** Hash over bytes that come in pieces: equal to dp_hash64 of them joined. */
struct dp_hasher;

/** A new hasher, freed by dp_hasher_free; NULL when memory is out. */
struct dp_hasher *dp_hasher_new(uint64_t seed);

/** Takes `len` more bytes. */
void dp_hasher_update(struct dp_hasher *hasher, const void *data, size_t len);

/** The hash of all bytes so far; more may follow. */
uint64_t dp_hasher_value(const struct dp_hasher *hasher);

/** Frees; NULL is allowed. */
void dp_hasher_free(struct dp_hasher *hasher);

/** Size in bytes and dp_hash64 (seed 0) of a file as it is on disk (a gzip file is not unpacked).
 *  Errors: DP_IO naming the file and the reason. */
enum dp_status dp_hash_file(const char *path, uint64_t *size_bytes, uint64_t *hash, struct dp_err *err);

/** Mixes two words into one: a·φ64 + b + a constant, then the finalizer of SplitMix64 (Steele, Lea, Flood 2014,
 *  variant 13 of Stafford's mixers). A bijection in each argument when the other is fixed, and not symmetric:
 *  mix(mix(seed, x), y) hashes the sequence x, y. Order-free digests add such row hashes modulo 2^64. Not
 *  cryptographic. */
static inline uint64_t dp_hash_mix(uint64_t a, uint64_t b) {
  uint64_t z = a * UINT64_C(0x9e3779b97f4a7c15) + b + UINT64_C(0x632be59bd9b4e019);
  z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
  z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
  return z ^ (z >> 31);
}

#endif
