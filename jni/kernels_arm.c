// SPDX-License-Identifier: GPL-2.0-or-later
/* What 64-bit ARM processors have instructions for: all of them vectors (Advanced SIMD), most of them PMULL. */
#if defined(__aarch64__)

#include <arm_neon.h>

#include "kernels.h"

/* --- CRC-64 by carry-less multiplication ------------------------------------------------------------ */

#define LANES 4

#define PMULL __attribute__((target("+crypto")))

/* The upper half of the vector is the higher half of the polynomial. */
PMULL static inline uint64x2_t load_polynomial(const unsigned char *from)
{
	uint8x16_t reversed = vrev64q_u8(vld1q_u8(from));

	return vreinterpretq_u64_u8(vextq_u8(reversed, reversed, 8));
}

PMULL static inline uint64x2_t product(uint64_t a, uint64_t b)
{
	return vreinterpretq_u64_p128(vmull_p64((poly64_t)a, (poly64_t)b));
}

PMULL static inline uint64x2_t fold(uint64x2_t earlier, uint64_t high, uint64_t low, uint64x2_t later)
{
	uint64x2_t of_high = product(vgetq_lane_u64(earlier, 1), high);
	uint64x2_t of_low = product(vgetq_lane_u64(earlier, 0), low);

	return veorq_u64(veorq_u64(of_high, of_low), later);
}

/* What is left of a polynomial times x^64 by P (Barrett). */
PMULL static inline uint64_t reduce(uint64x2_t polynomial)
{
	uint64x2_t times_x64 = vcombine_u64(vcreate_u64(0), vget_low_u64(polynomial));
	uint64x2_t whole = veorq_u64(product(vgetq_lane_u64(polynomial, 1), CRC64_X128), times_x64);
	uint64_t high = vgetq_lane_u64(whole, 1);
	uint64_t quotient = high ^ vgetq_lane_u64(product(high, CRC64_QUOTIENT), 1);

	return vgetq_lane_u64(whole, 0) ^ vgetq_lane_u64(product(quotient, CRC64_POLYNOMIAL), 0);
}

PMULL uint64_t crc64_pmull(uint64_t crc, const void *from, size_t bytes)
{
	const unsigned char *at = from;
	uint64x2_t sum;

	if (bytes < 16)
		return crc64_portable(crc, from, bytes);
	sum = veorq_u64(load_polynomial(at), vcombine_u64(vcreate_u64(0), vcreate_u64(crc)));
	at += 16;
	bytes -= 16;
	if (bytes >= 2 * LANES * 16) {
		uint64x2_t lanes[LANES];

		lanes[0] = sum;
		for (unsigned int i = 1; i < LANES; i++, at += 16, bytes -= 16)
			lanes[i] = load_polynomial(at);
		for (; bytes >= LANES * 16; bytes -= LANES * 16) {
			for (unsigned int i = 0; i < LANES; i++, at += 16)
				lanes[i] = fold(lanes[i], CRC64_X576, CRC64_X512, load_polynomial(at));
		}
		sum = lanes[0];
		for (unsigned int i = 1; i < LANES; i++)
			sum = fold(sum, CRC64_X192, CRC64_X128, lanes[i]);
	}
	for (; bytes >= 16; bytes -= 16, at += 16)
		sum = fold(sum, CRC64_X192, CRC64_X128, load_polynomial(at));
	return crc64_portable(reduce(sum), at, bytes);
}

/* --- GF(2^8): sixteen elements at once -------------------------------------------------------------- */

static inline uint8x16_t doubled(uint8x16_t value)
{
	uint8x16_t carries = vreinterpretq_u8_s8(vshrq_n_s8(vreinterpretq_s8_u8(value), 7));

	return veorq_u8(vshlq_n_u8(value, 1), vandq_u8(carries, vdupq_n_u8(0x1d)));
}

void add_to_both_neon(void *p, void *q, const void *block, size_t bytes)
{
	unsigned char *to_p = p, *to_q = q;
	const unsigned char *from = block;
	size_t at = 0;

	for (; bytes - at >= 16; at += 16) {
		uint8x16_t value = vld1q_u8(from + at);

		vst1q_u8(to_p + at, veorq_u8(vld1q_u8(to_p + at), value));
		vst1q_u8(to_q + at, veorq_u8(doubled(vld1q_u8(to_q + at)), value));
	}
	add_to_both_portable(to_p + at, to_q + at, from + at, bytes - at);
}

void times_generator_neon(void *to, size_t bytes)
{
	unsigned char *t = to;
	size_t at = 0;

	for (; bytes - at >= 16; at += 16)
		vst1q_u8(t + at, doubled(vld1q_u8(t + at)));
	times_generator_portable(t + at, bytes - at);
}

void times_neon(uint8_t factor, void *to, size_t bytes)
{
	struct factor_tables tables = tables_of(factor);
	uint8x16_t low = vld1q_u8(tables.low), high = vld1q_u8(tables.high);
	unsigned char *t = to;
	size_t at = 0;

	for (; bytes - at >= 16; at += 16) {
		uint8x16_t value = vld1q_u8(t + at);
		uint8x16_t of_low = vqtbl1q_u8(low, vandq_u8(value, vdupq_n_u8(0x0f)));
		uint8x16_t of_high = vqtbl1q_u8(high, vshrq_n_u8(value, 4));

		vst1q_u8(t + at, veorq_u8(of_low, of_high));
	}
	times_portable(factor, t + at, bytes - at);
}

#else

/* An object file is never empty. */
extern const int kernels_arm_has_nothing;
const int kernels_arm_has_nothing = 1;

#endif
