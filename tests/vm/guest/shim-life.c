/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Claims and events: who is kept out, and what happens when devices and daemons die.
 * "shim-life hold DEVICE" claims a device, says "held", and keeps it until it is killed.
 */
#define _GNU_SOURCE
#include "shim-client.h"
#include "shim-uring.h"
#include "random.h"

#include <fcntl.h>
#include <linux/fs.h>
#include <linux/loop.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define MIB (1u << 20)
#define EVENT_SECONDS 10

static int open_exclusively(const char *path)
{
	return open(path, O_RDWR | O_EXCL | O_CLOEXEC);
}

static void claims_keep_everyone_else_out(void)
{
	int shim = shim_open(), other = shim_open(), plain;
	uint32_t claim = shim_claim(shim, DISK_A);

	CHECK_FAILS(EBUSY, open_exclusively(DISK_A));
	CHECK_FAILS(EBUSY, shim_try_claim(other, DISK_A, 0));
	CHECK_FAILS(EBUSY, shim_try_claim(shim, DISK_A, 0));
	CHECK(!shim_release(shim, claim));
	CHECK_FAILS(EBADF, shim_release(shim, claim));
	plain = open_exclusively(DISK_A);
	CHECK(plain >= 0);
	CHECK_FAILS(EBUSY, shim_try_claim(shim, DISK_A, 0));
	close(plain);
	CHECK(shim_try_claim(other, DISK_A, 0) > 0);
	close(other);
	CHECK(shim_claim(shim, DISK_A) > 0);
	close(shim);
	plain = open_exclusively(DISK_A);
	CHECK(plain >= 0);
	close(plain);
}

/* Disk d has an ext4 filesystem. */
static void mounting_is_refused_while_claimed(void)
{
	int shim = shim_open();
	uint32_t claim = shim_claim(shim, "/dev/disk/d");

	CHECK_FAILS(EBUSY, mount("/dev/disk/d", "/mnt", "ext4", 0, NULL));
	CHECK(!shim_release(shim, claim));
	CHECK(!mount("/dev/disk/d", "/mnt", "ext4", 0, NULL));
	CHECK_FAILS(EBUSY, shim_try_claim(shim, "/dev/disk/d", 0));
	CHECK(!umount("/mnt"));
	CHECK(shim_claim(shim, "/dev/disk/d") > 0);
	close(shim);
}

/* The kernel does this only if it was started with bdev_allow_write_mounted=0. */
static void others_writes_are_restricted_where_the_kernel_can(void)
{
	int shim = shim_open(), claim, plain;
	struct jbcachefs_info info;
	char line[1024] = "";
	int file = open("/proc/cmdline", O_RDONLY | O_CLOEXEC), restricting;

	CHECK(read(file, line, sizeof(line) - 1) > 0);
	close(file);
	CHECK(!ioctl(shim, JBCACHEFS_IOC_INFO, &info));
	restricting = (info.features & JBCACHEFS_FEATURE_RESTRICT) && strstr(line, "bdev_allow_write_mounted=0");
	claim = shim_try_claim(shim, DISK_A, JBCACHEFS_CLAIM_WRITE | JBCACHEFS_CLAIM_RESTRICT_WRITES);
	CHECK(claim > 0);
	plain = open(DISK_A, O_WRONLY | O_CLOEXEC);
	CHECK_EQUAL(!restricting, plain >= 0);
	close(plain);
	CHECK(!shim_release(shim, claim));
	plain = open(DISK_A, O_WRONLY | O_CLOEXEC);
	CHECK(plain >= 0);
	if (restricting)
		CHECK_FAILS(EBUSY, shim_try_claim(shim, DISK_A, JBCACHEFS_CLAIM_WRITE | JBCACHEFS_CLAIM_RESTRICT_WRITES));
	close(plain);
	close(shim);
	printf("    restricting: %s\n", restricting ? "yes" : "not with this kernel");
}

static void every_claim_is_listed_with_its_holder(void)
{
	int shim = shim_open(), lister = shim_open();
	uint32_t a = shim_claim(shim, DISK_A);
	struct jbcachefs_geometry geometry = shim_geometry(shim, a);
	struct jbcachefs_claim_entry entry = { 0 };
	unsigned int count = 0;

	shim_claim(shim, DISK_B);
	while (!ioctl(lister, JBCACHEFS_IOC_NEXT_CLAIM, &entry)) {
		CHECK_EQUAL(getpid(), entry.pid);
		CHECK(!strncmp(entry.comm, "shim-life", sizeof(entry.comm)));
		CHECK_EQUAL(0, entry.inflight);
		count += !strcmp(entry.name, geometry.name) && entry.major == geometry.major && entry.minor == geometry.minor;
		count += 100;
		entry = (struct jbcachefs_claim_entry){ .serial = entry.serial };
	}
	CHECK_EQUAL(ENOENT, errno);
	CHECK_EQUAL(201, count);
	close(shim);
	entry.serial = 0;
	CHECK_FAILS(ENOENT, ioctl(lister, JBCACHEFS_IOC_NEXT_CLAIM, &entry));
	close(lister);
}

static void the_number_of_claims_is_limited(void)
{
	int shim = shim_open();
	uint32_t claim = 0;

	/* Numbers are used again, so that claiming and releasing can go on for ever. */
	for (int i = 0; i < 3 * JBCACHEFS_MAX_CLAIMS; i++) {
		claim = shim_claim(shim, DISK_A);
		CHECK(claim >= 1 && claim <= JBCACHEFS_MAX_CLAIMS);
		CHECK(!shim_release(shim, claim));
	}
	close(shim);
}

/* -- events -- */

static struct jbcachefs_event next_event(int shim)
{
	struct pollfd ready = { .fd = shim, .events = POLLIN };
	struct jbcachefs_event event;

	CHECK_EQUAL(1, poll(&ready, 1, EVENT_SECONDS * 1000));
	CHECK_EQUAL((long long)sizeof(event), read(shim, &event, sizeof(event)));
	return event;
}

static void reading_events_waits_only_if_it_may(void)
{
	int shim = open("/dev/jbcachefs", O_RDWR | O_NONBLOCK | O_CLOEXEC);
	struct jbcachefs_event event;

	CHECK(shim >= 0);
	CHECK_FAILS(EAGAIN, read(shim, &event, sizeof(event)));
	CHECK_FAILS(EINVAL, read(shim, &event, sizeof(event) - 1));
	close(shim);
}

/* A loop device over a file of that size; its path. */
static void make_loop(char path[32], size_t bytes, int *file, int *loop)
{
	int control = open("/dev/loop-control", O_RDWR | O_CLOEXEC), number;

	CHECK(control >= 0);
	number = ioctl(control, LOOP_CTL_GET_FREE);
	CHECK(number >= 0);
	close(control);
	snprintf(path, 32, "/dev/loop%d", number);
	*file = open("/tmp/loop-file", O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	CHECK(*file >= 0 && !ftruncate(*file, bytes));
	*loop = open(path, O_RDWR | O_CLOEXEC);
	CHECK(*loop >= 0 && !ioctl(*loop, LOOP_SET_FD, *file));
}

static void a_new_size_and_read_only_are_told(void)
{
	int shim = shim_open(), file, loop, on = 1, off = 0;
	struct jbcachefs_completion completion;
	struct jbcachefs_event event;
	char path[32];
	uint32_t claim;
	char *data = aligned_memory(4096);

	make_loop(path, 8 * MIB, &file, &loop);
	claim = shim_claim(shim, path);
	CHECK_EQUAL(8 * MIB, shim_geometry(shim, claim).size);
	CHECK(!ftruncate(file, 16 * MIB) && !ioctl(loop, LOOP_SET_CAPACITY, 0));
	event = next_event(shim);
	CHECK_EQUAL(JBCACHEFS_EVENT_RESIZED, event.type);
	CHECK_EQUAL(claim, event.claim);
	CHECK_EQUAL(16 * MIB, event.value);
	shim_must(shim, shim_request(JBCACHEFS_OP_WRITE, claim, 12 * MIB, data, 4096));

	CHECK(!ioctl(loop, BLKROSET, &on));
	event = next_event(shim);
	CHECK_EQUAL(JBCACHEFS_EVENT_READ_ONLY, event.type);
	CHECK_EQUAL(1, event.value);
	CHECK(shim_geometry(shim, claim).flags & JBCACHEFS_GEOMETRY_READ_ONLY);
	completion = shim_do(shim, shim_request(JBCACHEFS_OP_WRITE, claim, 0, data, 4096));
	CHECK_EQUAL(-EROFS, completion.result);
	CHECK_EQUAL(1, completion.failed);
	shim_must(shim, shim_request(JBCACHEFS_OP_READ, claim, 0, data, 4096));
	CHECK(!ioctl(loop, BLKROSET, &off));
	event = next_event(shim);
	CHECK_EQUAL(JBCACHEFS_EVENT_READ_ONLY, event.type);
	CHECK_EQUAL(0, event.value);
	shim_must(shim, shim_request(JBCACHEFS_OP_WRITE, claim, 0, data, 4096));
	close(shim);
	CHECK(!ioctl(loop, LOOP_CLR_FD, 0));
	close(loop);
	close(file);
	free(data);
}

/* scsi_debug's opts=2: sectors from 0x1234 on cannot be read. */
static void an_error_of_the_medium_is_told_as_such(void)
{
	int shim = shim_open();
	char path[32];
	uint32_t claim;
	char *data = aligned_memory(65536);

	claim = shim_claim(shim, scsi_disk(path));
	shim_must(shim, shim_request(JBCACHEFS_OP_READ, claim, 0, data, 65536));
	write_text("/sys/bus/pseudo/drivers/scsi_debug/opts", "2");
	CHECK(shim_do(shim, shim_request(JBCACHEFS_OP_READ, claim, 0x1200 * 512, data, 65536)).result < 0);
	write_text("/sys/bus/pseudo/drivers/scsi_debug/opts", "0");
	shim_must(shim, shim_request(JBCACHEFS_OP_READ, claim, 0x1200 * 512, data, 65536));
	close(shim);
	free(data);
}

/* Takes the scsi_debug disk away while a ring is busy with it, and a fan-out write with a healthy one. */
static void a_device_that_is_pulled_out_is_told_and_fails_fast(void)
{
	int shim = shim_open(), lost = 0;
	char path[32], remove[64];
	uint32_t dying, healthy = shim_claim(shim, DISK_A);
	struct shim_ring ring = shim_ring(shim, 64, -1);
	struct jbcachefs_completion completion;
	struct jbcachefs_target targets[2] = { { 0 } };
	struct jbcachefs_event event;
	struct jbcachefs_io io;
	char *data = aligned_memory(65536);

	dying = shim_claim(shim, scsi_disk(path));
	snprintf(remove, sizeof(remove), "/sys/block/%s/device/delete", path + strlen("/dev/"));
	for (int i = 0; i < 32; i++) {
		io = shim_request(JBCACHEFS_OP_WRITE, dying, i * 65536, data, 65536);
		CHECK_EQUAL(1, shim_submit(shim, &io, 1, 0));
	}
	write_text(remove, "1");
	event = next_event(shim);
	CHECK_EQUAL(JBCACHEFS_EVENT_DEAD, event.type);
	CHECK_EQUAL(dying, event.claim);
	CHECK(shim_submit(shim, NULL, 0, 32) == 0);
	for (int i = 0; i < 32; i++) {
		CHECK(shim_reap(&ring, &completion));
		CHECK(completion.result == 65536 || completion.result == -ENODEV || completion.result == -EIO);
		lost += completion.result < 0;
	}
	printf("    of 32 writes under way %d were lost\n", lost);
	CHECK_EQUAL(-ENODEV, shim_do(shim, shim_request(JBCACHEFS_OP_READ, dying, 0, data, 4096)).result);
	CHECK_EQUAL(-ENODEV, shim_do(shim, shim_request(JBCACHEFS_OP_FLUSH, dying, 0, NULL, 0)).result);
	CHECK_EQUAL(-ENODEV, shim_do(shim, shim_request(JBCACHEFS_OP_DISCARD, dying, 0, NULL, 4096)).result);
	CHECK(shim_geometry(shim, dying).flags & JBCACHEFS_GEOMETRY_DEAD);

	targets[0].claim = healthy;
	targets[1].claim = dying;
	io = shim_request(JBCACHEFS_OP_WRITE, 0, 0, data, 65536);
	io.targets = 2;
	io.target_address = (uintptr_t)targets;
	completion = shim_do(shim, io);
	CHECK_EQUAL(-ENODEV, completion.result);
	CHECK_EQUAL(2, completion.failed);
	CHECK_EQUAL(0, completion.results[0]);
	CHECK_EQUAL(-ENODEV, completion.results[1]);
	CHECK(!shim_release(shim, dying));
	shim_must(shim, shim_request(JBCACHEFS_OP_READ, healthy, 0, data, 4096));
	munmap(ring.head, ring.bytes);
	close(shim);
	free(data);
}

/* -- daemons that die -- */

enum way { BY_RING, WAITING, BY_URING, WAYS };

enum { BATCH = 32 };

/* Some of every kind of request, to one of three devices. */
static void some_requests(struct random *random, const uint32_t claims[3], char *data, struct jbcachefs_io requests[BATCH])
{
	for (int i = 0; i < BATCH; i++) {
		uint8_t opcode = random_below(random, 5);
		uint64_t length = 4096 * (1 + random_below(random, 64));

		requests[i] = shim_request(opcode, claims[random_below(random, 3)], 4096 * random_below(random, 8192),
					   opcode > JBCACHEFS_OP_WRITE ? NULL : data, length);
		if (opcode == JBCACHEFS_OP_FLUSH)
			requests[i].length = requests[i].offset = 0;
	}
}

/* Keeps many requests going on three devices, for ever. */
static void daemon_under_load(enum way way)
{
	static struct jbcachefs_io requests[BATCH];
	static struct jbcachefs_completion completions[BATCH];
	struct random random = { getpid() };
	int shim = shim_open();
	uint32_t claims[3] = { shim_claim(shim, DISK_A), shim_claim(shim, DISK_B), shim_claim(shim, DISK_C) };
	struct shim_ring ring = shim_ring(shim, 256, -1);
	struct jbcachefs_batch batch = { .requests = (uintptr_t)requests, .count = BATCH };
	struct uring uring;
	char *data = aligned_memory(MIB);

	CHECK(!uring_open(&uring, IORING_SETUP_SQE128));
	for (;;) {
		some_requests(&random, claims, data, requests);
		switch (way) {
		case BY_RING:
			shim_submit(shim, requests, BATCH, 0);
			while (shim_reap(&ring, &completions[0]))
				;
			break;
		case WAITING:
			for (int i = 0; i < BATCH; i++)
				requests[i].completion = (uintptr_t)&completions[i];
			batch.submitted = 0;
			CHECK(!ioctl(shim, JBCACHEFS_IOC_IO, &batch));
			break;
		default:
			for (int i = 0; i < BATCH; i++)
				uring_queue(&uring, 128, shim, JBCACHEFS_URING_IO, &requests[i]);
			CHECK(syscall(__NR_io_uring_enter, uring.fd, BATCH, BATCH / 2, IORING_ENTER_GETEVENTS, NULL, 0) >= 0);
			__atomic_store_n(uring.cq_head, *uring.cq_tail, __ATOMIC_RELEASE);
		}
	}
}

/* Whether a child was ended by that signal: it had no failure before. */
static int was_killed(pid_t child)
{
	int status;

	return waitpid(child, &status, 0) == child && WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
}

static pid_t start_daemon_under_load(enum way way)
{
	pid_t child = fork();

	if (!child) {
		if (!setjmp(test_end))
			daemon_under_load(way);
		_exit(1);
	}
	return child;
}

static void a_killed_daemon_leaves_nothing_behind(void)
{
	for (int round = 0; round < 15; round++) {
		pid_t child = start_daemon_under_load(round % WAYS);
		uint64_t begun;
		int plain;

		usleep(20000 + round * 20000);
		CHECK(!kill(child, SIGKILL));
		CHECK(was_killed(child));
		/* io_uring keeps files of its ring a moment longer than the process lives. */
		begun = milliseconds();
		for (int disk = 0; disk < 2; disk++) {
			do {
				plain = open_exclusively(disk ? DISK_A : DISK_B);
			} while (plain < 0 && errno == EBUSY && round % WAYS == BY_URING && milliseconds() - begun < 10000);
			CHECK(plain >= 0);
			close(plain);
		}
	}
}

static void the_module_stays_while_the_node_is_open(void)
{
	int shim = shim_open();

	shim_claim(shim, DISK_A);
	CHECK_FAILS(EWOULDBLOCK, syscall(SYS_delete_module, "jbcachefs_shim", O_NONBLOCK));
	close(shim);
}

static _Noreturn void hold(const char *path)
{
	int shim = shim_open();

	shim_claim(shim, path);
	puts("held");
	fflush(stdout);
	for (;;)
		pause();
}

int main(int argc, char **argv)
{
	static const struct test tests[] = {
#define TEST(name) { #name, name }
		TEST(claims_keep_everyone_else_out),
		TEST(mounting_is_refused_while_claimed),
		TEST(others_writes_are_restricted_where_the_kernel_can),
		TEST(every_claim_is_listed_with_its_holder),
		TEST(the_number_of_claims_is_limited),
		TEST(reading_events_waits_only_if_it_may),
		TEST(a_new_size_and_read_only_are_told),
		TEST(an_error_of_the_medium_is_told_as_such),
		TEST(a_device_that_is_pulled_out_is_told_and_fails_fast),
		TEST(a_killed_daemon_leaves_nothing_behind),
		TEST(the_module_stays_while_the_node_is_open),
	};

	if (argc == 3 && !strcmp(argv[1], "hold"))
		hold(argv[2]);
	return RUN_TESTS(tests, argc, argv);
}
