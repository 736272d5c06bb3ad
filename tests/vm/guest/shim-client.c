/* SPDX-License-Identifier: GPL-2.0-or-later */
#define _GNU_SOURCE
#include "shim-client.h"
#include "random.h"

#include <fcntl.h>
#include <glob.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

int shim_open(void)
{
	int shim = open("/dev/jbcachefs", O_RDWR | O_CLOEXEC);

	CHECK(shim >= 0);
	return shim;
}

int shim_try_claim(int shim, const char *path, uint32_t flags)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC), result, error;
	struct jbcachefs_claim claim = { .fd = fd, .flags = flags };

	CHECK(fd >= 0);
	result = ioctl(shim, JBCACHEFS_IOC_CLAIM, &claim);
	error = errno;
	close(fd);
	errno = error;
	return result ? -1 : (int)claim.claim;
}

uint32_t shim_claim(int shim, const char *path)
{
	int claim = shim_try_claim(shim, path, JBCACHEFS_CLAIM_WRITE);

	CHECK(claim > 0);
	return claim;
}

int shim_release(int shim, uint32_t claim)
{
	struct jbcachefs_release release = { .claim = claim };

	return ioctl(shim, JBCACHEFS_IOC_RELEASE, &release);
}

struct jbcachefs_geometry shim_geometry(int shim, uint32_t claim)
{
	struct jbcachefs_geometry geometry = { .claim = claim };

	CHECK(!ioctl(shim, JBCACHEFS_IOC_GEOMETRY, &geometry));
	return geometry;
}

struct jbcachefs_io shim_request(uint8_t opcode, uint32_t claim, uint64_t offset, void *buffer, uint64_t length)
{
	return (struct jbcachefs_io){
		.opcode = opcode, .targets = 1, .segments = buffer ? 1 : 0, .claim = claim, .offset = offset,
		.address = (uintptr_t)buffer, .length = length, .user_data = 0x1234567890abcdefULL,
	};
}

uint32_t shim_register(int shim, void *memory, uint64_t bytes)
{
	struct jbcachefs_buffer buffer = { .address = (uintptr_t)memory, .length = bytes };

	CHECK(!ioctl(shim, JBCACHEFS_IOC_BUFFER, &buffer));
	CHECK(buffer.buffer > 0);
	return buffer.buffer;
}

struct jbcachefs_completion shim_do(int shim, struct jbcachefs_io io)
{
	struct jbcachefs_completion completion = { .result = 12345 };
	struct jbcachefs_batch batch = { .requests = (uintptr_t)&io, .count = 1 };

	io.completion = (uintptr_t)&completion;
	CHECK(!ioctl(shim, JBCACHEFS_IOC_IO, &batch));
	CHECK_EQUAL(1, batch.submitted);
	CHECK_EQUAL(io.user_data, completion.user_data);
	return completion;
}

void shim_must(int shim, struct jbcachefs_io io)
{
	struct jbcachefs_completion completion = shim_do(shim, io);

	CHECK_EQUAL((long long)io.length, completion.result);
	CHECK_EQUAL(0, completion.failed);
}

struct shim_ring shim_ring(int shim, uint32_t entries, int eventfd)
{
	struct jbcachefs_ring setup = { .entries = entries, .eventfd = eventfd };
	struct shim_ring ring = { .entries = entries };

	CHECK(!ioctl(shim, JBCACHEFS_IOC_RING, &setup));
	ring.bytes = setup.map_bytes;
	ring.head = mmap(NULL, setup.map_bytes, PROT_READ | PROT_WRITE, MAP_SHARED, shim, 0);
	CHECK(ring.head != MAP_FAILED);
	ring.completions = (void *)((char *)ring.head + setup.completions_offset);
	return ring;
}

int shim_submit(int shim, struct jbcachefs_io *requests, uint32_t count, uint32_t wait)
{
	struct jbcachefs_batch batch = { .requests = (uintptr_t)requests, .count = count, .wait = wait };

	return ioctl(shim, JBCACHEFS_IOC_SUBMIT, &batch) ? -1 : (int)batch.submitted;
}

int shim_reap(struct shim_ring *ring, struct jbcachefs_completion *completion)
{
	uint32_t head = ring->head->head;

	if (head == __atomic_load_n(&ring->head->tail, __ATOMIC_ACQUIRE))
		return 0;
	*completion = ring->completions[head & (ring->entries - 1)];
	__atomic_store_n(&ring->head->head, head + 1, __ATOMIC_RELEASE);
	return 1;
}

void *aligned_memory(size_t bytes)
{
	void *memory = aligned_alloc(4096, (bytes + 4095) & ~4095UL);

	CHECK(memory);
	return memory;
}

void fill_memory(void *memory, size_t bytes, uint64_t seed)
{
	struct random random = { seed };

	random_fill(&random, memory, bytes);
}

const char *scsi_disk(char path[32])
{
	glob_t found;

	CHECK(!glob("/sys/bus/pseudo/drivers/scsi_debug/adapter*/host*/target*/*:*/block/sd*", 0, NULL, &found));
	CHECK(found.gl_pathc >= 1);
	snprintf(path, 32, "/dev/%s", strrchr(found.gl_pathv[found.gl_pathc - 1], '/') + 1);
	globfree(&found);
	return path;
}

void plain_read(const char *path, uint64_t offset, void *into, size_t bytes)
{
	int fd = open(path, O_RDONLY | O_DIRECT | O_CLOEXEC);

	CHECK(fd >= 0);
	CHECK_EQUAL((long long)bytes, pread(fd, into, bytes, offset));
	close(fd);
}

void plain_write(const char *path, uint64_t offset, const void *from, size_t bytes)
{
	int fd = open(path, O_WRONLY | O_DIRECT | O_CLOEXEC);

	CHECK(fd >= 0);
	CHECK_EQUAL((long long)bytes, pwrite(fd, from, bytes, offset));
	close(fd);
}

long long number_in(const char *path)
{
	char text[64] = "";
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t got;

	if (fd < 0)
		return -1;
	got = read(fd, text, sizeof(text) - 1);
	close(fd);
	return got > 0 ? strtoll(text, NULL, 0) : -1;
}

void write_text(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_TRUNC | O_CLOEXEC);

	CHECK(fd >= 0);
	CHECK_EQUAL((long long)strlen(text), write(fd, text, strlen(text)));
	close(fd);
}

uint64_t milliseconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000ULL + now.tv_nsec / 1000000;
}
