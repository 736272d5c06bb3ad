// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The native functions without a JVM and, but for the last tests, without /dev/fuse; run under the
 * sanitizers by ctest.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "check.h"
#include "fuse_abi.h"
#include "native.h"
#include "ring.h"
#include "waker.h"

int failures;

/* valgrind lets no other thread run during io_uring_enter, and a child that fails to start is not told by it. */
static int under_valgrind(void)
{
	return getenv("JBCACHEFS_UNDER_VALGRIND") != NULL;
}

static void receives_whole_messages_in_order(void)
{
	int pair[2];
	char buffer[16];

	CHECK(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair) == 0);
	CHECK(fuse_device_reply(pair[0], "first", 5) == 0);
	CHECK(fuse_device_reply(pair[0], "second", 6) == 0);
	CHECK(fuse_device_receive(pair[1], buffer, sizeof(buffer), 0) == 5);
	CHECK(memcmp(buffer, "first", 5) == 0);
	CHECK(fuse_device_receive(pair[1], buffer, sizeof(buffer), 1000000) == 6);
	CHECK(memcmp(buffer, "second", 6) == 0);
	close(pair[0]);
	close(pair[1]);
}

static void *send_later(void *fd)
{
	usleep(20000);
	CHECK(fuse_device_reply(*(int *)fd, "late", 4) == 0);
	return NULL;
}

static void sleeps_until_a_message_comes_when_spinning_did_not_help(void)
{
	int pair[2];
	char buffer[16];
	pthread_t sender;

	CHECK(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair) == 0);
	CHECK(fcntl(pair[1], F_SETFL, O_NONBLOCK) == 0);
	CHECK(pthread_create(&sender, NULL, send_later, &pair[0]) == 0);
	CHECK(fuse_device_receive(pair[1], buffer, sizeof(buffer), 100000) == 4);
	pthread_join(sender, NULL);
	close(pair[0]);
	close(pair[1]);
}

static void errors_are_negative_errno_values(void)
{
	char buffer[16];

	CHECK(fuse_device_receive(-1, buffer, sizeof(buffer), 0) == -EBADF);
	CHECK(fuse_device_reply(-1, buffer, sizeof(buffer)) == -EBADF);
	CHECK(pin_thread(-1) == -EINVAL);
	CHECK(pin_thread(1 << 20) == -EINVAL);
}

static void pins_to_the_first_cpu(void)
{
	CHECK(pin_thread(0) == 0);
}

static char *write_helper(const char *body)
{
	static char path[] = "/tmp/native-test-helper-XXXXXX";
	int fd;

	strcpy(path + strlen(path) - 6, "XXXXXX");
	fd = mkstemp(path);
	CHECK(fd >= 0);
	CHECK(write(fd, body, strlen(body)) == (ssize_t)strlen(body));
	CHECK(fchmod(fd, 0700) == 0);
	close(fd);
	return path;
}

static void takes_the_descriptor_that_the_helper_sends(void)
{
	/* The helper must end up with -o OPTIONS -- DIR, and answer on the socket. */
	char *helper = write_helper("#!/usr/bin/env python3\n"
				    "import os, socket, sys\n"
				    "assert sys.argv[1:] == ['-o', 'ro,fsname=a', '--', '/mnt point'], sys.argv\n"
				    "s = socket.socket(fileno=int(os.environ['_FUSE_COMMFD']))\n"
				    "socket.send_fds(s, [b'x'], [os.open('/etc/hostname', os.O_RDONLY)])\n");
	int fd = fuse_mount_by_helper(helper, "ro,fsname=a", "/mnt point");

	CHECK(fd >= 0);
	CHECK(fcntl(fd, F_GETFD) == FD_CLOEXEC);
	close(fd);
	unlink(helper);
}

static void a_helper_that_fails_is_a_refusal(void)
{
	char *helper = write_helper("#!/bin/sh\nexit 1\n");

	CHECK(fuse_mount_by_helper(helper, "ro", "/mnt") == -EPERM);
	unlink(helper);
	if (!under_valgrind())
		CHECK(fuse_mount_by_helper("/nonexistent/fusermount3", "ro", "/mnt") == -ENOENT);
}

static void a_ring_completes_what_it_is_given(void)
{
	struct ring ring;
	int error = ring_open(&ring, 8, 0, IORING_SETUP_SQE128);

	if (error == -EPERM || error == -ENOSYS) {
		printf("io_uring is not allowed here: %s\n", strerror(-error));
		return;
	}
	CHECK(error == 0);
	for (unsigned int round = 0; round < 5; round++) {
		for (unsigned int i = 0; i < 8; i++) {
			struct io_uring_sqe *submission = ring_submission(&ring);

			CHECK(submission != NULL);
			submission->opcode = IORING_OP_NOP;
			submission->user_data = i;
		}
		CHECK(ring_submission(&ring) == NULL);
		CHECK(ring_enter(&ring, 8) == 0);
		for (unsigned int i = 0; i < 8; i++) {
			CHECK(ring_completion(&ring)->user_data == i);
			ring_seen(&ring);
		}
		CHECK(ring_completion(&ring) == NULL);
	}
	ring_close(&ring);
}

static void *wake_later(void *ring)
{
	usleep(20000);
	CHECK(fuse_ring_wake(ring) == 0);
	return NULL;
}

static void a_waiting_ring_can_be_woken(void)
{
	struct fuse_ring_arrival arrivals[4];
	struct fuse_ring *ring = NULL;
	pthread_t waker;
	int error = fuse_ring_open(-1, &ring);

	if (error == -EPERM || error == -ENOSYS)
		return;
	CHECK(error == 0);
	for (int round = 0; round < 3; round++) {
		CHECK(pthread_create(&waker, NULL, wake_later, ring) == 0);
		CHECK(fuse_ring_exchange(ring, NULL, 0, 1, arrivals, 4) == 1);
		CHECK(arrivals[0].entry == FUSE_RING_WOKEN);
		pthread_join(waker, NULL);
	}
	fuse_ring_close(ring);
}

static void entries_are_refused_by_what_is_no_fuse_descriptor(void)
{
	static unsigned char headers[4 * FUSE_RING_HEADER_BYTES], payloads[4 * 4096];
	struct fuse_ring_commit commits[100] = { { .entry = 7 } };
	struct fuse_ring_arrival arrivals[4];
	struct fuse_ring *ring = NULL;
	int fd = open("/proc/self/exe", O_RDONLY);
	int error = fuse_ring_open(fd, &ring);

	if (error == -EPERM || error == -ENOSYS)
		return;
	CHECK(error == 0);
	CHECK(fuse_ring_register(ring, 0, 0, 4, headers, FUSE_RING_HEADER_BYTES, payloads, 4096) < 0);
	CHECK(fuse_ring_register(ring, 70000, 0, 4, headers, FUSE_RING_HEADER_BYTES, payloads, 4096) == -EINVAL);
	CHECK(fuse_ring_register(ring, 0, 0, 4, headers, 100, payloads, 4096) == -EINVAL);
	/* More replies than the ring has places, all of them refused. */
	CHECK(fuse_ring_exchange(ring, commits, 100, 1, arrivals, 4) == 4);
	CHECK(arrivals[3].result < 0);
	CHECK(fuse_ring_exchange(ring, NULL, 0, 0, arrivals, 4) == 4);
	fuse_ring_close(ring);
	close(fd);
}

static void a_fuse_descriptor_that_is_not_mounted_refuses_everything(void)
{
	static unsigned char headers[FUSE_RING_HEADER_BYTES], payload[4096];
	struct fuse_ring *ring = NULL;
	char buffer[8192];
	int fd = fuse_device_open();

	if (fd < 0) {
		printf("no /dev/fuse here: %s\n", strerror(-fd));
		return;
	}
	CHECK(fuse_device_receive(fd, buffer, sizeof(buffer), 0) == -EPERM);
	CHECK(fuse_device_clone(fd) < 0);
	if (fuse_ring_open(fd, &ring) == 0) {
		CHECK(fuse_ring_register(ring, 0, 0, 1, headers, sizeof(headers), payload, sizeof(payload)) < 0);
		fuse_ring_close(ring);
	}
	close(fd);
}

static void *wakes(void *waker)
{
	usleep(20000);
	CHECK(waker_wake(*(int *)waker) == 0);
	return NULL;
}

static void a_wait_ends_when_there_is_something_or_it_is_woken(void)
{
	int ends[2], waker = waker_open();
	pthread_t thread;

	CHECK(waker >= 0 && pipe(ends) == 0);
	CHECK(write(ends[1], "x", 1) == 1);
	CHECK(waker_wait(ends[0], waker) == WAIT_READY);
	CHECK(read(ends[0], &(char){ 0 }, 1) == 1);
	CHECK(pthread_create(&thread, NULL, wakes, &waker) == 0);
	CHECK(waker_wait(ends[0], waker) == WAIT_WOKEN);
	pthread_join(thread, NULL);
	/* For good, and before anything else. */
	CHECK(write(ends[1], "x", 1) == 1);
	CHECK(waker_wait(ends[0], waker) == WAIT_WOKEN);
	close(ends[0]);
	close(ends[1]);
	close(waker);
}

int main(void)
{
	receives_whole_messages_in_order();
	sleeps_until_a_message_comes_when_spinning_did_not_help();
	errors_are_negative_errno_values();
	pins_to_the_first_cpu();
	takes_the_descriptor_that_the_helper_sends();
	a_helper_that_fails_is_a_refusal();
	a_ring_completes_what_it_is_given();
	if (!under_valgrind())
		a_waiting_ring_can_be_woken();
	entries_are_refused_by_what_is_no_fuse_descriptor();
	a_fuse_descriptor_that_is_not_mounted_refuses_everything();
	a_wait_ends_when_there_is_something_or_it_is_woken();
	block_tests();
	kernel_tests();
	printf("%d checks failed\n", failures);
	return failures ? 1 : 0;
}
