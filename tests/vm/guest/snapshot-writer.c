/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * snapshot-writer ROOT COUNT CHANGED FOLDERS FILES: takes snapshots of a filesystem for benchmarks.
 *
 * Takes COUNT snapshots of ROOT, as ROOT/snapshot-NN, and changes the mode of CHANGED of the files ROOT/folder-NNNNN/file-NNNNNNN
 * after each, spread over all, so that their inodes and their folders' have versions in many snapshots.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

/* bcachefs' ioctl on a folder; fs/bcachefs_ioctl.h of bcachefs-tools, struct bch_ioctl_subvolume */
struct subvolume_request {
	uint32_t flags;
	uint32_t dirfd;
	uint16_t mode;
	uint16_t pad[3];
	uint64_t dst_ptr;
	uint64_t src_ptr;
};

#define SUBVOLUME_CREATE _IOW(0xbc, 16, struct subvolume_request)
#define SNAPSHOT_OF_SOURCE 1

int main(int argc, char **argv)
{
	unsigned long count, changed, folders, files;
	char path[4096];
	int root;

	if (argc != 6)
		return 2;
	count = strtoul(argv[2], NULL, 0);
	changed = strtoul(argv[3], NULL, 0);
	folders = strtoul(argv[4], NULL, 0);
	files = strtoul(argv[5], NULL, 0);
	root = open(argv[1], O_RDONLY | O_DIRECTORY);
	if (root < 0)
		return perror(argv[1]), 1;
	for (unsigned long i = 0; i < count; i++) {
		struct subvolume_request request = {
			.flags = SNAPSHOT_OF_SOURCE, .dirfd = root, .mode = 0755,
			.dst_ptr = (uintptr_t)path, .src_ptr = (uintptr_t)argv[1],
		};

		snprintf(path, sizeof(path), "%s/snapshot-%02lu", argv[1], i);
		if (ioctl(root, SUBVOLUME_CREATE, &request))
			return perror(path), 1;
		for (unsigned long k = 0; k < changed; k++) {
			unsigned long file = (k * (files / changed) + i * 37) % files;

			snprintf(path, sizeof(path), "%s/folder-%05lu/file-%07lu", argv[1], file % folders, file);
			if (chmod(path, 0600 + i % 8 * 9))
				return perror(path), 1;
		}
		sync();
	}
	printf("%lu snapshots, %lu files changed after each\n", count, changed);
	return 0;
}
