// SPDX-License-Identifier: GPL-2.0-or-later
/* Each way of computing against known answers, against one bit or element at a time, and never past the ends. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "kernels.h"

#define MOST_BYTES 700
#define LARGE_BYTES (256 << 10)
#define ALIGNMENTS 33

/* xorshift64 */
static uint64_t seed = 0x11d42f0e1eba9eaull;

static unsigned char next_byte(void)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return (unsigned char)(seed >> 32);
}

static void fill(unsigned char *memory, size_t bytes)
{
	for (size_t i = 0; i < bytes; i++)
		memory[i] = next_byte();
}

/* A block of exactly that size, so that sanitizers and valgrind see each byte too many; the alignment is taken off its front. */
struct exact {
	unsigned char *block, *at;
};

static struct exact exact(size_t alignment, size_t bytes)
{
	struct exact memory = { .block = malloc(alignment + bytes > 0 ? alignment + bytes : 1) };

	memory.at = memory.block + alignment;
	fill(memory.at, bytes);
	return memory;
}

static uint64_t crc64_by_bits(uint64_t crc, const unsigned char *from, size_t bytes)
{
	for (size_t i = 0; i < bytes; i++) {
		crc ^= (uint64_t)from[i] << 56;
		for (unsigned int bit = 0; bit < 8; bit++)
			crc = crc << 1 ^ (crc >> 63 ? CRC64_POLYNOMIAL : 0);
	}
	return crc;
}

static void crc64_has_the_catalogued_values(const struct kernels *way)
{
	static const char check[] = "123456789";

	/* CRC-64/ECMA-182 and CRC-64/WE. */
	CHECK(way->crc64(0, check, 9) == 0x6c40df5f0b497347ull);
	CHECK(~way->crc64(~0ull, check, 9) == 0x62ec59e3f1a4f00aull);
	CHECK(way->crc64(0x1234, check, 0) == 0x1234);
}

static void crc64_is_that_of_single_bits(const struct kernels *way)
{
	for (size_t bytes = 0; bytes < MOST_BYTES; bytes++) {
		struct exact memory = exact(bytes % ALIGNMENTS, bytes);
		uint64_t start = bytes & 1 ? ~0ull : seed;

		CHECK(way->crc64(start, memory.at, bytes) == crc64_by_bits(start, memory.at, bytes));
		free(memory.block);
	}
}

static void crc64_can_be_continued_anywhere(const struct kernels *way)
{
	struct exact memory = exact(1, LARGE_BYTES);
	uint64_t whole = crc64_by_bits(7, memory.at, LARGE_BYTES);

	CHECK(way->crc64(7, memory.at, LARGE_BYTES) == whole);
	for (size_t cut = 1; cut < LARGE_BYTES; cut = cut * 3 + 1)
		CHECK(way->crc64(way->crc64(7, memory.at, cut), memory.at + cut, LARGE_BYTES - cut) == whole);
	free(memory.block);
}

static void powers_are_those_of_the_raid6_paper(void)
{
	unsigned int power = 1;

	for (unsigned int exponent = 0; exponent < 255; exponent++) {
		if (exponent == 8)
			CHECK(power == 0x1d);
		if (exponent == 254)
			CHECK(power == 0x8e);
		CHECK(exponent == 0 || power != 1);
		power = gf_product((uint8_t)power, 2);
	}
	CHECK(power == 1);
}

static void sums_are_those_of_single_elements(const struct kernels *way)
{
	for (size_t bytes = 0; bytes < MOST_BYTES; bytes++) {
		struct exact p = exact(bytes % ALIGNMENTS, bytes), q = exact(bytes % 7, bytes), from = exact(bytes % 3, bytes);
		unsigned char *was_p = malloc(bytes + 1), *was_q = malloc(bytes + 1);
		int right = 1;

		memcpy(was_p, p.at, bytes);
		memcpy(was_q, q.at, bytes);
		way->add_to_both(p.at, q.at, from.at, bytes);
		for (size_t i = 0; i < bytes; i++)
			right &= p.at[i] == (was_p[i] ^ from.at[i]) && q.at[i] == (gf_product(was_q[i], 2) ^ from.at[i]);
		CHECK(right);
		memcpy(p.at, was_p, bytes);
		way->add(p.at, from.at, bytes);
		for (size_t i = 0; i < bytes; i++)
			right &= p.at[i] == (was_p[i] ^ from.at[i]);
		CHECK(right);
		memcpy(q.at, was_q, bytes);
		way->times_generator(q.at, bytes);
		for (size_t i = 0; i < bytes; i++)
			right &= q.at[i] == gf_product(was_q[i], 2);
		CHECK(right);
		free(was_p);
		free(was_q);
		free(p.block);
		free(q.block);
		free(from.block);
	}
}

static void every_factor_multiplies_every_element(const struct kernels *way)
{
	for (unsigned int factor = 0; factor < 256; factor++) {
		/* 256 elements and an odd rest. */
		size_t bytes = 256 + factor % 31;
		struct exact memory = exact(factor % ALIGNMENTS, bytes);
		unsigned char was[256 + 31];
		int right = 1;

		for (size_t i = 0; i < bytes; i++)
			was[i] = memory.at[i] = (unsigned char)i;
		way->times((uint8_t)factor, memory.at, bytes);
		for (size_t i = 0; i < bytes; i++)
			right &= memory.at[i] == gf_product((uint8_t)factor, was[i]);
		CHECK(right);
		free(memory.block);
	}
}

/* Two lost data blocks of eight, from P and Q. */
static void two_lost_blocks_come_back(const struct kernels *way)
{
	enum { BLOCKS = 8, BYTES = 4096 + 5 };
	static unsigned char blocks[BLOCKS][BYTES], p[BYTES], q[BYTES], sum_p[BYTES], sum_q[BYTES];
	const unsigned int x = 2, y = 5;
	unsigned int power_x = 1, power_y = 1, inverse = 1;

	fill(&blocks[0][0], sizeof(blocks));
	memset(p, 0, BYTES);
	memset(q, 0, BYTES);
	memset(sum_p, 0, BYTES);
	memset(sum_q, 0, BYTES);
	for (unsigned int i = BLOCKS; i-- > 0;) {
		way->add_to_both(p, q, blocks[i], BYTES);
		if (i == x || i == y)
			way->times_generator(sum_q, BYTES);
		else
			way->add_to_both(sum_p, sum_q, blocks[i], BYTES);
	}
	way->add(sum_p, p, BYTES);
	way->add(sum_q, q, BYTES);
	for (unsigned int i = 0; i < y; i++) {
		if (i < x)
			power_x = gf_product((uint8_t)power_x, 2);
		power_y = gf_product((uint8_t)power_y, 2);
	}
	while (gf_product((uint8_t)inverse, (uint8_t)(power_x ^ power_y)) != 1)
		inverse++;
	way->times((uint8_t)power_y, sum_p, BYTES);
	way->add(sum_p, sum_q, BYTES);
	way->times((uint8_t)inverse, sum_p, BYTES);
	CHECK(memcmp(sum_p, blocks[x], BYTES) == 0);
}

void kernel_tests(void)
{
	powers_are_those_of_the_raid6_paper();
	for (unsigned int number = 0; number < KERNEL_WAYS; number++) {
		const struct kernels *way = kernels_of(number);

		if (!way) {
			printf("this processor cannot do the kernels' way %u\n", number);
			continue;
		}
		crc64_has_the_catalogued_values(way);
		crc64_is_that_of_single_bits(way);
		crc64_can_be_continued_anywhere(way);
		sums_are_those_of_single_elements(way);
		every_factor_multiplies_every_element(way);
		two_lost_blocks_come_back(way);
	}
	CHECK(kernels_of(KERNELS_PORTABLE) != NULL);
	CHECK(kernels_of(KERNEL_WAYS) == NULL);
	CHECK(kernels_best() != NULL);
}
