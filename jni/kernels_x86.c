// SPDX-License-Identifier: GPL-2.0-or-later
/* What x86-64 processors have instructions for. Each function needs the ones that its name ends with. */
#if defined(__x86_64__)

#include <immintrin.h>

#include "kernels.h"

/* --- CRC-64 by carry-less multiplication ------------------------------------------------------------ */

#define LANES 4

#define PCLMUL __attribute__((target("pclmul,ssse3")))

PCLMUL static inline __m128i load_polynomial(const unsigned char *from)
{
	const __m128i reversed = _mm_set_epi8(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);

	return _mm_shuffle_epi8(_mm_loadu_si128((const __m128i *)(const void *)from), reversed);
}

PCLMUL static inline __m128i fold(__m128i earlier, __m128i powers, __m128i later)
{
	__m128i high = _mm_clmulepi64_si128(earlier, powers, 0x11);
	__m128i low = _mm_clmulepi64_si128(earlier, powers, 0x00);

	return _mm_xor_si128(_mm_xor_si128(high, low), later);
}

/* What is left of a polynomial times x^64 by P (Barrett). */
PCLMUL static inline uint64_t reduce(__m128i polynomial)
{
	const __m128i constants = _mm_set_epi64x((long long)CRC64_POLYNOMIAL, (long long)CRC64_QUOTIENT);
	__m128i product = _mm_xor_si128(_mm_clmulepi64_si128(polynomial, _mm_set_epi64x(0, (long long)CRC64_X128), 0x01),
					_mm_slli_si128(polynomial, 8));
	__m128i quotient = _mm_xor_si128(product, _mm_clmulepi64_si128(product, constants, 0x01));

	return (uint64_t)_mm_cvtsi128_si64(_mm_xor_si128(product, _mm_clmulepi64_si128(quotient, constants, 0x11)));
}

PCLMUL uint64_t crc64_pclmul(uint64_t crc, const void *from, size_t bytes)
{
	const __m128i by_one = _mm_set_epi64x((long long)CRC64_X192, (long long)CRC64_X128);
	const __m128i by_lanes = _mm_set_epi64x((long long)CRC64_X576, (long long)CRC64_X512);
	const unsigned char *at = from;
	__m128i sum;

	if (bytes < 16)
		return crc64_portable(crc, from, bytes);
	sum = _mm_xor_si128(load_polynomial(at), _mm_set_epi64x((long long)crc, 0));
	at += 16;
	bytes -= 16;
	if (bytes >= 2 * LANES * 16) {
		__m128i lanes[LANES];

		lanes[0] = sum;
		for (unsigned int i = 1; i < LANES; i++, at += 16, bytes -= 16)
			lanes[i] = load_polynomial(at);
		for (; bytes >= LANES * 16; bytes -= LANES * 16) {
			for (unsigned int i = 0; i < LANES; i++, at += 16)
				lanes[i] = fold(lanes[i], by_lanes, load_polynomial(at));
		}
		sum = lanes[0];
		for (unsigned int i = 1; i < LANES; i++)
			sum = fold(sum, by_one, lanes[i]);
	}
	for (; bytes >= 16; bytes -= 16, at += 16)
		sum = fold(sum, by_one, load_polynomial(at));
	return crc64_portable(reduce(sum), at, bytes);
}

/* --- GF(2^8): sixteen or thirty-two elements at once ------------------------------------------------ */

#define SSSE3 __attribute__((target("ssse3")))
#define AVX2 __attribute__((target("avx2")))

SSSE3 static inline __m128i load16(const unsigned char *from)
{
	return _mm_loadu_si128((const __m128i *)(const void *)from);
}

SSSE3 static inline void store16(unsigned char *to, __m128i value)
{
	_mm_storeu_si128((__m128i *)(void *)to, value);
}

SSSE3 static inline __m128i doubled16(__m128i value)
{
	__m128i carries = _mm_cmpgt_epi8(_mm_setzero_si128(), value);

	return _mm_xor_si128(_mm_add_epi8(value, value), _mm_and_si128(carries, _mm_set1_epi8(0x1d)));
}

SSSE3 void add_to_both_ssse3(void *p, void *q, const void *block, size_t bytes)
{
	unsigned char *to_p = p, *to_q = q;
	const unsigned char *from = block;
	size_t at = 0;

	for (; bytes - at >= 16; at += 16) {
		__m128i value = load16(from + at);

		store16(to_p + at, _mm_xor_si128(load16(to_p + at), value));
		store16(to_q + at, _mm_xor_si128(doubled16(load16(to_q + at)), value));
	}
	add_to_both_portable(to_p + at, to_q + at, from + at, bytes - at);
}

SSSE3 void times_generator_ssse3(void *to, size_t bytes)
{
	unsigned char *t = to;
	size_t at = 0;

	for (; bytes - at >= 16; at += 16)
		store16(t + at, doubled16(load16(t + at)));
	times_generator_portable(t + at, bytes - at);
}

SSSE3 void times_ssse3(uint8_t factor, void *to, size_t bytes)
{
	struct factor_tables tables = tables_of(factor);
	__m128i low = load16(tables.low), high = load16(tables.high), half = _mm_set1_epi8(0x0f);
	unsigned char *t = to;
	size_t at = 0;

	for (; bytes - at >= 16; at += 16) {
		__m128i value = load16(t + at);
		__m128i of_low = _mm_shuffle_epi8(low, _mm_and_si128(value, half));
		__m128i of_high = _mm_shuffle_epi8(high, _mm_and_si128(_mm_srli_epi64(value, 4), half));

		store16(t + at, _mm_xor_si128(of_low, of_high));
	}
	times_portable(factor, t + at, bytes - at);
}

AVX2 static inline __m256i load32(const unsigned char *from)
{
	return _mm256_loadu_si256((const __m256i *)(const void *)from);
}

AVX2 static inline void store32(unsigned char *to, __m256i value)
{
	_mm256_storeu_si256((__m256i *)(void *)to, value);
}

AVX2 static inline __m256i doubled32(__m256i value)
{
	__m256i carries = _mm256_cmpgt_epi8(_mm256_setzero_si256(), value);

	return _mm256_xor_si256(_mm256_add_epi8(value, value), _mm256_and_si256(carries, _mm256_set1_epi8(0x1d)));
}

AVX2 void add_avx2(void *to, const void *from, size_t bytes)
{
	unsigned char *t = to;
	const unsigned char *f = from;
	size_t at = 0;

	for (; bytes - at >= 32; at += 32)
		store32(t + at, _mm256_xor_si256(load32(t + at), load32(f + at)));
	add_portable(t + at, f + at, bytes - at);
}

AVX2 void add_to_both_avx2(void *p, void *q, const void *block, size_t bytes)
{
	unsigned char *to_p = p, *to_q = q;
	const unsigned char *from = block;
	size_t at = 0;

	for (; bytes - at >= 32; at += 32) {
		__m256i value = load32(from + at);

		store32(to_p + at, _mm256_xor_si256(load32(to_p + at), value));
		store32(to_q + at, _mm256_xor_si256(doubled32(load32(to_q + at)), value));
	}
	add_to_both_portable(to_p + at, to_q + at, from + at, bytes - at);
}

AVX2 void times_generator_avx2(void *to, size_t bytes)
{
	unsigned char *t = to;
	size_t at = 0;

	for (; bytes - at >= 32; at += 32)
		store32(t + at, doubled32(load32(t + at)));
	times_generator_portable(t + at, bytes - at);
}

AVX2 void times_avx2(uint8_t factor, void *to, size_t bytes)
{
	struct factor_tables tables = tables_of(factor);
	__m256i low = _mm256_broadcastsi128_si256(load16(tables.low));
	__m256i high = _mm256_broadcastsi128_si256(load16(tables.high));
	__m256i half = _mm256_set1_epi8(0x0f);
	unsigned char *t = to;
	size_t at = 0;

	for (; bytes - at >= 32; at += 32) {
		__m256i value = load32(t + at);
		__m256i of_low = _mm256_shuffle_epi8(low, _mm256_and_si256(value, half));
		__m256i of_high = _mm256_shuffle_epi8(high, _mm256_and_si256(_mm256_srli_epi64(value, 4), half));

		store32(t + at, _mm256_xor_si256(of_low, of_high));
	}
	times_portable(factor, t + at, bytes - at);
}

#else

/* An object file is never empty. */
extern const int kernels_x86_has_nothing;
const int kernels_x86_has_nothing = 1;

#endif
