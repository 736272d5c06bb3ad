/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Arithmetic over ranges of memory, in several ways: plain C, and what the processor has instructions for. All
 * ways give the same results, take any address and any length, keep no state, and may be called by many threads.
 */
#ifndef JBCACHEFS_KERNELS_H
#define JBCACHEFS_KERNELS_H

#include <stddef.h>
#include <stdint.h>

/* CRC-64 of ECMA-182, most significant bit first: its polynomial without x^64. */
#define CRC64_POLYNOMIAL 0x42f0e1eba9ea3693ull

/*
 * Sixteen bytes are a polynomial of 128 bits, the first byte its highest. To move such a polynomial D bits further
 * up, modulo P, its halves are multiplied by x^(D+64) and x^D: what was read so far is folded into what comes D bits later.
 * The names say the power of x, modulo P. Quotient: of x^128 by P, without its x^64.
 */
#define CRC64_X128 0x05f5c3c7eb52fab6ull
#define CRC64_X192 0x4eb938a7d257740eull
#define CRC64_X512 0x5f6843ca540df020ull
#define CRC64_X576 0xddf4b6981205b83full
#define CRC64_QUOTIENT 0x578d29d06cc4f872ull

/*
 * Elements of GF(2^8) are bytes, with the polynomial 0x11d and the generator 2, as RAID-6 has it.
 * Ranges do not overlap.
 */
struct kernels {
	const char *name;
	/* Continues a register over more bytes; no inversion anywhere. */
	uint64_t (*crc64)(uint64_t crc, const void *from, size_t bytes);
	/* to += from, which is xor. */
	void (*add)(void *to, const void *from, size_t bytes);
	/* p += block; q = q * generator + block. */
	void (*add_to_both)(void *p, void *q, const void *block, size_t bytes);
	/* to *= generator. */
	void (*times_generator)(void *to, size_t bytes);
	/* to *= factor. */
	void (*times)(uint8_t factor, void *to, size_t bytes);
};

enum kernel_way {
	KERNELS_PORTABLE,
	KERNELS_SSSE3,		/* and PCLMULQDQ */
	KERNELS_AVX2,		/* and PCLMULQDQ */
	KERNELS_NEON,
	KERNELS_PMULL,		/* and NEON */
	KERNEL_WAYS,
};

/* NULL if this processor cannot. */
const struct kernels *kernels_of(enum kernel_way way);

/* The quickest that this processor can. */
const struct kernels *kernels_best(void);

/* --- the parts that the ways are made of ------------------------------------------------------------ */

uint8_t gf_product(uint8_t a, uint8_t b);

/* What multiplies a half of a byte, the lower or the upper one, for instructions that look sixteen up at once. */
struct factor_tables {
	uint8_t low[16], high[16];
};

struct factor_tables tables_of(uint8_t factor);

uint64_t crc64_portable(uint64_t crc, const void *from, size_t bytes);
void add_portable(void *to, const void *from, size_t bytes);
void add_to_both_portable(void *p, void *q, const void *block, size_t bytes);
void times_generator_portable(void *to, size_t bytes);
void times_portable(uint8_t factor, void *to, size_t bytes);

#if defined(__x86_64__)
uint64_t crc64_pclmul(uint64_t crc, const void *from, size_t bytes);
void add_avx2(void *to, const void *from, size_t bytes);
void add_to_both_ssse3(void *p, void *q, const void *block, size_t bytes);
void add_to_both_avx2(void *p, void *q, const void *block, size_t bytes);
void times_generator_ssse3(void *to, size_t bytes);
void times_generator_avx2(void *to, size_t bytes);
void times_ssse3(uint8_t factor, void *to, size_t bytes);
void times_avx2(uint8_t factor, void *to, size_t bytes);
#elif defined(__aarch64__)
uint64_t crc64_pmull(uint64_t crc, const void *from, size_t bytes);
void add_to_both_neon(void *p, void *q, const void *block, size_t bytes);
void times_generator_neon(void *to, size_t bytes);
void times_neon(uint8_t factor, void *to, size_t bytes);
#endif

#endif
