/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sha256.h"

#include <stdio.h>
#include <string.h>

static uint32_t round_constants[64];
static uint32_t initial_state[8];

/* The first 32 bits of the fraction of a prime's root, by integer search: no table to mistype. */
static uint32_t root_fraction(unsigned int prime, int cube)
{
	unsigned __int128 low = 0, high = (unsigned __int128)1 << 36;

	while (high - low > 1) {
		unsigned __int128 middle = (low + high) / 2;
		unsigned __int128 power = cube ? middle * middle * middle : middle * middle;
		unsigned __int128 bound = (unsigned __int128)prime << (cube ? 96 : 64);

		if (power <= bound)
			low = middle;
		else
			high = middle;
	}
	return (uint32_t)low;
}

static void make_tables(void)
{
	unsigned int prime = 1, found = 0;

	while (found < 64) {
		unsigned int divisor = 2;

		for (prime++; prime % divisor; divisor++)
			;
		if (divisor != prime)
			continue;
		if (found < 8)
			initial_state[found] = root_fraction(prime, 0);
		round_constants[found++] = root_fraction(prime, 1);
	}
}

static uint32_t rotate(uint32_t value, int by)
{
	return value >> by | value << (32 - by);
}

static void add_block(uint32_t state[8], const unsigned char *block)
{
	uint32_t w[64], v[8];

	for (int i = 0; i < 16; i++)
		w[i] = (uint32_t)block[4 * i] << 24 | block[4 * i + 1] << 16 | block[4 * i + 2] << 8 | block[4 * i + 3];
	for (int i = 16; i < 64; i++) {
		uint32_t s0 = rotate(w[i - 15], 7) ^ rotate(w[i - 15], 18) ^ w[i - 15] >> 3;
		uint32_t s1 = rotate(w[i - 2], 17) ^ rotate(w[i - 2], 19) ^ w[i - 2] >> 10;

		w[i] = w[i - 16] + s0 + w[i - 7] + s1;
	}
	memcpy(v, state, sizeof(v));
	for (int i = 0; i < 64; i++) {
		uint32_t s1 = rotate(v[4], 6) ^ rotate(v[4], 11) ^ rotate(v[4], 25);
		uint32_t t1 = v[7] + s1 + ((v[4] & v[5]) ^ (~v[4] & v[6])) + round_constants[i] + w[i];
		uint32_t s0 = rotate(v[0], 2) ^ rotate(v[0], 13) ^ rotate(v[0], 22);
		uint32_t t2 = s0 + ((v[0] & v[1]) ^ (v[0] & v[2]) ^ (v[1] & v[2]));

		memmove(v + 1, v, 7 * sizeof(v[0]));
		v[4] += t1;
		v[0] = t1 + t2;
	}
	for (int i = 0; i < 8; i++)
		state[i] += v[i];
}

void sha256_begin(struct sha256 *sum)
{
	if (!initial_state[0])
		make_tables();
	memcpy(sum->state, initial_state, sizeof(sum->state));
	sum->length = 0;
}

void sha256_add(struct sha256 *sum, const void *data, size_t length)
{
	const unsigned char *from = data;

	while (length) {
		size_t at = sum->length % 64, part = 64 - at < length ? 64 - at : length;

		if (part == 64) {
			add_block(sum->state, from);
		} else {
			memcpy(sum->block + at, from, part);
			if (at + part == 64)
				add_block(sum->state, sum->block);
		}
		from += part;
		length -= part;
		sum->length += part;
	}
}

void sha256_end(struct sha256 *sum, char hex[65])
{
	uint64_t bits = sum->length * 8;
	unsigned char tail[72] = { 0x80 };
	size_t zeros = (119 - sum->length % 64) % 64;

	for (int i = 0; i < 8; i++)
		tail[1 + zeros + i] = bits >> (56 - 8 * i);
	sha256_add(sum, tail, 9 + zeros);
	for (int i = 0; i < 8; i++)
		sprintf(hex + 8 * i, "%08x", sum->state[i]);
}
