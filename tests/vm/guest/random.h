/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A seeded generator (splitmix64): the same seed does the same everywhere. */
#ifndef RANDOM_H
#define RANDOM_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct random {
	uint64_t state;
};

static inline uint64_t random_u64(struct random *from)
{
	uint64_t z = from->state += 0x9e3779b97f4a7c15ULL;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ z >> 27) * 0x94d049bb133111ebULL;
	return z ^ z >> 31;
}

/* 0 .. below - 1 */
static inline uint64_t random_below(struct random *from, uint64_t below)
{
	return random_u64(from) % below;
}

/* 0 .. most, small values as likely as large ones on a logarithmic scale. */
static inline uint64_t random_scaled(struct random *from, uint64_t most)
{
	int bits = 0;
	uint64_t value;

	while (bits < 63 && most >> bits)
		bits++;
	if (!bits)
		return 0;
	value = random_u64(from) >> (63 - random_below(from, bits));
	return value < most ? value : most;
}

static inline void random_fill(struct random *from, void *into, size_t length)
{
	unsigned char *at = into;

	while (length) {
		uint64_t word = random_u64(from);
		size_t part = length < sizeof(word) ? length : sizeof(word);

		memcpy(at, &word, part);
		at += part;
		length -= part;
	}
}

#endif
