/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What makes no sense, or is not allowed, is refused by the right errno. */
#define _GNU_SOURCE
#include "shim-client.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define MIB (1u << 20)

static void expect(int shim, struct jbcachefs_io io, int error)
{
	CHECK_EQUAL(-error, shim_do(shim, io).result);
}

static void requests_that_make_no_sense_are_refused(void)
{
	int shim = shim_open();
	uint32_t claim = shim_claim(shim, DISK_A);
	int read_only = shim_try_claim(shim, DISK_B, 0);
	uint64_t size = shim_geometry(shim, claim).size;
	char *data = aligned_memory(MIB);
	const struct jbcachefs_io write = shim_request(JBCACHEFS_OP_WRITE, claim, 0, data, 4096);
	struct jbcachefs_target twice[] = { { 0, claim, 0 }, { 0, 999, 0 } };
	struct jbcachefs_segment halves[] = { { (uintptr_t)data, 4096 }, { (uintptr_t)data, 4096 } };
	struct jbcachefs_io io;
	uint32_t buffer;

	CHECK(read_only > 0);
#define REFUSED(error, change) do { io = write; change; expect(shim, io, error); } while (0)
	REFUSED(EINVAL, io.opcode = 5);
	REFUSED(EINVAL, io.flags = 1u << 31);
	REFUSED(EINVAL, io.flags = JBCACHEFS_IO_NOUNMAP);
	REFUSED(EINVAL, (io.opcode = JBCACHEFS_OP_READ, io.flags = JBCACHEFS_IO_FUA));
	REFUSED(EBADF, io.buffer = 1);
	REFUSED(EINVAL, io.targets = 0);
	REFUSED(EINVAL, io.targets = JBCACHEFS_MAX_TARGETS + 1);
	REFUSED(EINVAL, io.target_address = (uintptr_t)twice);
	REFUSED(EINVAL, io.segments = 0);
	REFUSED(EINVAL, io.segments = JBCACHEFS_MAX_SEGMENTS + 1);
	REFUSED(EINVAL, io.length = 0);
	REFUSED(EINVAL, io.length = 4095);
	REFUSED(EINVAL, io.length = JBCACHEFS_MAX_IO_BYTES + 4096);
	REFUSED(EINVAL, io.offset = 1);
	REFUSED(EINVAL, io.offset = size);
	REFUSED(EINVAL, io.offset = size - 512);
	REFUSED(EINVAL, io.offset = -512ULL);
	REFUSED(EINVAL, io.address += 1);
	REFUSED(EBADF, io.claim = 999);
	REFUSED(EBADF, io.claim = 0);
	REFUSED(EPERM, io.claim = read_only);
	REFUSED(EFAULT, io.address = 4096);
	REFUSED(EFAULT, io.address = 0xffff800000000000ULL);
	REFUSED(EINVAL, (io.opcode = JBCACHEFS_OP_FLUSH));
	REFUSED(EINVAL, (io.opcode = JBCACHEFS_OP_DISCARD));
	REFUSED(EINVAL, (io.opcode = JBCACHEFS_OP_READ, io.targets = 2, io.claim = 0, io.target_address = (uintptr_t)twice));
	REFUSED(EBADF, (io.targets = 2, io.claim = 0, io.target_address = (uintptr_t)twice));
	REFUSED(EFAULT, (io.targets = 2, io.claim = 0, io.target_address = 64));
	REFUSED(EINVAL, (io.targets = 2, io.target_address = (uintptr_t)twice));
	twice[1] = (struct jbcachefs_target){ 0, claim, 1 };
	REFUSED(EINVAL, (io.targets = 2, io.claim = 0, io.target_address = (uintptr_t)twice));
	REFUSED(EINVAL, (io.segments = 2, io.address = (uintptr_t)halves));
	REFUSED(EINVAL, (io.segments = 2, io.address = (uintptr_t)halves, io.length = 12288));
	REFUSED(EFAULT, (io.segments = 2, io.address = 64, io.length = 8192));
	buffer = shim_register(shim, data + 4096, 65536);
	REFUSED(EINVAL, (io.buffer = buffer, io.address = (uintptr_t)data));
	REFUSED(EINVAL, (io.buffer = buffer, io.address = (uintptr_t)data + 3584));
	REFUSED(EINVAL, (io.buffer = buffer, io.address = (uintptr_t)data + 66048));
	REFUSED(EINVAL, (io.buffer = buffer, io.address = (uintptr_t)data + 69632));
	REFUSED(EINVAL, (io.buffer = buffer, io.segments = 2, io.address = (uintptr_t)halves, io.length = 8192));
	REFUSED(EBADF, (io.buffer = buffer + 1, io.address = (uintptr_t)data + 4096));
	REFUSED(EINVAL, (io.buffer = buffer, io.opcode = JBCACHEFS_OP_FLUSH, io.segments = 0, io.address = 0, io.length = 0));
#undef REFUSED
	io = shim_request(JBCACHEFS_OP_DISCARD, claim, 0, NULL, JBCACHEFS_MAX_RANGE_BYTES + 4096ULL);
	expect(shim, io, EINVAL);
	shim_must(shim, write);
	close(shim);
	free(data);
}

static void buffers_that_make_no_sense_are_refused(void)
{
	int shim = shim_open(), disk = open(DISK_B, O_RDONLY | O_CLOEXEC);
	char *data = aligned_memory(65536);
	const struct jbcachefs_buffer good = { .address = (uintptr_t)data, .length = 65536 };
	void *constant = mmap(NULL, 65536, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	void *hole = mmap(NULL, 65536, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct jbcachefs_release_buffer release = { .buffer = 1 };
	struct jbcachefs_buffer buffer;

	CHECK(disk >= 0 && constant != MAP_FAILED && hole != MAP_FAILED && !munmap((char *)hole + 32768, 4096));
	CHECK_FAILS(EBADF, ioctl(shim, JBCACHEFS_IOC_RELEASE_BUFFER, &release));
#define REFUSED(error, change) do { buffer = good; change; CHECK_FAILS(error, ioctl(shim, JBCACHEFS_IOC_BUFFER, &buffer)); } while (0)
	REFUSED(EINVAL, buffer.length = 0);
	REFUSED(EINVAL, buffer.length = JBCACHEFS_MAX_BUFFER_BYTES + 1);
	REFUSED(EINVAL, buffer.buffer = 1);
	REFUSED(EINVAL, buffer.reserved0 = 1);
	REFUSED(EINVAL, buffer.reserved[1] = 1);
	REFUSED(EINVAL, buffer.address = -4096ULL);
	REFUSED(EFAULT, buffer.address = 4096);
	REFUSED(EFAULT, buffer.address = 0xffff800000000000ULL);
	REFUSED(EFAULT, buffer.address = (uintptr_t)constant);
	REFUSED(EFAULT, buffer.address = (uintptr_t)hole);
#undef REFUSED
	for (uint32_t i = 1; i <= JBCACHEFS_MAX_BUFFERS; i++)
		CHECK_EQUAL(i, shim_register(shim, data, 65536));
	buffer = good;
	CHECK_FAILS(ENOSPC, ioctl(shim, JBCACHEFS_IOC_BUFFER, &buffer));
	release.reserved = 1;
	CHECK_FAILS(EINVAL, ioctl(shim, JBCACHEFS_IOC_RELEASE_BUFFER, &release));
	release.reserved = 0;
	CHECK(!ioctl(shim, JBCACHEFS_IOC_RELEASE_BUFFER, &release));
	CHECK_FAILS(EBADF, ioctl(shim, JBCACHEFS_IOC_RELEASE_BUFFER, &release));
	CHECK_EQUAL(1, shim_register(shim, data, 65536));
	close(shim);
	close(disk);
	munmap(constant, 65536);
	munmap(hole, 65536);
	free(data);
}

static void ioctls_that_make_no_sense_are_refused(void)
{
	int shim = shim_open();
	struct jbcachefs_claim claim = { .fd = -1 };
	struct jbcachefs_batch batch = { .count = JBCACHEFS_MAX_BATCH + 1 };
	struct jbcachefs_ring ring = { .entries = 3, .eventfd = -1 };
	struct { struct jbcachefs_info info; uint64_t more; } longer = { .more = 7 };
	struct { struct jbcachefs_geometry geometry; uint64_t more; } newer = { .more = 1 };
	int file = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);

	CHECK_FAILS(ENOTTY, ioctl(shim, 0x5401, &claim));
	CHECK_FAILS(ENOTTY, ioctl(shim, _IOWR(JBCACHEFS_IOC_MAGIC, 0x7f, struct jbcachefs_claim), &claim));
	CHECK_FAILS(ENOTTY, ioctl(shim, _IOW(JBCACHEFS_IOC_MAGIC, 0x01, struct jbcachefs_claim), &claim));
	CHECK_FAILS(EBADF, ioctl(shim, JBCACHEFS_IOC_CLAIM, &claim));
	claim.fd = file;
	CHECK_FAILS(ENOTBLK, ioctl(shim, JBCACHEFS_IOC_CLAIM, &claim));
	claim.flags = 4;
	CHECK_FAILS(EINVAL, ioctl(shim, JBCACHEFS_IOC_CLAIM, &claim));
	CHECK_FAILS(EFAULT, ioctl(shim, JBCACHEFS_IOC_CLAIM, (void *)64));
	CHECK_FAILS(EINVAL, ioctl(shim, JBCACHEFS_IOC_IO, &batch));
	batch.count = 1;
	CHECK_FAILS(EINVAL, ioctl(shim, JBCACHEFS_IOC_SUBMIT, &batch));
	CHECK_FAILS(EFAULT, ioctl(shim, JBCACHEFS_IOC_IO, &batch));
	CHECK_FAILS(EINVAL, ioctl(shim, JBCACHEFS_IOC_RING, &ring));
	ring.entries = 2 * JBCACHEFS_MAX_RING;
	CHECK_FAILS(EINVAL, ioctl(shim, JBCACHEFS_IOC_RING, &ring));
	ring.entries = 4;
	ring.eventfd = file;
	CHECK_FAILS(EINVAL, ioctl(shim, JBCACHEFS_IOC_RING, &ring));
	CHECK_FAILS(EBADF, shim_release(shim, 1));
	/* A structure that grew: fine while what the kernel does not know is zero. */
	CHECK(!ioctl(shim, _IOR(JBCACHEFS_IOC_MAGIC, 0x00, longer), &longer));
	CHECK_EQUAL(7, longer.more);
	CHECK_FAILS(E2BIG, ioctl(shim, _IOWR(JBCACHEFS_IOC_MAGIC, 0x03, newer), &newer));
	/* One that had not grown yet. */
	CHECK(!ioctl(shim, _IOR(JBCACHEFS_IOC_MAGIC, 0x00, uint64_t), &longer));
	close(file);
	close(shim);
}

/* In a process of its own: 0, or the number of the step that went wrong. */
static int as_an_ordinary_user(void)
{
	struct jbcachefs_ring ring = { .entries = JBCACHEFS_MAX_RING, .eventfd = -1 };
	struct rlimit little = { 65536, 65536 };
	char *data = aligned_memory(MIB);
	struct jbcachefs_buffer buffer = { .address = (uintptr_t)data, .length = MIB };
	int shim, claim;

	/* No privilege but to open the node and one device; another may be read. */
	if (setgid(1000) || setrlimit(RLIMIT_MEMLOCK, &little) || setuid(1000))
		return 1;
	shim = open("/dev/jbcachefs", O_RDWR);
	claim = shim < 0 ? -1 : shim_try_claim(shim, DISK_C, JBCACHEFS_CLAIM_WRITE);
	if (claim < 0)
		return 2;
	if (shim_do(shim, shim_request(JBCACHEFS_OP_READ, claim, 0, data, MIB)).result != -ENOMEM)
		return 3;
	if (shim_do(shim, shim_request(JBCACHEFS_OP_READ, claim, 0, data, 32768)).result != 32768)
		return 4;
	if (ioctl(shim, JBCACHEFS_IOC_RING, &ring) != -1 || errno != ENOMEM)
		return 7;
	if (ioctl(shim, JBCACHEFS_IOC_BUFFER, &buffer) != -1 || errno != ENOMEM)
		return 8;
	buffer.length = 32768;
	if (ioctl(shim, JBCACHEFS_IOC_BUFFER, &buffer))
		return 9;
	if (shim_try_claim(shim, DISK_A, JBCACHEFS_CLAIM_WRITE) != -1 || errno != EACCES)
		return 5;
	return shim_try_claim(shim, DISK_A, 0) > 0 ? 0 : 6;
}

static void ordinary_users_need_the_nodes_group_and_their_memory_limit_counts(void)
{
	pid_t child;
	int status;

	CHECK(!chmod("/dev/jbcachefs", 0660) && !chown("/dev/jbcachefs", 0, 1000));
	CHECK(!chown(DISK_C, 1000, 1000) && !chmod(DISK_A, 0644));
	child = fork();

	if (!child)
		_exit(as_an_ordinary_user());
	CHECK(waitpid(child, &status, 0) == child);
	CHECK(!chmod("/dev/jbcachefs", 0600) && !chown("/dev/jbcachefs", 0, 0) && !chown(DISK_C, 0, 0) && !chmod(DISK_A, 0600));
	CHECK_EQUAL(0, WEXITSTATUS(status));
}

/* Whether an ordinary user of that group is turned away, though the mode of the node lets him in. */
static int turned_away(mode_t mode, gid_t group, int how)
{
	int set = !chmod("/dev/jbcachefs", mode) && !chown("/dev/jbcachefs", 0, 1000), status = 1;
	pid_t child = fork();

	if (!child) {
		if (setgid(group) || setuid(1000))
			_exit(2);
		_exit(open("/dev/jbcachefs", how) != -1 || errno != EPERM);
	}
	waitpid(child, &status, 0);
	return !chmod("/dev/jbcachefs", 0600) && !chown("/dev/jbcachefs", 0, 0) && set && !status;
}

static void the_mode_of_the_node_alone_lets_nobody_in(void)
{
	CHECK(turned_away(0666, 1001, O_RDWR));
	CHECK(turned_away(0646, 1000, O_RDONLY));
}

int main(int argc, char **argv)
{
	static const struct test tests[] = {
#define TEST(name) { #name, name }
		TEST(requests_that_make_no_sense_are_refused),
		TEST(buffers_that_make_no_sense_are_refused),
		TEST(ioctls_that_make_no_sense_are_refused),
		TEST(the_mode_of_the_node_alone_lets_nobody_in),
		TEST(ordinary_users_need_the_nodes_group_and_their_memory_limit_counts),
	};

	return RUN_TESTS(tests, argc, argv);
}
