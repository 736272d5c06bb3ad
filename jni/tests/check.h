/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the files of the native test share. */
#ifndef CHECK_H
#define CHECK_H

#include <stdio.h>

extern int failures;

#define CHECK(condition)                                                                  \
	do {                                                                              \
		if (!(condition)) {                                                       \
			fprintf(stderr, "%s:%d: not true: %s\n", __FILE__, __LINE__, #condition); \
			failures++;                                                       \
		}                                                                         \
	} while (0)

/* In block_test.c: block I/O, on files and (as root) on a loop device. */
void block_tests(void);

/* In kernel_test.c: checksums and parity. */
void kernel_tests(void);

#endif
