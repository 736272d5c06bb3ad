/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Named tests and their checks, for programs that run in the guest. A failed check ends its test; the others go on. */
#ifndef CHECK_H
#define CHECK_H

#include <errno.h>
#include <setjmp.h>
#include <stdio.h>
#include <string.h>

struct test {
	const char *name;
	void (*run)(void);
};

extern jmp_buf test_end;

#define FAIL(...) do {								\
	printf("    %s:%d: ", __FILE__, __LINE__);				\
	printf(__VA_ARGS__);							\
	printf("\n");								\
	longjmp(test_end, 1);							\
} while (0)

#define CHECK(condition) do {							\
	if (!(condition))							\
		FAIL("%s (errno %d: %s)", #condition, errno, strerror(errno));	\
} while (0)

#define CHECK_EQUAL(expected, found) do {					\
	long long expected_ = (expected), found_ = (found);			\
	if (expected_ != found_)						\
		FAIL("%s: expected %lld, found %lld", #found, expected_, found_);	\
} while (0)

/* The call has to fail with that errno. */
#define CHECK_FAILS(error, call) do {						\
	errno = 0;								\
	long long result_ = (call);						\
	if (result_ != -1 || errno != (error))					\
		FAIL("%s: expected errno %d, found result %lld, errno %d", #call, error, result_, errno);	\
} while (0)

/* Runs them one after the other, or only those named on the command line; returns the exit status. */
int run_tests(const struct test *tests, size_t count, int argc, char **argv);

#define RUN_TESTS(tests, argc, argv) run_tests(tests, sizeof(tests) / sizeof(*(tests)), argc, argv)

#endif
