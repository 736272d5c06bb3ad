/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Many requests at the same time: by the ring, by io_uring, and up to the limits of a file. */
#define _GNU_SOURCE
#include "shim-client.h"
#include "shim-uring.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define MIB (1u << 20)

/* -- the ring -- */

static void the_ring_completes_everything_once(void)
{
	enum { COUNT = 2000, DEPTH = 64 };
	static unsigned char seen[COUNT];
	int shim = shim_open(), event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	uint32_t claim = shim_claim(shim, DISK_A);
	struct shim_ring ring = shim_ring(shim, DEPTH, event);
	char *data = aligned_memory(DEPTH * 4096), *back = aligned_memory(4096);
	struct jbcachefs_completion completion;
	uint64_t signalled;
	unsigned int sent = 0, done = 0;

	memset(seen, 0, sizeof(seen));
	fill_memory(data, DEPTH * 4096, 8);
	while (done < COUNT) {
		struct jbcachefs_io batch[16];
		unsigned int count = 0;

		for (; count < 16 && sent + count < COUNT; count++) {
			unsigned int number = sent + count;

			batch[count] = shim_request(JBCACHEFS_OP_WRITE, claim, number * 4096ULL,
						    data + number % DEPTH * 4096, 4096);
			batch[count].user_data = number;
		}
		if (count) {
			int taken = shim_submit(shim, batch, count, 0);

			CHECK(taken >= 0 || errno == EAGAIN);
			sent += taken > 0 ? taken : 0;
		}
		if (shim_submit(shim, NULL, 0, 1) != 0)
			FAIL("wait: %s", strerror(errno));
		while (shim_reap(&ring, &completion)) {
			CHECK(completion.user_data < COUNT && !seen[completion.user_data]);
			CHECK_EQUAL(4096, completion.result);
			seen[completion.user_data] = 1;
			done++;
		}
	}
	CHECK_EQUAL(8, read(event, &signalled, 8));
	CHECK(signalled > 0 && signalled <= COUNT);
	for (unsigned int i = 0; i < COUNT; i += 37) {
		plain_read(DISK_A, i * 4096ULL, back, 4096);
		CHECK(!memcmp(back, data + i % DEPTH * 4096, 4096));
	}
	munmap(ring.head, ring.bytes);
	close(event);
	close(shim);
	free(data);
	free(back);
}

static void the_ring_tells_what_is_wrong_with_a_request(void)
{
	int shim = shim_open();
	uint32_t claim = shim_claim(shim, DISK_A);
	struct shim_ring ring = shim_ring(shim, 4, -1);
	char *data = aligned_memory(4096);
	struct jbcachefs_io io[3] = {
		shim_request(JBCACHEFS_OP_READ, claim, 0, data, 4096),
		shim_request(JBCACHEFS_OP_READ, claim, 1, data, 4096),
		shim_request(JBCACHEFS_OP_READ, claim + 1, 0, data, 4096),
	};
	struct jbcachefs_completion completion;
	int results[3] = { 1, 1, 1 };
	struct pollfd poll_shim = { .fd = shim, .events = POLLRDBAND };

	for (int i = 0; i < 3; i++)
		io[i].user_data = i;
	CHECK_EQUAL(3, shim_submit(shim, io, 3, 3));
	CHECK_EQUAL(1, poll(&poll_shim, 1, 0));
	while (shim_reap(&ring, &completion))
		results[completion.user_data] = completion.result;
	CHECK_EQUAL(4096, results[0]);
	CHECK_EQUAL(-EINVAL, results[1]);
	CHECK_EQUAL(-EBADF, results[2]);
	CHECK_EQUAL(0, poll(&poll_shim, 1, 0));
	/* a full ring takes no more */
	for (int i = 0; i < 4; i++)
		CHECK_EQUAL(1, shim_submit(shim, &io[1], 1, 0));
	CHECK_FAILS(EAGAIN, shim_submit(shim, &io[1], 1, 0));
	/* a nonsensical head harms only its owner */
	ring.head->head += 1000;
	CHECK_FAILS(EAGAIN, shim_submit(shim, io, 1, 0));
	ring.head->head = ring.head->tail;
	CHECK_EQUAL(3, shim_submit(shim, io, 3, 3));
	munmap(ring.head, ring.bytes);
	close(shim);
	free(data);
}

/*
 * Pages of a file can be written back, and be clean from then on, while a read into them is under way: what arrives
 * later has to make them dirty again, or the file would not have it.
 */
static void reads_by_the_ring_reach_a_file_that_is_written_back_meanwhile(void)
{
	int shim = shim_open(), file;
	uint32_t claim = shim_claim(shim, DISK_A);
	struct shim_ring ring = shim_ring(shim, 64, -1);
	struct jbcachefs_completion completion;
	char *data = aligned_memory(MIB), *back = aligned_memory(MIB), *mapped;

	CHECK(!mount("/dev/disk/d", "/mnt", "ext4", 0, NULL));
	file = open("/mnt/mapped", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	CHECK(!ftruncate(file, MIB));
	for (int round = 0; round < 12; round++) {
		struct jbcachefs_io io[16];

		fill_memory(data, MIB, round);
		shim_must(shim, shim_request(JBCACHEFS_OP_WRITE, claim, 0, data, MIB));
		mapped = mmap(NULL, MIB, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
		CHECK(mapped != MAP_FAILED);
		for (int i = 0; i < 16; i++)
			io[i] = shim_request(JBCACHEFS_OP_READ, claim, i * 65536, mapped + i * 65536, 65536);
		CHECK_EQUAL(16, shim_submit(shim, io, 16, 0));
		CHECK(!msync(mapped, MIB, MS_SYNC));
		CHECK_EQUAL(0, shim_submit(shim, NULL, 0, 16));
		while (shim_reap(&ring, &completion))
			CHECK_EQUAL(65536, completion.result);
		CHECK(!memcmp(data, mapped, MIB));
		munmap(mapped, MIB);
		CHECK(!fsync(file));
		write_text("/proc/sys/vm/drop_caches", "1");
		CHECK_EQUAL(MIB, pread(file, back, MIB, 0));
		CHECK(!memcmp(data, back, MIB));
	}
	munmap(ring.head, ring.bytes);
	close(file);
	CHECK(!unlink("/mnt/mapped") && !umount("/mnt"));
	close(shim);
	free(data);
	free(back);
}

/* -- io_uring -- */

static void io_uring_does_the_same(void)
{
	int shim = shim_open();
	uint32_t a = shim_claim(shim, DISK_A), b = shim_claim(shim, DISK_B);
	struct jbcachefs_target targets[] = { { 0, a, 0 }, { MIB, b, 0 }, { MIB, a, 0 } };
	char *data = aligned_memory(MIB), *back = aligned_memory(MIB);
	struct jbcachefs_completion completion;
	struct uring uring, small;
	struct jbcachefs_io io;
	struct jbcachefs_info info;

	CHECK(!ioctl(shim, JBCACHEFS_IOC_INFO, &info));
	CHECK(info.features & JBCACHEFS_FEATURE_URING);
	CHECK(!uring_open(&uring, IORING_SETUP_SQE128));
	CHECK(!uring_open(&small, 0));
	fill_memory(data, MIB, 31);
	io = shim_request(JBCACHEFS_OP_WRITE, 0, 0, data, MIB);
	io.targets = 3;
	io.target_address = (uintptr_t)targets;
	io.completion = (uintptr_t)&completion;
	io.flags = JBCACHEFS_IO_FUA;
	CHECK_EQUAL(MIB, uring_one(&uring, 128, shim, JBCACHEFS_URING_IO, &io));
	CHECK_EQUAL(MIB, completion.result);
	CHECK_EQUAL(io.user_data, completion.user_data);
	plain_read(DISK_B, MIB, back, MIB);
	CHECK(!memcmp(data, back, MIB));
	for (unsigned int i = 0; i < 64; i++) {
		io = shim_request(JBCACHEFS_OP_READ, a, i * 4096, back + i * 4096, 4096);
		io.user_data = i;
		uring_queue(&uring, 128, shim, JBCACHEFS_URING_IO, &io);
	}
	memset(back, 0, MIB);
	CHECK_EQUAL(64, syscall(__NR_io_uring_enter, uring.fd, 64, 64, IORING_ENTER_GETEVENTS, NULL, 0));
	for (unsigned int i = 0; i < 64; i++)
		CHECK_EQUAL(4096, uring_take(&uring));
	CHECK(!memcmp(data, back, 64 * 4096));
	io = shim_request(JBCACHEFS_OP_WRITE_ZEROES, a, 0, NULL, 65536);
	CHECK_EQUAL(65536, uring_one(&uring, 128, shim, JBCACHEFS_URING_IO, &io));
	plain_read(DISK_A, 0, back, 65536);
	CHECK(!back[0] && !memcmp(back, back + 1, 65535));
	io = shim_request(JBCACHEFS_OP_FLUSH, a, 0, NULL, 0);
	CHECK_EQUAL(0, uring_one(&uring, 128, shim, JBCACHEFS_URING_IO, &io));
	io.buffer = 1;
	CHECK_EQUAL(-EINVAL, uring_one(&uring, 128, shim, JBCACHEFS_URING_IO, &io));
	io.buffer = 0;
	CHECK_EQUAL(-ENOTTY, uring_one(&uring, 128, shim, JBCACHEFS_IOC_IO, &io));
	CHECK_EQUAL(-EINVAL, uring_one(&small, 64, shim, JBCACHEFS_URING_IO, &io));
	close(uring.fd);
	close(small.fd);
	close(shim);
	free(data);
	free(back);
}

/* Many at once through a buffer that is pinned once, by both ways; the last of them after it was given back. */
static void registered_memory_serves_rings_and_io_uring(void)
{
	int shim = shim_open();
	uint32_t a = shim_claim(shim, DISK_A);
	char *data = aligned_memory(2 * MIB), *back = data + MIB;
	uint32_t buffer = shim_register(shim, data, 2 * MIB);
	struct shim_ring ring = shim_ring(shim, 64, -1);
	struct uring uring;
	struct jbcachefs_release_buffer release = { .buffer = buffer };
	static struct jbcachefs_io io[64];
	struct jbcachefs_completion completion;

	CHECK(!uring_open(&uring, IORING_SETUP_SQE128));
	fill_memory(data, 2 * MIB, 41);
	for (unsigned int i = 0; i < 64; i++) {
		io[i] = shim_request(JBCACHEFS_OP_WRITE, a, 16384 * i, data + 16384 * i, 16384);
		io[i].buffer = buffer;
	}
	CHECK_EQUAL(64, shim_submit(shim, io, 64, 64));
	for (unsigned int i = 0; i < 64; i++) {
		CHECK(shim_reap(&ring, &completion));
		CHECK_EQUAL(16384, completion.result);
	}
	for (unsigned int i = 0; i < 64; i++) {
		io[i] = shim_request(JBCACHEFS_OP_READ, a, 16384 * i, back + 16384 * i, 16384);
		io[i].buffer = buffer;
		uring_queue(&uring, 128, shim, JBCACHEFS_URING_IO, &io[i]);
	}
	memset(back, 0, MIB);
	CHECK_EQUAL(64, syscall(__NR_io_uring_enter, uring.fd, 64, 0, 0, NULL, 0));
	CHECK(!ioctl(shim, JBCACHEFS_IOC_RELEASE_BUFFER, &release));
	CHECK_EQUAL(0, syscall(__NR_io_uring_enter, uring.fd, 0, 64, IORING_ENTER_GETEVENTS, NULL, 0));
	for (unsigned int i = 0; i < 64; i++)
		CHECK_EQUAL(16384, uring_take(&uring));
	CHECK(!memcmp(data, back, MIB));
	CHECK_EQUAL(-EBADF, uring_one(&uring, 128, shim, JBCACHEFS_URING_IO, &io[0]));
	munmap(ring.head, ring.bytes);
	close(uring.fd);
	close(shim);
	free(data);
}

/* -- limits -- */

static void a_batch_larger_than_the_limits_is_done_in_parts(void)
{
	enum { COUNT = 40 };
	int shim = shim_open();
	uint32_t claim = shim_claim(shim, DISK_A);
	char *data = aligned_memory(8 * MIB);
	static struct jbcachefs_io io[COUNT];
	static struct jbcachefs_completion completions[COUNT];
	struct jbcachefs_batch batch = { .requests = (uintptr_t)io, .count = COUNT };

	for (int i = 0; i < COUNT; i++) {
		io[i] = shim_request(JBCACHEFS_OP_READ, claim, 0, data, 8 * MIB);
		io[i].completion = (uintptr_t)&completions[i];
	}
	CHECK(!ioctl(shim, JBCACHEFS_IOC_IO, &batch));
	for (int i = 0; i < COUNT; i++)
		CHECK_EQUAL(8 * MIB, completions[i].result);
	close(shim);
	free(data);
}

/* A null_blk device that takes two seconds for each request, but any number of them at the same time. */
static const char *slow_device(void)
{
	static char path[32];

	if (path[0])
		return path;
	if (access("/sys/kernel/config/nullb", F_OK))
		CHECK(!mount("none", "/sys/kernel/config", "configfs", 0, NULL));
	if (!mkdir("/sys/kernel/config/nullb/slow", 0755)) {
		write_text("/sys/kernel/config/nullb/slow/size", "256");
		write_text("/sys/kernel/config/nullb/slow/irqmode", "2");
		write_text("/sys/kernel/config/nullb/slow/completion_nsec", "2000000000");
		write_text("/sys/kernel/config/nullb/slow/hw_queue_depth", "4096");
		write_text("/sys/kernel/config/nullb/slow/power", "1");
	}
	CHECK_EQUAL(1, number_in("/sys/kernel/config/nullb/slow/power"));
	/* Named by its number or, by newer kernels, like the folder. */
	snprintf(path, sizeof(path), "/dev/nullb%lld", number_in("/sys/kernel/config/nullb/slow/index"));
	if (access(path, F_OK))
		strcpy(path, "/dev/slow");
	return path;
}

/*
 * In a process of its own: starts requests by io_uring that fill the file's limits, does not ask how they went, and does
 * what has to wait for them. The kernel can tell this task of their ends only when it is back from that.
 */
static void wait_for_requests_not_heard_of(const char *device)
{
	enum { COUNT = JBCACHEFS_MAX_INFLIGHT_BYTES / (8 * MIB) };
	int shim = shim_open();
	uint32_t claim = shim_claim(shim, device);
	char *data = aligned_memory(8 * MIB);
	struct jbcachefs_io io = shim_request(JBCACHEFS_OP_READ, claim, 0, data, 8 * MIB);
	struct uring uring;

	memset(data, 0, 8 * MIB);
	CHECK(!uring_open(&uring, IORING_SETUP_SQE128));
	for (int i = 0; i < COUNT; i++)
		uring_queue(&uring, 128, shim, JBCACHEFS_URING_IO, &io);
	CHECK_EQUAL(COUNT, syscall(__NR_io_uring_enter, uring.fd, COUNT, 0, 0, NULL, 0));
	shim_must(shim, io);
	CHECK(!shim_release(shim, claim));
	for (int i = 0; i < COUNT; i++)
		CHECK_EQUAL(8 * MIB, uring_take(&uring));
}

/* The limits of one file: what does not fit is not taken, and fits when something has ended. */
static void the_memory_under_way_is_limited(void)
{
	enum { COUNT = JBCACHEFS_MAX_INFLIGHT_BYTES / (8 * MIB) };
	int shim = shim_open(), other = shim_open();
	uint32_t claim = shim_claim(shim, slow_device());
	struct shim_ring ring = shim_ring(shim, 64, -1);
	char *data = aligned_memory(8 * MIB);
	struct jbcachefs_io io[COUNT + 1];
	struct jbcachefs_completion completion;
	struct jbcachefs_claim_entry entry = { 0 };
	unsigned int done = 0;

	memset(data, 0, 8 * MIB);
	for (int i = 0; i <= COUNT; i++)
		io[i] = shim_request(JBCACHEFS_OP_WRITE, claim, 0, data, 8 * MIB);
	CHECK_EQUAL(COUNT, shim_submit(shim, io, COUNT + 1, 0));
	CHECK_FAILS(EAGAIN, shim_submit(shim, io, 1, 0));
	CHECK(!ioctl(other, JBCACHEFS_IOC_NEXT_CLAIM, &entry));
	CHECK(entry.inflight > 0 && entry.inflight <= COUNT);
	CHECK_EQUAL(0, shim_submit(shim, NULL, 0, 1));
	CHECK_EQUAL(1, shim_submit(shim, io, 1, COUNT + 1));
	while (shim_reap(&ring, &completion)) {
		CHECK_EQUAL(8 * MIB, completion.result);
		done++;
	}
	CHECK_EQUAL(COUNT + 1, done);
	munmap(ring.head, ring.bytes);
	close(other);
	close(shim);
	free(data);
}

static void requests_whose_task_has_not_heard_of_their_end_hold_nothing(void)
{
	const char *device = slow_device();
	pid_t child = fork();
	uint64_t begun = milliseconds();
	int status;

	if (!child) {
		if (!setjmp(test_end)) {
			wait_for_requests_not_heard_of(device);
			_exit(0);
		}
		_exit(1);
	}
	while (!waitpid(child, &status, WNOHANG)) {
		if (milliseconds() - begun > 60000) {
			kill(child, SIGKILL);
			CHECK(waitpid(child, &status, 0) == child);
			FAIL("stuck");
		}
		usleep(1000);
	}
	CHECK_EQUAL(0, status);
}

int main(int argc, char **argv)
{
	static const struct test tests[] = {
#define TEST(name) { #name, name }
		TEST(the_ring_completes_everything_once),
		TEST(the_ring_tells_what_is_wrong_with_a_request),
		TEST(reads_by_the_ring_reach_a_file_that_is_written_back_meanwhile),
		TEST(io_uring_does_the_same),
		TEST(registered_memory_serves_rings_and_io_uring),
		TEST(a_batch_larger_than_the_limits_is_done_in_parts),
		TEST(the_memory_under_way_is_limited),
		TEST(requests_whose_task_has_not_heard_of_their_end_hold_nothing),
	};

	return RUN_TESTS(tests, argc, argv);
}
