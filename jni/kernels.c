// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernels.h"

static const struct kernels portable = {
	.name = "portable",
	.crc64 = crc64_portable,
	.add = add_portable,
	.add_to_both = add_to_both_portable,
	.times_generator = times_generator_portable,
	.times = times_portable,
};

#if defined(__x86_64__)

/* Xor needs no more than any x86-64 has. */
static const struct kernels ssse3 = {
	.name = "ssse3",
	.crc64 = crc64_pclmul,
	.add = add_portable,
	.add_to_both = add_to_both_ssse3,
	.times_generator = times_generator_ssse3,
	.times = times_ssse3,
};

static const struct kernels avx2 = {
	.name = "avx2",
	.crc64 = crc64_pclmul,
	.add = add_avx2,
	.add_to_both = add_to_both_avx2,
	.times_generator = times_generator_avx2,
	.times = times_avx2,
};

const struct kernels *kernels_of(enum kernel_way way)
{
	int can_multiply = __builtin_cpu_supports("pclmul") && __builtin_cpu_supports("ssse3");

	switch (way) {
	case KERNELS_PORTABLE:
		return &portable;
	case KERNELS_SSSE3:
		return can_multiply ? &ssse3 : NULL;
	case KERNELS_AVX2:
		return can_multiply && __builtin_cpu_supports("avx2") ? &avx2 : NULL;
	default:
		return NULL;
	}
}

#elif defined(__aarch64__)

#include <asm/hwcap.h>
#include <sys/auxv.h>

/* Xor needs no more than what compilers make of it. */
static const struct kernels neon = {
	.name = "neon",
	.crc64 = crc64_portable,
	.add = add_portable,
	.add_to_both = add_to_both_neon,
	.times_generator = times_generator_neon,
	.times = times_neon,
};

static const struct kernels pmull = {
	.name = "pmull",
	.crc64 = crc64_pmull,
	.add = add_portable,
	.add_to_both = add_to_both_neon,
	.times_generator = times_generator_neon,
	.times = times_neon,
};

const struct kernels *kernels_of(enum kernel_way way)
{
	switch (way) {
	case KERNELS_PORTABLE:
		return &portable;
	case KERNELS_NEON:
		return &neon;
	case KERNELS_PMULL:
		return getauxval(AT_HWCAP) & HWCAP_PMULL ? &pmull : NULL;
	default:
		return NULL;
	}
}

#else

const struct kernels *kernels_of(enum kernel_way way)
{
	return way == KERNELS_PORTABLE ? &portable : NULL;
}

#endif

const struct kernels *kernels_best(void)
{
	for (unsigned int way = KERNEL_WAYS - 1; way > KERNELS_PORTABLE; way--) {
		const struct kernels *found = kernels_of(way);

		if (found)
			return found;
	}
	return &portable;
}
