/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The control channel between admin tools and a mounted filesystem's daemon. */
#define _GNU_SOURCE
#include "shim-client.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define ECHO 1		/* answers with the message, status its length */
#define IGNORE 2	/* is never answered */
#define DIE 3		/* the daemon kills itself */

static const char members[] = "/dev/sda\0/dev/sdb";

static struct jbcachefs_register registration(uint8_t number)
{
	struct jbcachefs_register registration = {
		.uuid = { number, 2, 3 }, .label = "a label", .members = (uintptr_t)members, .members_length = sizeof(members),
	};

	return registration;
}

static struct jbcachefs_call call_to(uint8_t number, uint32_t operation, const void *request, uint32_t length,
				     void *reply, uint32_t size)
{
	struct jbcachefs_call call = {
		.uuid = { number, 2, 3 }, .operation = operation, .request = (uintptr_t)request, .request_length = length,
		.reply = (uintptr_t)reply, .reply_size = size,
	};

	return call;
}

/* Serves a filesystem until it is told to die. */
static void serve(uint8_t number)
{
	struct jbcachefs_register me = registration(number);
	char *buffer = malloc(JBCACHEFS_MAX_MESSAGE);
	int shim = shim_open();

	CHECK(!ioctl(shim, JBCACHEFS_IOC_REGISTER, &me));
	for (;;) {
		struct jbcachefs_receive call = { .buffer = (uintptr_t)buffer, .size = JBCACHEFS_MAX_MESSAGE };
		struct jbcachefs_reply reply = { 0 };

		CHECK(!ioctl(shim, JBCACHEFS_IOC_RECEIVE, &call));
		if (call.operation == DIE)
			kill(getpid(), SIGKILL);
		if (call.operation == IGNORE)
			continue;
		reply.id = call.id;
		reply.buffer = (uintptr_t)buffer;
		reply.length = call.length;
		reply.status = call.length;
		if (ioctl(shim, JBCACHEFS_IOC_REPLY, &reply))
			CHECK(errno == ENOENT);
	}
}

static int is_registered(int shim, uint8_t number)
{
	struct jbcachefs_filesystem filesystem = { 0 };

	while (!ioctl(shim, JBCACHEFS_IOC_NEXT_FILESYSTEM, &filesystem)) {
		if (filesystem.uuid[0] == number)
			return 1;
		filesystem = (struct jbcachefs_filesystem){ .serial = filesystem.serial };
	}
	return 0;
}

static pid_t start_daemon(uint8_t number)
{
	int shim = shim_open();
	pid_t child = fork();

	if (!child) {
		if (!setjmp(test_end))
			serve(number);
		_exit(1);
	}
	do {
		usleep(1000);
		CHECK(waitpid(child, NULL, WNOHANG) == 0);
	} while (!is_registered(shim, number));
	close(shim);
	return child;
}

static void stop_daemon(pid_t child)
{
	kill(child, SIGKILL);
	CHECK(waitpid(child, NULL, 0) == child);
}

static void a_call_is_answered(void)
{
	pid_t daemon = start_daemon(1);
	int shim = shim_open();
	char *message = malloc(JBCACHEFS_MAX_MESSAGE), *reply = malloc(JBCACHEFS_MAX_MESSAGE);

	fill_memory(message, JBCACHEFS_MAX_MESSAGE, 4);
	for (uint32_t length = 0; length <= JBCACHEFS_MAX_MESSAGE; length = length * 4 + 1) {
		struct jbcachefs_call call = call_to(1, ECHO, message, length, reply, JBCACHEFS_MAX_MESSAGE);

		CHECK(!ioctl(shim, JBCACHEFS_IOC_CALL, &call));
		CHECK_EQUAL(length, call.reply_length);
		CHECK_EQUAL(length, call.status);
		CHECK(!memcmp(message, reply, length));
	}
	stop_daemon(daemon);
	close(shim);
	free(message);
	free(reply);
}

static void many_callers_get_their_own_answers(void)
{
	enum { CALLERS = 8, CALLS = 200 };
	pid_t daemon = start_daemon(1), callers[CALLERS];

	for (int caller = 0; caller < CALLERS; caller++) {
		callers[caller] = fork();
		if (!callers[caller]) {
			int shim = open("/dev/jbcachefs", O_RDWR), wrong = 0;

			for (int i = 0; i < CALLS; i++) {
				int number = caller * CALLS + i, answer = 0;
				struct jbcachefs_call call = call_to(1, ECHO, &number, sizeof(number), &answer, sizeof(answer));

				wrong += ioctl(shim, JBCACHEFS_IOC_CALL, &call) || answer != number;
			}
			_exit(wrong != 0);
		}
	}
	for (int caller = 0; caller < CALLERS; caller++) {
		int status;

		CHECK(waitpid(callers[caller], &status, 0) == callers[caller]);
		CHECK_EQUAL(0, status);
	}
	stop_daemon(daemon);
}

static void a_daemons_death_fails_its_calls(void)
{
	pid_t daemon = start_daemon(1);
	int shim = shim_open();
	struct jbcachefs_call call = call_to(1, DIE, NULL, 0, NULL, 0);

	CHECK_FAILS(EPIPE, ioctl(shim, JBCACHEFS_IOC_CALL, &call));
	CHECK(waitpid(daemon, NULL, 0) == daemon);
	CHECK_FAILS(ENOENT, ioctl(shim, JBCACHEFS_IOC_CALL, &call));
	close(shim);
}

static void calls_have_limits(void)
{
	pid_t daemon = start_daemon(1), caller;
	int shim = shim_open();
	struct jbcachefs_call call = call_to(1, IGNORE, NULL, 0, NULL, 0);
	char text[64];
	uint64_t begun = milliseconds();

	call.timeout_ms = 300;
	CHECK_FAILS(ETIMEDOUT, ioctl(shim, JBCACHEFS_IOC_CALL, &call));
	CHECK(milliseconds() - begun >= 290);
	call = call_to(1, ECHO, "0123456789", 10, text, 9);
	CHECK_FAILS(EMSGSIZE, ioctl(shim, JBCACHEFS_IOC_CALL, &call));
	CHECK_EQUAL(10, call.reply_length);
	call = call_to(1, ECHO, text, JBCACHEFS_MAX_MESSAGE + 1, text, sizeof(text));
	CHECK_FAILS(EMSGSIZE, ioctl(shim, JBCACHEFS_IOC_CALL, &call));
	call = call_to(1, ECHO, (void *)64, 10, text, sizeof(text));
	CHECK_FAILS(EFAULT, ioctl(shim, JBCACHEFS_IOC_CALL, &call));
	call = call_to(1, ECHO, text, 10, (void *)64, sizeof(text));
	CHECK_FAILS(EFAULT, ioctl(shim, JBCACHEFS_IOC_CALL, &call));
	/* a caller can be killed while it waits */
	caller = fork();
	if (!caller) {
		call = call_to(1, IGNORE, NULL, 0, NULL, 0);
		_exit(ioctl(shim, JBCACHEFS_IOC_CALL, &call) ? 1 : 0);
	}
	usleep(100000);
	stop_daemon(caller);
	call = call_to(1, ECHO, "x", 1, text, sizeof(text));
	CHECK(!ioctl(shim, JBCACHEFS_IOC_CALL, &call));
	stop_daemon(daemon);
	close(shim);
}

static void too_many_waiting_calls_are_refused(void)
{
	struct jbcachefs_register me = registration(9);
	int daemon = shim_open(), shim = shim_open();
	struct jbcachefs_call call = call_to(9, IGNORE, NULL, 0, NULL, 0);
	struct jbcachefs_filesystem filesystem;
	pid_t callers[JBCACHEFS_MAX_CALLS];

	CHECK(!ioctl(daemon, JBCACHEFS_IOC_REGISTER, &me));
	for (int i = 0; i < JBCACHEFS_MAX_CALLS; i++) {
		callers[i] = fork();
		if (!callers[i]) {
			int own = open("/dev/jbcachefs", O_RDWR);

			/* the daemon's end is this test's alone */
			close(daemon);
			_exit(ioctl(own, JBCACHEFS_IOC_CALL, &call) && errno == EPIPE ? 0 : 1);
		}
	}
	do {
		usleep(1000);
		memset(&filesystem, 0, sizeof(filesystem));
		CHECK(!ioctl(shim, JBCACHEFS_IOC_NEXT_FILESYSTEM, &filesystem));
	} while (filesystem.calls < JBCACHEFS_MAX_CALLS);
	CHECK_FAILS(EBUSY, ioctl(shim, JBCACHEFS_IOC_CALL, &call));
	CHECK(!ioctl(daemon, JBCACHEFS_IOC_UNREGISTER));
	for (int i = 0; i < JBCACHEFS_MAX_CALLS; i++) {
		int status;

		CHECK(waitpid(callers[i], &status, 0) == callers[i]);
		CHECK_EQUAL(0, status);
	}
	close(daemon);
	close(shim);
}

static void filesystems_are_listed(void)
{
	pid_t first = start_daemon(1), second = start_daemon(2);
	int shim = shim_open();
	struct jbcachefs_filesystem filesystem = { 0 };
	struct jbcachefs_register same = registration(2);
	char text[64] = "";

	filesystem.members = (uintptr_t)text;
	filesystem.members_size = 8;
	CHECK(!ioctl(shim, JBCACHEFS_IOC_NEXT_FILESYSTEM, &filesystem));
	CHECK_EQUAL(1, filesystem.uuid[0]);
	CHECK_EQUAL(first, filesystem.pid);
	CHECK_EQUAL(sizeof(members), filesystem.members_length);
	CHECK(!strcmp(filesystem.label, "a label"));
	CHECK(!memcmp(text, members, 8) && !text[8]);
	filesystem = (struct jbcachefs_filesystem){ .serial = filesystem.serial };
	CHECK(!ioctl(shim, JBCACHEFS_IOC_NEXT_FILESYSTEM, &filesystem));
	CHECK_EQUAL(2, filesystem.uuid[0]);
	filesystem = (struct jbcachefs_filesystem){ .serial = filesystem.serial };
	CHECK_FAILS(ENOENT, ioctl(shim, JBCACHEFS_IOC_NEXT_FILESYSTEM, &filesystem));
	CHECK_FAILS(EEXIST, ioctl(shim, JBCACHEFS_IOC_REGISTER, &same));
	stop_daemon(second);
	CHECK(!ioctl(shim, JBCACHEFS_IOC_REGISTER, &same));
	same = registration(3);
	CHECK_FAILS(EBUSY, ioctl(shim, JBCACHEFS_IOC_REGISTER, &same));
	CHECK(!ioctl(shim, JBCACHEFS_IOC_UNREGISTER));
	CHECK_FAILS(ENOENT, ioctl(shim, JBCACHEFS_IOC_UNREGISTER));
	memset(same.label, 'x', sizeof(same.label));
	CHECK_FAILS(EINVAL, ioctl(shim, JBCACHEFS_IOC_REGISTER, &same));
	stop_daemon(first);
	close(shim);
}

static void a_daemon_receives_with_too_small_a_buffer_again(void)
{
	struct jbcachefs_register me = registration(5);
	int daemon = open("/dev/jbcachefs", O_RDWR | O_NONBLOCK);
	struct pollfd ready = { .fd = daemon, .events = POLLIN };
	struct jbcachefs_receive receive = { 0 };
	struct jbcachefs_reply reply = { .id = 999 };
	char text[16] = "";
	pid_t caller;
	int status;

	CHECK_FAILS(ENOENT, ioctl(daemon, JBCACHEFS_IOC_RECEIVE, &receive));
	CHECK(!ioctl(daemon, JBCACHEFS_IOC_REGISTER, &me));
	CHECK_FAILS(EAGAIN, ioctl(daemon, JBCACHEFS_IOC_RECEIVE, &receive));
	CHECK_FAILS(ENOENT, ioctl(daemon, JBCACHEFS_IOC_REPLY, &reply));
	CHECK_EQUAL(0, poll(&ready, 1, 0));
	caller = fork();
	if (!caller) {
		int own = open("/dev/jbcachefs", O_RDWR);
		struct jbcachefs_call call = call_to(5, 77, "question", 9, text, sizeof(text));

		_exit(ioctl(own, JBCACHEFS_IOC_CALL, &call) || call.status != -5 || strcmp(text, "answer"));
	}
	CHECK_EQUAL(1, poll(&ready, 1, 10000));
	receive = (struct jbcachefs_receive){ .buffer = (uintptr_t)text, .size = 4 };
	CHECK_FAILS(EMSGSIZE, ioctl(daemon, JBCACHEFS_IOC_RECEIVE, &receive));
	CHECK_EQUAL(9, receive.length);
	receive = (struct jbcachefs_receive){ .buffer = 64, .size = sizeof(text) };
	CHECK_FAILS(EFAULT, ioctl(daemon, JBCACHEFS_IOC_RECEIVE, &receive));
	receive = (struct jbcachefs_receive){ .buffer = (uintptr_t)text, .size = sizeof(text) };
	CHECK(!ioctl(daemon, JBCACHEFS_IOC_RECEIVE, &receive));
	CHECK(!strcmp(text, "question"));
	CHECK_EQUAL(77, receive.operation);
	CHECK_EQUAL(caller, receive.pid);
	CHECK_EQUAL(0, receive.uid);
	CHECK_EQUAL(0, poll(&ready, 1, 0));
	reply = (struct jbcachefs_reply){ .id = receive.id, .status = -5, .buffer = (uintptr_t)"answer", .length = 7 };
	CHECK(!ioctl(daemon, JBCACHEFS_IOC_REPLY, &reply));
	CHECK_FAILS(ENOENT, ioctl(daemon, JBCACHEFS_IOC_REPLY, &reply));
	CHECK(waitpid(caller, &status, 0) == caller);
	CHECK_EQUAL(0, status);
	close(daemon);
}

/* Two calls are taken, and answered the other way round. */
static void answers_find_their_calls_in_any_order(void)
{
	struct jbcachefs_register me = registration(6);
	int daemon = shim_open();
	struct jbcachefs_receive receives[2];
	char questions[2][8];
	pid_t callers[2];

	CHECK(!ioctl(daemon, JBCACHEFS_IOC_REGISTER, &me));
	for (int i = 0; i < 2; i++) {
		callers[i] = fork();
		if (!callers[i]) {
			int own = open("/dev/jbcachefs", O_RDWR);
			char question = 'a' + i, answer = 0;
			struct jbcachefs_call call = call_to(6, ECHO, &question, 1, &answer, 1);

			close(daemon);
			_exit(ioctl(own, JBCACHEFS_IOC_CALL, &call) || answer != question);
		}
	}
	for (int i = 0; i < 2; i++) {
		receives[i] = (struct jbcachefs_receive){ .buffer = (uintptr_t)questions[i], .size = 8 };
		CHECK(!ioctl(daemon, JBCACHEFS_IOC_RECEIVE, &receives[i]));
	}
	for (int i = 1; i >= 0; i--) {
		struct jbcachefs_reply reply = { .id = receives[i].id, .buffer = (uintptr_t)questions[i], .length = 1 };

		CHECK(!ioctl(daemon, JBCACHEFS_IOC_REPLY, &reply));
	}
	for (int i = 0; i < 2; i++) {
		int status;

		CHECK(waitpid(callers[i], &status, 0) == callers[i]);
		CHECK_EQUAL(0, status);
	}
	close(daemon);
}

int main(int argc, char **argv)
{
	static const struct test tests[] = {
#define TEST(name) { #name, name }
		TEST(a_call_is_answered),
		TEST(many_callers_get_their_own_answers),
		TEST(a_daemons_death_fails_its_calls),
		TEST(calls_have_limits),
		TEST(too_many_waiting_calls_are_refused),
		TEST(filesystems_are_listed),
		TEST(answers_find_their_calls_in_any_order),
		TEST(a_daemon_receives_with_too_small_a_buffer_again),
	};

	return RUN_TESTS(tests, argc, argv);
}
