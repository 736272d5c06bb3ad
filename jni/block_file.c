// SPDX-License-Identifier: GPL-2.0-or-later
#include "block.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/falloc.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

/* What to assume of a descriptor that does not tell. */
#define MEMORY_ALIGNMENT 512

/* Linux transfers no more at once. */
#define MOST_AT_ONCE 0x7ffff000u

#ifndef STATX_DIOALIGN
#define STATX_DIOALIGN 0x2000u
#endif

int block_open(const char *path, unsigned int flags)
{
	int how = O_CLOEXEC | (flags & BLOCK_WRITE ? O_RDWR : O_RDONLY) | (flags & BLOCK_DIRECT ? O_DIRECT : 0);
	struct stat status;
	int fd, error = 0;

	/* Opening something else (a tape, a terminal) could have effects of its own. */
	if (stat(path, &status) < 0)
		return -errno;
	if (!S_ISBLK(status.st_mode) && !S_ISREG(status.st_mode))
		return S_ISDIR(status.st_mode) ? -EISDIR : -EINVAL;
	if (S_ISBLK(status.st_mode) && (flags & BLOCK_WRITE))
		how |= O_EXCL;
	fd = open(path, how);
	if (fd < 0)
		return -errno;
	if (fstat(fd, &status) < 0)
		error = -errno;
	else if (!S_ISBLK(status.st_mode) && !S_ISREG(status.st_mode))
		error = -EINVAL;
	if (error) {
		close(fd);
		return error;
	}
	return fd;
}

static int describe_node(int fd, struct block_description *description)
{
	int block = 0, read_only = 0;

	if (ioctl(fd, BLKGETSIZE64, &description->bytes) < 0 || ioctl(fd, BLKSSZGET, &block) < 0 ||
	    ioctl(fd, BLKROGET, &read_only) < 0)
		return -errno;
	description->block = (uint32_t)block;
	description->is_read_only = (uint32_t)read_only;
	return 0;
}

/* The alignments of direct I/O, where the kernel tells them (6.1 and newer, not every filesystem). */
static void describe_alignment(int fd, struct block_description *description)
{
	struct statx status;

	if (statx(fd, "", AT_EMPTY_PATH, STATX_DIOALIGN, &status) < 0 || !(status.stx_mask & STATX_DIOALIGN))
		return;
	if (status.stx_dio_mem_align > description->memory)
		description->memory = status.stx_dio_mem_align;
	if (status.stx_dio_offset_align > description->block)
		description->block = status.stx_dio_offset_align;
}

int block_describe(int fd, int direct, struct block_description *description)
{
	struct stat status;
	int error = 0;

	if (fstat(fd, &status) < 0)
		return -errno;
	*description = (struct block_description){ .bytes = (uint64_t)status.st_size, .block = 512, .memory = 1 };
	if (S_ISBLK(status.st_mode)) {
		description->is_block_node = 1;
		error = describe_node(fd, description);
	}
	if (direct) {
		description->memory = MEMORY_ALIGNMENT;
		describe_alignment(fd, description);
	}
	return error;
}

int block_lock(int fd)
{
	struct flock whole = { .l_type = F_WRLCK, .l_whence = SEEK_SET };

	return fcntl(fd, F_OFD_SETLK, &whole) < 0 ? -(errno == EACCES ? EAGAIN : errno) : 0;
}

int block_read(int fd, uint64_t offset, void *into, size_t bytes)
{
	for (size_t done = 0; done < bytes;) {
		size_t step = bytes - done < MOST_AT_ONCE ? bytes - done : MOST_AT_ONCE;
		ssize_t got = pread(fd, (unsigned char *)into + done, step, (off_t)(offset + done));

		if (got == 0)
			return -ENODATA;
		if (got > 0)
			done += (size_t)got;
		else if (errno != EINTR)
			return -errno;
	}
	return 0;
}

int block_write(int fd, uint64_t offset, const void *from, size_t bytes, int durable)
{
	for (size_t done = 0; done < bytes;) {
		struct iovec part = {
			.iov_base = (unsigned char *)(uintptr_t)from + done,
			.iov_len = bytes - done < MOST_AT_ONCE ? bytes - done : MOST_AT_ONCE,
		};
		ssize_t sent = pwritev2(fd, &part, 1, (off_t)(offset + done), durable ? RWF_DSYNC : 0);

		if (sent == 0)
			return -ENOSPC;
		if (sent > 0)
			done += (size_t)sent;
		else if (errno != EINTR)
			return -errno;
	}
	return 0;
}

int block_flush(int fd)
{
	int result;

	do {
		result = fdatasync(fd);
	} while (result < 0 && errno == EINTR);
	return result < 0 ? -errno : 0;
}

static int is_block_node(int fd)
{
	struct stat status;

	if (fstat(fd, &status) < 0)
		return -errno;
	return S_ISBLK(status.st_mode);
}

static int change_range(int fd, int mode, uint64_t offset, uint64_t bytes)
{
	int result;

	do {
		result = fallocate(fd, mode | FALLOC_FL_KEEP_SIZE, (off_t)offset, (off_t)bytes);
	} while (result < 0 && errno == EINTR);
	return result < 0 ? -errno : 0;
}

static int change_node(int fd, unsigned long request, uint64_t offset, uint64_t bytes)
{
	uint64_t range[2] = { offset, bytes };

	return ioctl(fd, request, range) < 0 ? -errno : 0;
}

int block_discard(int fd, uint64_t offset, uint64_t bytes)
{
	int node = is_block_node(fd);
	int error;

	if (node < 0 || bytes == 0)
		return node < 0 ? node : 0;
	error = node ? change_node(fd, BLKDISCARD, offset, bytes)
		     : change_range(fd, FALLOC_FL_PUNCH_HOLE, offset, bytes);
	return error == -EOPNOTSUPP ? 0 : error;
}

static int write_zeroes_from_memory(int fd, uint64_t offset, uint64_t bytes)
{
	static const unsigned char zeroes[64 << 10] __attribute__((aligned(4096)));
	int error = 0;

	for (uint64_t done = 0; done < bytes && !error;) {
		size_t step = bytes - done < sizeof(zeroes) ? (size_t)(bytes - done) : sizeof(zeroes);

		error = block_write(fd, offset + done, zeroes, step, 0);
		done += step;
	}
	return error;
}

int block_write_zeroes(int fd, uint64_t offset, uint64_t bytes)
{
	int node = is_block_node(fd);
	int error;

	if (node < 0 || bytes == 0)
		return node < 0 ? node : 0;
	if (node)
		return change_node(fd, BLKZEROOUT, offset, bytes);
	error = change_range(fd, FALLOC_FL_ZERO_RANGE, offset, bytes);
	if (error == -EOPNOTSUPP)
		error = change_range(fd, FALLOC_FL_PUNCH_HOLE, offset, bytes);
	if (error == -EOPNOTSUPP)
		error = write_zeroes_from_memory(fd, offset, bytes);
	return error;
}
