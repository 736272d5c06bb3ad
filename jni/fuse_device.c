// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <time.h>
#include <unistd.h>

#include "fuse_abi.h"
#include "native.h"

int fuse_device_open(void)
{
	int fd = open("/dev/fuse", O_RDWR | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

int fuse_device_clone(int fd)
{
	uint32_t source = (uint32_t)fd;
	int clone = fuse_device_open();

	if (clone < 0)
		return clone;
	if (ioctl(clone, FUSE_CLONE_IOCTL, &source) < 0) {
		int error = errno;

		close(clone);
		return -error;
	}
	return clone;
}

static int64_t now_nanos(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

/* ENOENT: the request was interrupted between being queued and being read. */
static int is_passing(int error)
{
	return error == EINTR || error == ENOENT;
}

int fuse_device_receive(int fd, void *buffer, size_t length, int64_t spin_nanos)
{
	int64_t deadline = spin_nanos > 0 ? now_nanos() + spin_nanos : 0;

	for (;;) {
		ssize_t got = read(fd, buffer, length);

		if (got >= 0)
			return (int)got;
		if (is_passing(errno))
			continue;
		if (errno != EAGAIN)
			return -errno;
		if (deadline == 0 || now_nanos() >= deadline) {
			struct pollfd waiting = { .fd = fd, .events = POLLIN };

			if (poll(&waiting, 1, -1) < 0 && errno != EINTR)
				return -errno;
		}
	}
}

int fuse_device_reply(int fd, const void *buffer, size_t length)
{
	for (;;) {
		ssize_t sent = write(fd, buffer, length);

		if (sent >= 0)
			return 0;
		if (errno != EINTR && errno != EAGAIN)
			return -errno;
	}
}

int pin_thread(int cpu)
{
	cpu_set_t cpus;

	if (cpu < 0 || cpu >= CPU_SETSIZE)
		return -EINVAL;
	CPU_ZERO(&cpus);
	CPU_SET((size_t)cpu, &cpus);
	return sched_setaffinity(0, sizeof(cpus), &cpus) < 0 ? -errno : 0;
}
