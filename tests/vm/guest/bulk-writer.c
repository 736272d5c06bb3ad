/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * bulk-writer ROOT FOLDERS FILES LEAST MOST: fills a filesystem for benchmarks.
 *
 * Makes that many files, spread over that many folders, each of a size between LEAST and MOST bytes, of random bytes from a
 * fixed seed. Stops early, and says so, when the filesystem is full.
 */
#define _GNU_SOURCE
#include "random.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define CHUNK (1 << 20)

static char chunk[CHUNK + 4096];

/* Writes size bytes that no two files share; the random bytes are made once, each file starts elsewhere in them. */
static int write_file(const char *path, size_t size, unsigned long number)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL, 0644), result = 0;

	if (fd < 0)
		return -1;
	for (size_t left = size; left && !result;) {
		size_t part = left < CHUNK ? left : CHUNK;

		memcpy(chunk + number % 4096, &number, sizeof(number));
		if (write(fd, chunk + number % 4096, part) != (ssize_t)part)
			result = -1;
		left -= part;
		number += 0x10001;
	}
	if (close(fd))
		result = -1;
	return result;
}

int main(int argc, char **argv)
{
	struct random seeded = { 1 };
	unsigned long folders, files, made, long_least, long_most;
	char path[4096];

	if (argc != 6)
		return 2;
	folders = strtoul(argv[2], NULL, 0);
	files = strtoul(argv[3], NULL, 0);
	long_least = strtoul(argv[4], NULL, 0);
	long_most = strtoul(argv[5], NULL, 0);
	random_fill(&seeded, chunk, sizeof(chunk));
	for (unsigned long i = 0; i < folders; i++) {
		snprintf(path, sizeof(path), "%s/folder-%05lu", argv[1], i);
		if (mkdir(path, 0755))
			return perror(path), 1;
	}
	for (made = 0; made < files; made++) {
		size_t size = long_least + random_below(&seeded, long_most - long_least + 1);

		snprintf(path, sizeof(path), "%s/folder-%05lu/file-%07lu", argv[1], made / ((files + folders - 1) / folders), made);
		if (write_file(path, size, made)) {
			if (errno != ENOSPC)
				return perror(path), 1;
			printf("full\n");
			break;
		}
	}
	printf("files %lu\n", made);
	return 0;
}
