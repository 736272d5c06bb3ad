/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "check.h"

jmp_buf test_end;

static int is_wanted(const char *name, int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		if (!strcmp(argv[i], name))
			return 1;
	}
	return argc < 2;
}

int run_tests(const struct test *tests, size_t count, int argc, char **argv)
{
	volatile unsigned int passed = 0, failed = 0;

	setvbuf(stdout, NULL, _IONBF, 0);
	for (volatile size_t i = 0; i < count; i++) {
		if (!is_wanted(tests[i].name, argc, argv))
			continue;
		if (setjmp(test_end)) {
			failed++;
			printf("FAILED %s\n", tests[i].name);
		} else {
			tests[i].run();
			passed++;
			printf("ok %s\n", tests[i].name);
		}
	}
	printf("%s: %u passed, %u failed\n", argv[0], passed, failed);
	return failed || !passed;
}
