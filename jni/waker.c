// SPDX-License-Identifier: GPL-2.0-or-later
#include "waker.h"

#include <errno.h>
#include <poll.h>
#include <stdint.h>
#include <sys/eventfd.h>
#include <unistd.h>

int waker_open(void)
{
	int fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);

	return fd < 0 ? -errno : fd;
}

int waker_wake(int waker)
{
	const uint64_t one = 1;

	return write(waker, &one, sizeof(one)) < 0 ? -errno : 0;
}

int waker_wait(int fd, int waker)
{
	struct pollfd both[2] = { { .fd = waker, .events = POLLIN }, { .fd = fd, .events = POLLIN } };

	while (poll(both, 2, -1) < 0) {
		if (errno != EINTR)
			return -errno;
	}
	return both[0].revents ? WAIT_WOKEN : WAIT_READY;
}
