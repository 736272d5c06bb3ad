/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * manifest ROOT: prints a file tree, one JSON object a line, in the form of tests/golden/manifest.py.
 *
 * What cannot be read has "unreadable" with the error in the place of a hash.
 * One thing differs on purpose: two files are one hard-link set only inside of one subvolume, for a
 * snapshot repeats the inode numbers of what it was taken of.
 */
#define _GNU_SOURCE
#include "sha256.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

#define PATH_MOST 65536
#define WHOLE_HASH_MOST (1LL << 28)
#define STATX_WANT_SUBVOLUME 0x8000u
#define STATX_SUBVOLUME_OFFSET 0xa0

struct link_set {
	struct link_set *next;
	dev_t device;
	ino_t inode;
	uint64_t subvolume;
	char *first;
};

static struct link_set *link_sets;
static char buffer[1 << 20];

static void die(const char *what, const char *path)
{
	fprintf(stderr, "manifest: %s %s: %s\n", what, path, strerror(errno));
	exit(1);
}

/* Length of the valid UTF-8 sequence at s, or 0; its code point in *point. */
static int utf8_sequence(const unsigned char *s, uint32_t *point)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	int length = s[0] < 0x80 ? 1 : s[0] >= 0xf0 && s[0] < 0xf8 ? 4 : s[0] >= 0xe0 ? 3 : s[0] >= 0xc0 ? 2 : 0;

	if (length == 0 || s[0] >= 0xf8)
		return 0;
	*point = length == 1 ? s[0] : s[0] & (0x7f >> length);
	for (int i = 1; i < length; i++) {
		if ((s[i] & 0xc0) != 0x80)
			return 0;
		*point = *point << 6 | (s[i] & 0x3f);
	}
	if (*point < least[length] || *point > 0x10ffff || (*point >= 0xd800 && *point < 0xe000))
		return 0;
	return length;
}

/* A JSON string; a byte that is not UTF-8 becomes the lone surrogate U+DC00 plus the byte. */
static void print_string(const char *text)
{
	const unsigned char *s = (const unsigned char *)text;

	putchar('"');
	while (*s) {
		uint32_t point;
		int length = utf8_sequence(s, &point);

		if (!length)
			printf("\\udc%02x", *s);
		else if (point >= 0x10000)
			printf("\\u%04x\\u%04x", 0xd800 + ((point - 0x10000) >> 10), 0xdc00 + (point & 0x3ff));
		else if (point == '"' || point == '\\')
			printf("\\%c", point);
		else if (point < 0x20 || point >= 0x7f)
			printf("\\u%04x", point);
		else
			putchar(point);
		s += length ? length : 1;
	}
	putchar('"');
}

static uint64_t subvolume_of(const char *path)
{
	char raw[256] = { 0 };
	uint64_t id;

	if (syscall(SYS_statx, AT_FDCWD, path, AT_SYMLINK_NOFOLLOW, STATX_WANT_SUBVOLUME, raw))
		die("statx", path);
	memcpy(&id, raw + STATX_SUBVOLUME_OFFSET, sizeof(id));
	return id;
}

static const char *first_of_links(const struct stat *st, const char *path, const char *relative)
{
	uint64_t subvolume = subvolume_of(path);
	struct link_set *set;

	for (set = link_sets; set; set = set->next)
		if (set->device == st->st_dev && set->inode == st->st_ino && set->subvolume == subvolume)
			return set->first;
	set = malloc(sizeof(*set));
	*set = (struct link_set){ link_sets, st->st_dev, st->st_ino, subvolume, strdup(relative) };
	link_sets = set;
	return set->first;
}

static int by_bytes(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void print_xattrs(const char *path)
{
	static char names[1 << 16], value[1 << 16];
	char *sorted[4096];
	size_t count = 0;
	ssize_t length = llistxattr(path, names, sizeof(names));

	if (length < 0) {
		printf(", \"xattrs_error\": %d", errno);
		return;
	}
	for (char *name = names; name < names + length; name += strlen(name) + 1)
		sorted[count++] = name;
	if (!count)
		return;
	qsort(sorted, count, sizeof(sorted[0]), by_bytes);
	printf(", \"xattrs\": {");
	for (size_t i = 0; i < count; i++) {
		ssize_t size = lgetxattr(path, sorted[i], value, sizeof(value));

		printf(i ? ", " : "");
		print_string(sorted[i]);
		printf(": \"");
		if (size < 0)
			printf("E%d", errno);
		for (ssize_t at = 0; at < size; at++)
			printf("%02x", (unsigned char)value[at]);
		putchar('"');
	}
	putchar('}');
}

/* The error that hindered it, or 0. */
static int hash_range(struct sha256 *sum, int fd, off_t from, off_t to, const char *path)
{
	while (from < to) {
		size_t want = to - from < (off_t)sizeof(buffer) ? (size_t)(to - from) : sizeof(buffer);
		ssize_t got = pread(fd, buffer, want, from);

		if (got < 0)
			return errno;
		if (!got)
			die("read", path);
		sha256_add(sum, buffer, got);
		from += got;
	}
	return 0;
}

static void print_content(const char *path, off_t size)
{
	struct sha256 sum;
	char hex[65];
	off_t (*segments)[2] = NULL;
	size_t count = 0;
	int fd = open(path, O_RDONLY | O_NOATIME), error = 0;

	if (fd < 0)
		die("open", path);
	for (off_t at = 0; at < size;) {
		off_t data = lseek(fd, at, SEEK_DATA);

		if (data < 0)
			break;
		at = lseek(fd, data, SEEK_HOLE);
		segments = realloc(segments, (count + 1) * sizeof(*segments));
		segments[count][0] = data;
		segments[count++][1] = at;
	}
	sha256_begin(&sum);
	if (size <= WHOLE_HASH_MOST) {
		error = hash_range(&sum, fd, 0, size, path);
	} else {
		for (size_t i = 0; i < count && !error; i++) {
			uint64_t head[2] = { segments[i][0], segments[i][1] - segments[i][0] };

			sha256_add(&sum, head, sizeof(head));
			error = hash_range(&sum, fd, segments[i][0], segments[i][1], path);
		}
	}
	sha256_end(&sum, hex);
	if (error)
		printf(", \"unreadable\": %d", error);
	else
		printf(", \"%s\": \"%s\"", size <= WHOLE_HASH_MOST ? "sha256" : "sha256_segs", hex);
	if (size && !(count == 1 && segments[0][0] == 0 && segments[0][1] == size)) {
		printf(", \"segs\": [");
		for (size_t i = 0; i < count; i++)
			printf("%s[%lld, %lld]", i ? ", " : "", (long long)segments[i][0], (long long)segments[i][1]);
		putchar(']');
	}
	free(segments);
	close(fd);
}

static char type_letter(mode_t mode)
{
	switch (mode & S_IFMT) {
	case S_IFREG: return 'f';
	case S_IFDIR: return 'd';
	case S_IFLNK: return 'l';
	case S_IFIFO: return 'p';
	case S_IFSOCK: return 's';
	case S_IFCHR: return 'c';
	default: return 'b';
	}
}

static void print_entry(const char *path, const char *relative, const struct stat *st)
{
	printf("{\"path\": ");
	print_string(relative);
	printf(", \"type\": \"%c\", \"mode\": \"%04o\", \"uid\": %u, \"gid\": %u, \"nlink\": %lu", type_letter(st->st_mode),
	       st->st_mode & 07777, st->st_uid, st->st_gid, (unsigned long)st->st_nlink);
	if (!S_ISDIR(st->st_mode))
		printf(", \"size\": %lld", (long long)st->st_size);
	printf(", \"mtime\": \"%lld.%09ld\"", (long long)st->st_mtim.tv_sec, st->st_mtim.tv_nsec);
	if (S_ISCHR(st->st_mode) || S_ISBLK(st->st_mode))
		printf(", \"rdev\": \"%u:%u\"", major(st->st_rdev), minor(st->st_rdev));
	if (S_ISLNK(st->st_mode)) {
		ssize_t length = readlink(path, buffer, sizeof(buffer) - 1);

		if (length < 0 && errno == EIO) {
			printf(", \"unreadable\": %d", errno);
		} else if (length < 0) {
			die("readlink", path);
		} else {
			buffer[length] = 0;
			printf(", \"target\": ");
			print_string(buffer);
		}
	}
	if (!S_ISDIR(st->st_mode) && st->st_nlink > 1) {
		printf(", \"hl\": ");
		print_string(first_of_links(st, path, relative));
	}
	print_xattrs(path);
	if (S_ISREG(st->st_mode))
		print_content(path, st->st_size);
	puts("}");
}

/* path is a buffer of PATH_MOST; root is the length of the part that is not printed. */
static void walk(char *path, size_t root)
{
	size_t length = strlen(path), count = 0;
	char **names = NULL;
	struct dirent *entry;
	DIR *directory = opendir(path);

	if (!directory)
		die("opendir", path);
	while ((errno = 0, entry = readdir(directory))) {
		if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, ".."))
			continue;
		names = realloc(names, (count + 1) * sizeof(*names));
		names[count++] = strdup(entry->d_name);
	}
	if (errno)
		die("readdir", path);
	closedir(directory);
	if (count)
		qsort(names, count, sizeof(*names), by_bytes);
	for (size_t i = 0; i < count; i++) {
		struct stat st;

		snprintf(path + length, PATH_MOST - length, "/%s", names[i]);
		if (lstat(path, &st)) {
			printf("{\"path\": ");
			print_string(path + root + 1);
			printf(", \"type\": \"?\", \"lstat_error\": %d}\n", errno);
		} else {
			print_entry(path, path + root + 1, &st);
			if (S_ISDIR(st.st_mode))
				walk(path, root);
		}
		path[length] = 0;
		free(names[i]);
	}
	free(names);
}

int main(int argc, char **argv)
{
	static char path[PATH_MOST];

	if (argc != 2)
		return 2;
	snprintf(path, sizeof(path), "%s", argv[1]);
	walk(path, strlen(path));
	return fflush(stdout) ? 1 : 0;
}
