// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <fcntl.h>
#include <linux/jbcachefs.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "block.h"
#include "check.h"

#define FILE_BYTES (4u << 20)
#define CAPACITY 32u
#define BLOCK 4096u

static char path[] = "/tmp/jbcachefs-block-test.XXXXXX";

/* A new file of zeros, opened as the flags say; its name is path until the next one. */
static int open_file(unsigned int flags)
{
	int fd;

	strcpy(path + sizeof(path) - 7, "XXXXXX");
	fd = mkstemp(path);
	CHECK(fd >= 0 && ftruncate(fd, FILE_BYTES) == 0);
	close(fd);
	fd = block_open(path, flags);
	CHECK(fd >= 0);
	return fd;
}

static void close_file(int fd)
{
	close(fd);
	unlink(path);
}

static unsigned char *memory(size_t bytes)
{
	void *made = NULL;

	CHECK(posix_memalign(&made, BLOCK, bytes) == 0);
	memset(made, 0, bytes);
	return made;
}

static void fill(unsigned char *bytes, size_t count, unsigned int seed)
{
	for (size_t i = 0; i < count; i++) {
		seed = seed * 1664525 + 1013904223;
		bytes[i] = (unsigned char)(seed >> 24);
	}
}

static void opens_files_and_block_nodes_and_nothing_else(void)
{
	int fd = open_file(0);
	struct block_description description;

	CHECK(block_describe(fd, 0, &description) == 0);
	CHECK(description.bytes == FILE_BYTES && description.block == 512 && !description.is_block_node);
	close_file(fd);
	CHECK(block_open("/nonexistent/file", 0) == -ENOENT);
	CHECK(block_open("/tmp", 0) == -EISDIR);
	CHECK(block_open("/dev/null", BLOCK_WRITE) == -EINVAL);
	CHECK(block_describe(-1, 0, &description) == -EBADF);
}

static void the_second_lock_is_refused(void)
{
	int first = open_file(BLOCK_WRITE), second = block_open(path, BLOCK_WRITE);

	CHECK(block_lock(first) == 0);
	CHECK(block_lock(second) == -EAGAIN);
	close(second);
	close_file(first);
}

static void single_operations_do_what_they_say(void)
{
	int fd = open_file(BLOCK_WRITE);
	unsigned char *data = memory(1 << 20), *again = memory(1 << 20);

	fill(data, 1 << 20, 1);
	CHECK(block_write(fd, 4096, data, 1 << 20, 0) == 0);
	CHECK(block_write(fd, 0, data, 4096, 1) == 0);
	CHECK(block_flush(fd) == 0);
	CHECK(block_write_zeroes(fd, 8192, 65536) == 0);
	CHECK(block_discard(fd, 131072, 65536) == 0);
	CHECK(block_read(fd, 4096, again, 1 << 20) == 0);
	memset(data + 4096, 0, 65536);
	CHECK(memcmp(data, again, 126976) == 0);
	CHECK(memcmp(data + 192512, again + 192512, (1 << 20) - 192512) == 0);
	CHECK(block_read(fd, FILE_BYTES - 100, again, 200) == -ENODATA);
	CHECK(block_read(-1, 0, again, 200) == -EBADF);
	CHECK(block_write(-1, 0, again, 200, 0) == -EBADF);
	CHECK(block_flush(-1) == -EBADF);
	CHECK(block_discard(-1, 0, 512) == -EBADF);
	CHECK(block_write_zeroes(-1, 0, 512) == -EBADF);
	free(data);
	free(again);
	close_file(fd);
}

/* --- queues ----------------------------------------------------------------------------------------- */

struct test_queue {
	struct block_queue_memory memory;
	struct block_queue *queue;
};

/* 0 if io_uring is not allowed here. */
static int open_queue(struct test_queue *test)
{
	int error;

	test->memory = (struct block_queue_memory){
		.slots = (struct block_slot *)(void *)memory(CAPACITY * sizeof(struct block_slot)),
		.prepared = (uint32_t *)(void *)memory(CAPACITY * sizeof(uint32_t)),
		.done = (uint32_t *)(void *)memory(CAPACITY * sizeof(uint32_t)),
		.capacity = CAPACITY,
	};
	error = block_queue_open_uring(&test->memory, &test->queue);
	if (error == -EPERM || error == -ENOSYS)
		printf("io_uring is not allowed here: %s\n", strerror(-error));
	else
		CHECK(error == 0);
	return error == 0;
}

static void close_queue(struct test_queue *test)
{
	if (test->queue)
		block_queue_close(test->queue);
	free(test->memory.slots);
	free(test->memory.prepared);
	free(test->memory.done);
}

static struct block_slot *slot(struct test_queue *test, unsigned int index, uint8_t operation, int32_t device,
			       uint64_t offset, void *buffer, uint64_t bytes)
{
	struct block_slot *made = &test->memory.slots[index];

	*made = (struct block_slot){
		.address = (uint64_t)(uintptr_t)buffer,
		.bytes = bytes,
		.operation = operation,
		.copies = 1,
		.targets = { { .offset = offset, .device = device } },
	};
	test->memory.prepared[index] = index;
	return made;
}

static void a_queue_does_many_at_once(void)
{
	struct test_queue test = { .queue = NULL };
	int fd = open_file(BLOCK_WRITE);
	unsigned char *data = memory(CAPACITY * BLOCK), *again = memory(CAPACITY * BLOCK);

	fill(data, CAPACITY * BLOCK, 2);
	if (open_queue(&test)) {
		int32_t device = fd;
		uint64_t address = (uint64_t)(uintptr_t)again, bytes = CAPACITY * BLOCK;

		for (unsigned int i = 0; i < CAPACITY; i++)
			slot(&test, i, BLOCK_WRITE_DATA, fd, i * BLOCK, data + i * BLOCK, BLOCK);
		test.memory.slots[3].flags = JBCACHEFS_IO_PREFLUSH | JBCACHEFS_IO_FUA;
		CHECK(block_queue_exchange(test.queue, CAPACITY, CAPACITY) == (int)CAPACITY);
		for (unsigned int i = 0; i < CAPACITY; i++)
			CHECK(test.memory.slots[i].failed == 0);
		CHECK(block_queue_register_devices(test.queue, &device, 1) == 0);
		/* Fails where little memory may be locked. */
		int fixed = block_queue_register_buffers(test.queue, &address, &bytes, 1) == 0;

		for (unsigned int i = 0; i < CAPACITY; i++)
			slot(&test, i, BLOCK_READ, ~0, i * BLOCK, again + i * BLOCK, BLOCK)->buffer = (uint16_t)fixed;
		CHECK(block_queue_exchange(test.queue, CAPACITY, CAPACITY) == (int)CAPACITY);
		CHECK(memcmp(data, again, CAPACITY * BLOCK) == 0);
		CHECK(block_queue_exchange(test.queue, 0, 1) == 0);
	}
	close_queue(&test);
	free(data);
	free(again);
	close_file(fd);
}

static void a_write_with_eight_copies_tells_which_failed(void)
{
	struct test_queue test = { .queue = NULL };
	int fd = open_file(BLOCK_WRITE), reading = block_open(path, 0);
	unsigned char *data = memory(BLOCK), *again = memory(BLOCK);

	fill(data, BLOCK, 3);
	if (open_queue(&test)) {
		struct block_slot *made = slot(&test, 0, BLOCK_WRITE_DATA, fd, 0, data, BLOCK);

		made->copies = BLOCK_COPIES;
		made->flags = JBCACHEFS_IO_PREFLUSH;
		for (unsigned int copy = 0; copy < BLOCK_COPIES; copy++)
			made->targets[copy] = (struct block_target){ copy * 2 * BLOCK, copy == 5 ? reading : fd, 0 };
		CHECK(block_queue_exchange(test.queue, 1, 1) == 1);
		CHECK(test.memory.done[0] == 0 && made->failed == 1u << 5 && made->targets[5].result == -EBADF);
		for (unsigned int copy = 0; copy < BLOCK_COPIES; copy++) {
			CHECK(block_read(fd, copy * 2 * BLOCK, again, BLOCK) == 0);
			CHECK((memcmp(data, again, BLOCK) == 0) == (copy != 5));
		}
	}
	close_queue(&test);
	free(data);
	free(again);
	close(reading);
	close_file(fd);
}

static void ranges_and_flushes_go_through_a_queue(void)
{
	struct test_queue test = { .queue = NULL };
	int fd = open_file(BLOCK_WRITE);
	unsigned char *data = memory(64 << 10), *again = memory(64 << 10);

	fill(data, 64 << 10, 4);
	CHECK(block_write(fd, 0, data, 64 << 10, 0) == 0);
	if (open_queue(&test)) {
		slot(&test, 0, BLOCK_WRITE_ZEROES, fd, 8192, NULL, 8192);
		slot(&test, 1, BLOCK_DISCARD, fd, 32768, NULL, 8192);
		slot(&test, 2, BLOCK_FLUSH, fd, 0, NULL, 0);
		/* No block node, whatever is said of it here: done by another call then. */
		slot(&test, 3, BLOCK_DISCARD, fd, 49152, NULL, 8192)->flags = BLOCK_ON_NODE;
		slot(&test, 4, BLOCK_FLUSH, -5, 0, NULL, 0);
		slot(&test, 5, BLOCK_READ, fd, FILE_BYTES - 512, again, BLOCK);
		CHECK(block_queue_exchange(test.queue, 6, 6) == 6);
		for (unsigned int i = 0; i < 6; i++)
			CHECK(test.memory.slots[i].failed == (i >= 4));
		CHECK(test.memory.slots[5].targets[0].result == -ENODATA);
		CHECK(block_read(fd, 0, again, 64 << 10) == 0);
		memset(data + 8192, 0, 8192);
		CHECK(memcmp(data, again, 32768) == 0 && memcmp(data + 57344, again + 57344, 8192) == 0);
	}
	close_queue(&test);
	free(data);
	free(again);
	close_file(fd);
}

static void nonsense_is_refused_before_anything_starts(void)
{
	struct test_queue test = { .queue = NULL };
	int fd = open_file(0);
	unsigned char *data = memory(BLOCK);

	if (open_queue(&test)) {
		slot(&test, 0, 77, fd, 0, data, BLOCK);
		CHECK(block_queue_exchange(test.queue, 1, 1) == -EINVAL);
		slot(&test, 0, BLOCK_READ, fd, 0, data, BLOCK)->copies = BLOCK_COPIES + 1;
		CHECK(block_queue_exchange(test.queue, 1, 1) == -EINVAL);
		test.memory.prepared[0] = CAPACITY;
		CHECK(block_queue_exchange(test.queue, 1, 1) == -EINVAL);
	}
	close_queue(&test);
	free(data);
	close_file(fd);
}

static void closing_waits_for_what_is_under_way(void)
{
	struct test_queue test = { .queue = NULL };
	int fd = open_file(BLOCK_WRITE | BLOCK_DIRECT);
	unsigned char *data = memory(1 << 20), *again = memory(1 << 20);

	fill(data, 1 << 20, 5);
	if (open_queue(&test)) {
		slot(&test, 0, BLOCK_WRITE_DATA, fd, 0, data, 1 << 20);
		CHECK(block_queue_exchange(test.queue, 1, 0) >= 0);
		block_queue_close(test.queue);
		test.queue = NULL;
		CHECK(block_read(fd, 0, again, 1 << 20) == 0);
		CHECK(memcmp(data, again, 1 << 20) == 0);
	}
	close_queue(&test);
	free(data);
	free(again);
	close_file(fd);
}

/* A lock, like an exclusively opened device, is given up with the last reference to the file. */
static void a_closed_queue_keeps_no_file(void)
{
	int fd = open_file(BLOCK_WRITE);

	for (unsigned int round = 0; round < 20; round++) {
		struct test_queue test = { .queue = NULL };
		unsigned char *data = memory(BLOCK);
		int32_t device = fd;

		CHECK(block_lock(fd) == 0);
		if (open_queue(&test)) {
			CHECK(block_queue_register_devices(test.queue, &device, 1) == 0);
			slot(&test, 0, BLOCK_READ, ~0, 0, data, BLOCK);
			CHECK(block_queue_exchange(test.queue, 1, 1) == 1);
			CHECK(test.memory.slots[0].failed == 0);
		}
		close_queue(&test);
		free(data);
		close(fd);
		fd = block_open(path, BLOCK_WRITE);
	}
	close_file(fd);
}

static void what_is_no_shim_is_told_so(void)
{
	struct test_queue test = { .memory = { .capacity = CAPACITY } };
	int fd = open("/dev/null", O_RDWR);
	unsigned char data[512];

	CHECK(shim_request(fd, 1, JBCACHEFS_OP_READ, 0, 0, data, sizeof(data)) == -ENOTTY);
	CHECK(block_queue_open_shim(&test.memory, fd, &test.queue) == -ENOTTY);
	CHECK(block_queue_open_shim_ring(&test.memory, fd, &test.queue) == -ENOTTY);
	close(fd);
}

void block_tests(void)
{
	opens_files_and_block_nodes_and_nothing_else();
	the_second_lock_is_refused();
	single_operations_do_what_they_say();
	a_queue_does_many_at_once();
	a_write_with_eight_copies_tells_which_failed();
	ranges_and_flushes_go_through_a_queue();
	nonsense_is_refused_before_anything_starts();
	closing_waits_for_what_is_under_way();
	a_closed_queue_keeps_no_file();
	what_is_no_shim_is_told_so();
}
