/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A 32 bit program without a C library (so that the machine that builds it needs none for 32 bit): claims a disk,
 * writes and reads it back by both ways that a 32 bit program has. Ends with 0, or the number of the step that failed.
 */
#include <asm/unistd.h>
#include <linux/fcntl.h>
#include <linux/jbcachefs.h>
#include <linux/mman.h>

#define BYTES 65536

static long call(long number, long a, long b, long c, long d, long e)
{
	long result;

	__asm__ volatile("int $0x80" : "=a"(result) : "0"(number), "b"(a), "c"(b), "d"(c), "S"(d), "D"(e) : "memory");
	return result;
}

static long control(long fd, unsigned long command, void *argument)
{
	return call(__NR_ioctl, fd, command, (long)argument, 0, 0);
}

static _Alignas(4096) unsigned char written[BYTES], found[BYTES];

static struct jbcachefs_io request(unsigned char opcode, unsigned int claim, void *buffer)
{
	struct jbcachefs_io io = { .opcode = opcode, .targets = 1, .segments = 1, .claim = claim, .offset = 4096,
				   .address = (unsigned long)buffer, .length = BYTES };

	return io;
}

static int same(void)
{
	for (int i = 0; i < BYTES; i++) {
		if (written[i] != found[i])
			return 0;
	}
	return 1;
}

/* Writes and waits. */
static int wait_for_it(long shim, unsigned int claim)
{
	struct jbcachefs_completion completion = { .result = -1 };
	struct jbcachefs_io io = request(JBCACHEFS_OP_WRITE, claim, written);
	struct jbcachefs_batch batch = { .requests = (unsigned long)&io, .count = 1 };

	io.completion = (unsigned long)&completion;
	return !control(shim, JBCACHEFS_IOC_IO, &batch) && completion.result == BYTES;
}

/* Reads by the ring. */
static int by_ring(long shim, unsigned int claim)
{
	struct jbcachefs_ring setup = { .entries = 8, .eventfd = -1 };
	struct jbcachefs_io io = request(JBCACHEFS_OP_READ, claim, found);
	struct jbcachefs_batch batch = { .requests = (unsigned long)&io, .count = 1, .wait = 1 };
	struct jbcachefs_ring_head *ring;
	struct jbcachefs_completion *completion;

	if (control(shim, JBCACHEFS_IOC_RING, &setup))
		return 0;
	/* mmap() of i386 takes its arguments in memory */
	long arguments[6] = { 0, (long)setup.map_bytes, PROT_READ | PROT_WRITE, MAP_SHARED, shim, 0 };

	ring = (void *)call(__NR_mmap, (long)arguments, 0, 0, 0, 0);
	if ((unsigned long)ring > -4096UL || control(shim, JBCACHEFS_IOC_SUBMIT, &batch))
		return 0;
	completion = (void *)((char *)ring + setup.completions_offset);
	return ring->tail == 1 && completion->result == BYTES;
}

static int steps(void)
{
	long shim = call(__NR_open, (long)"/dev/jbcachefs", O_RDWR, 0, 0, 0);
	struct jbcachefs_claim claim = { .flags = JBCACHEFS_CLAIM_WRITE };
	struct jbcachefs_geometry geometry = { 0 };
	struct jbcachefs_info info;

	if (shim < 0 || control(shim, JBCACHEFS_IOC_INFO, &info) || !info.version[0])
		return 1;
	claim.fd = call(__NR_open, (long)"/dev/disk/a", O_RDONLY, 0, 0, 0);
	if (claim.fd < 0 || control(shim, JBCACHEFS_IOC_CLAIM, &claim))
		return 2;
	geometry.claim = claim.claim;
	if (control(shim, JBCACHEFS_IOC_GEOMETRY, &geometry) || geometry.size != 64ull << 20)
		return 3;
	for (int i = 0; i < BYTES; i++)
		written[i] = i * 7 + i / 251;
	if (!wait_for_it(shim, claim.claim))
		return 4;
	if (!by_ring(shim, claim.claim))
		return 5;
	return same() ? 0 : 6;
}

void _start(void)
{
	call(__NR_exit_group, steps(), 0, 0, 0, 0);
	__builtin_unreachable();
}
