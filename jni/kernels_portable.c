// SPDX-License-Identifier: GPL-2.0-or-later
/* Plain C, in words of eight bytes, which compilers make vectors of. */
#include <string.h>

#include "kernels.h"

/* --- CRC-64 ----------------------------------------------------------------------------------------- */

#define SLICES 8

/* Table k maps a byte to what it adds to the register when k more bytes follow it. Written once, before main. */
static uint64_t tables[SLICES][256];

__attribute__((constructor)) static void fill_tables(void)
{
	for (unsigned int byte = 0; byte < 256; byte++) {
		uint64_t crc = (uint64_t)byte << 56;

		for (unsigned int bit = 0; bit < 8; bit++)
			crc = crc << 1 ^ (crc >> 63 ? CRC64_POLYNOMIAL : 0);
		tables[0][byte] = crc;
	}
	for (unsigned int k = 1; k < SLICES; k++) {
		for (unsigned int byte = 0; byte < 256; byte++) {
			uint64_t before = tables[k - 1][byte];

			tables[k][byte] = before << 8 ^ tables[0][before >> 56];
		}
	}
}

static uint64_t load_big_endian(const unsigned char *from)
{
	uint64_t word;

	memcpy(&word, from, sizeof(word));
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
	word = __builtin_bswap64(word);
#endif
	return word;
}

uint64_t crc64_portable(uint64_t crc, const void *from, size_t bytes)
{
	const unsigned char *at = from;

	for (; bytes >= SLICES; bytes -= SLICES, at += SLICES) {
		uint64_t word = crc ^ load_big_endian(at);

		crc = tables[7][word >> 56] ^ tables[6][word >> 48 & 0xff] ^ tables[5][word >> 40 & 0xff] ^
		      tables[4][word >> 32 & 0xff] ^ tables[3][word >> 24 & 0xff] ^ tables[2][word >> 16 & 0xff] ^
		      tables[1][word >> 8 & 0xff] ^ tables[0][word & 0xff];
	}
	for (; bytes > 0; bytes--, at++)
		crc = crc << 8 ^ tables[0][(crc >> 56 ^ *at) & 0xff];
	return crc;
}

/* --- GF(2^8) ---------------------------------------------------------------------------------------- */

/* x^8 in terms of lower powers, and its effect on eight bytes at once. */
#define REDUCTION 0x1d
#define LOW_BITS 0x0101010101010101ull
#define LOW_SEVEN_BITS 0x7f7f7f7f7f7f7f7full

uint8_t gf_product(uint8_t a, uint8_t b)
{
	unsigned int sum = 0, shifted = a;

	for (unsigned int bits = b; bits; bits >>= 1) {
		sum ^= bits & 1 ? shifted : 0;
		shifted = (shifted << 1 & 0xff) ^ (shifted >> 7 ? REDUCTION : 0);
	}
	return (uint8_t)sum;
}

struct factor_tables tables_of(uint8_t factor)
{
	uint8_t upper = gf_product(factor, 16);
	struct factor_tables found;

	for (unsigned int half = 0; half < 16; half++) {
		found.low[half] = gf_product(factor, (uint8_t)half);
		found.high[half] = gf_product(upper, (uint8_t)half);
	}
	return found;
}

static inline uint64_t load(const unsigned char *from)
{
	uint64_t word;

	memcpy(&word, from, sizeof(word));
	return word;
}

static inline void store(unsigned char *to, uint64_t word)
{
	memcpy(to, &word, sizeof(word));
}

static inline uint64_t doubled(uint64_t word)
{
	uint64_t carries = word >> 7 & LOW_BITS;

	return (word & LOW_SEVEN_BITS) << 1 ^ carries ^ carries << 2 ^ carries << 3 ^ carries << 4;
}

void add_portable(void *to, const void *from, size_t bytes)
{
	unsigned char *restrict t = to;
	const unsigned char *restrict f = from;
	size_t at = 0;

	for (; bytes - at >= 8; at += 8)
		store(t + at, load(t + at) ^ load(f + at));
	for (; at < bytes; at++)
		t[at] ^= f[at];
}

void add_to_both_portable(void *p, void *q, const void *block, size_t bytes)
{
	unsigned char *restrict to_p = p;
	unsigned char *restrict to_q = q;
	const unsigned char *restrict from = block;
	size_t at = 0;

	for (; bytes - at >= 8; at += 8) {
		uint64_t word = load(from + at);

		store(to_p + at, load(to_p + at) ^ word);
		store(to_q + at, doubled(load(to_q + at)) ^ word);
	}
	for (; at < bytes; at++) {
		to_p[at] ^= from[at];
		to_q[at] = (uint8_t)(gf_product(to_q[at], 2) ^ from[at]);
	}
}

void times_generator_portable(void *to, size_t bytes)
{
	unsigned char *t = to;
	size_t at = 0;

	for (; bytes - at >= 8; at += 8)
		store(t + at, doubled(load(t + at)));
	for (; at < bytes; at++)
		t[at] = gf_product(t[at], 2);
}

void times_portable(uint8_t factor, void *to, size_t bytes)
{
	unsigned char *t = to;
	size_t at = 0;

	for (; bytes - at >= 8; at += 8) {
		uint64_t power = load(t + at), sum = 0;

		for (unsigned int bit = 0; bit < 8; bit++) {
			sum ^= power & -(uint64_t)(factor >> bit & 1);
			power = doubled(power);
		}
		store(t + at, sum);
	}
	for (; at < bytes; at++)
		t[at] = gf_product(t[at], factor);
}
