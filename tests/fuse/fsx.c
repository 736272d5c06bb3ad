// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Random operations on one file against a model in memory.
 *
 *     fsx FILE SEED OPERATIONS    ends with 1, and the last operations, at the first difference
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/falloc.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum { MOST = 400000, BLOCK = 4096, DIRECT_MOST = 64 * BLOCK, KEPT = 40, TEXT = 96 };

static const char *path;
static uint64_t seed, state;
static int fd, direct;
static unsigned char model[MOST + BLOCK], buffer[MOST + BLOCK];
static unsigned char *aligned;
static long size;
static char lately[KEPT][TEXT];
static long done;

static uint64_t next(void)
{
	uint64_t z = (state += 0x9e3779b97f4a7c15u);

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return z ^ (z >> 31);
}

static long below(long limit)
{
	return (long)(next() % (uint64_t)limit);
}

static int chance(int percent)
{
	return below(100) < percent;
}

__attribute__((format(printf, 1, 2), noreturn)) static void differs(const char *format, ...)
{
	va_list words;

	printf("seed %llu, operation %ld: ", (unsigned long long)seed, done);
	va_start(words, format);
	vprintf(format, words);
	va_end(words);
	printf("; lately:\n");
	for (long i = done < KEPT ? 0 : done - KEPT + 1; i <= done; i++)
		printf("        %s\n", lately[i % KEPT]);
	exit(1);
}

__attribute__((format(printf, 1, 2))) static void note(const char *format, ...)
{
	va_list words;

	va_start(words, format);
	vsnprintf(lately[done % KEPT], TEXT, format, words);
	va_end(words);
}

static void insist(int holds, const char *what)
{
	if (!holds)
		differs("%s: %s", what, strerror(errno));
}

static void fill(unsigned char *into, long length)
{
	if (chance(50)) {
		memset(into, (int)below(256), (size_t)length);
		return;
	}
	for (long i = 0; i < length; i += 8) {
		uint64_t word = next();

		memcpy(into + i, &word, (size_t)(length - i < 8 ? length - i : 8));
	}
}

/* A range: often small, often at blocks' edges. */
static void place(long beyond, long *offset, long *length)
{
	static const long lengths[] = { 1, 100, 511, BLOCK, BLOCK + 1, 3 * BLOCK, 20000, 70000, 150000 };
	long most = size + beyond < MOST ? size + beyond : MOST;

	*offset = below(most + 1);
	if (chance(30))
		*offset = *offset / BLOCK * BLOCK;
	*length = lengths[below(sizeof(lengths) / sizeof(lengths[0]))];
	if (chance(70))
		*length = 1 + below(*length);
	if (*length > MOST - *offset)
		*length = MOST - *offset;
}

/* The model gets at least that large. */
static void grow(long end)
{
	if (end > size) {
		memset(model + size, 0, (size_t)(end - size));
		size = end;
	}
}

static void compare(long offset, const unsigned char *found, long length, const char *what)
{
	if (memcmp(model + offset, found, (size_t)length) == 0)
		return;
	long first = 0, wrong = 0;

	while (model[offset + first] == found[first])
		first++;
	for (long i = 0; i < length; i++)
		wrong += model[offset + i] != found[i];
	differs("%s at %ld, %ld bytes: byte %ld is %d, expected %d (%ld bytes differ, size %ld)", what, offset, length,
		offset + first, found[first], model[offset + first], wrong, size);
}

static void do_write(void)
{
	long offset, length;

	place(BLOCK * 20, &offset, &length);
	if (length <= 0)
		return;
	note("write %ld %ld", offset, length);
	fill(buffer, length);
	insist(pwrite(fd, buffer, (size_t)length, offset) == length, "write");
	grow(offset + length);
	memcpy(model + offset, buffer, (size_t)length);
}

static void do_append(void)
{
	long offset = size, length = 1 + below(9000);

	if (length > MOST - size)
		return;
	note("append %ld %ld", offset, length);
	fill(buffer, length);
	insist(pwrite(fd, buffer, (size_t)length, offset) == length, "append");
	grow(offset + length);
	memcpy(model + offset, buffer, (size_t)length);
}

static void do_read(void)
{
	long offset, length;

	place(0, &offset, &length);
	note("read %ld %ld", offset, length);
	long got = pread(fd, buffer, (size_t)length, offset);
	long expected = length < size - offset ? length : size - offset;

	if (got != expected)
		differs("read at %ld of %ld: %ld bytes, the size is %ld", offset, length, got, size);
	compare(offset, buffer, got, "read");
}

static void do_truncate(void)
{
	long kind = below(3), to = kind == 0 ? 0 : kind == 1 ? below(MOST) : below(size + 1);

	/* Mostly something else than nothing. */
	if (kind == 0 && chance(70))
		to = size / 2;
	note("truncate %ld", to);
	insist(ftruncate(fd, to) == 0, "truncate");
	if (to < size)
		size = to;
	else
		grow(to);
}

static void zeros(long offset, long length)
{
	long end = offset + length < size ? offset + length : size;

	if (offset < end)
		memset(model + offset, 0, (size_t)(end - offset));
}

static void do_punch(void)
{
	long offset, length;

	place(BLOCK, &offset, &length);
	if (length <= 0)
		return;
	note("punch %ld %ld", offset, length);
	insist(fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, offset, length) == 0, "punch");
	zeros(offset, length);
}

static void do_zero(void)
{
	long offset, length, keep = chance(50);

	place(BLOCK, &offset, &length);
	if (length <= 0)
		return;
	note("zero %ld %ld%s", offset, length, keep ? " keeping the size" : "");
	insist(fallocate(fd, FALLOC_FL_ZERO_RANGE | (keep ? FALLOC_FL_KEEP_SIZE : 0), offset, length) == 0, "zero");
	if (!keep)
		grow(offset + length);
	zeros(offset, length);
}

static void do_allocate(void)
{
	long offset, length, keep = chance(50);

	place(BLOCK, &offset, &length);
	if (length <= 0)
		return;
	note("allocate %ld %ld%s", offset, length, keep ? " keeping the size" : "");
	insist(fallocate(fd, keep ? FALLOC_FL_KEEP_SIZE : 0, offset, length) == 0, "allocate");
	if (!keep)
		grow(offset + length);
}

static void do_map(int writes)
{
	long offset, length;

	place(0, &offset, &length);
	if (length > size - offset)
		length = size - offset;
	if (length <= 0)
		return;
	note("map %s %ld %ld", writes ? "write" : "read", offset, length);
	unsigned char *map = mmap(NULL, (size_t)size, PROT_READ | (writes ? PROT_WRITE : 0), MAP_SHARED, fd, 0);

	insist(map != MAP_FAILED, "mmap");
	if (writes) {
		fill(model + offset, length);
		memcpy(map + offset, model + offset, (size_t)length);
		if (chance(10))
			insist(msync(map, (size_t)size, MS_SYNC) == 0, "msync");
	} else {
		compare(offset, map + offset, length, "map read");
		/* Behind the end the last page shows zeros. */
		for (long i = size; i % BLOCK != 0; i++)
			if (map[i] != 0)
				differs("byte %ld behind the end, size %ld, is %d in a mapping", i, size, map[i]);
	}
	insist(munmap(map, (size_t)size) == 0, "munmap");
}

static void do_map_write(void)
{
	do_map(1);
}

static void do_map_read(void)
{
	do_map(0);
}

static void do_copy(void)
{
	long offset, length, target = below((size + BLOCK < MOST ? size + BLOCK : MOST) + 1);

	place(0, &offset, &length);
	if (chance(50)) {
		offset = offset / BLOCK * BLOCK;
		target = target / BLOCK * BLOCK;
		length = (length + BLOCK - 1) / BLOCK * BLOCK;
	}
	if (length > size - offset)
		length = size - offset;
	if (length > MOST - target)
		length = MOST - target;
	if (length <= 0 || (offset < target + length && target < offset + length))
		return;
	note("copy %ld to %ld, %ld", offset, target, length);
	for (long copied = 0; copied < length;) {
		loff_t from = offset + copied, to = target + copied;
		ssize_t step = copy_file_range(fd, &from, fd, &to, (size_t)(length - copied), 0);

		insist(step > 0, "copy_file_range");
		grow(target + copied + step);
		memmove(model + target + copied, model + offset + copied, (size_t)step);
		copied += step;
	}
}

static void do_sync(void)
{
	note("sync");
	insist(fsync(fd) == 0, "fsync");
}

/* The page cache is dropped, so that what is read next comes from the filesystem. */
static void do_forget(void)
{
	note("forget");
	insist(fdatasync(fd) == 0, "fdatasync");
	insist(posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED) == 0, "fadvise");
}

static int direct_range(long *offset, long *length)
{
	place(0, offset, length);
	*offset = *offset / 512 * 512;
	*length = *length < 512 ? 512 : *length / 512 * 512;
	if (*length > DIRECT_MOST)
		*length = DIRECT_MOST;
	if (*length > (MOST - *offset) / 512 * 512)
		*length = (MOST - *offset) / 512 * 512;
	return *length > 0;
}

static void do_direct_write(void)
{
	long offset, length;

	if (!direct_range(&offset, &length))
		return;
	note("direct write %ld %ld", offset, length);
	fill(aligned, length);
	insist(pwrite(direct, aligned, (size_t)length, offset) == length, "direct write");
	grow(offset + length);
	memcpy(model + offset, aligned, (size_t)length);
}

static void do_direct_read(void)
{
	long offset, length;

	if (!direct_range(&offset, &length))
		return;
	note("direct read %ld %ld", offset, length);
	long got = pread(direct, aligned, (size_t)length, offset);
	long expected = size < offset ? 0 : length < size - offset ? length : size - offset;

	if (got != expected)
		differs("direct read at %ld of %ld: %ld bytes, the size is %ld", offset, length, got, size);
	compare(offset, aligned, got, "direct read");
}

static void do_reopen(void)
{
	note("reopen");
	insist(close(fd) == 0, "close");
	fd = open(path, O_RDWR);
	insist(fd >= 0, "open");
}

static void do_sizes(void)
{
	struct stat seen;

	note("size");
	insist(fstat(fd, &seen) == 0, "fstat");
	if (seen.st_size != size)
		differs("size: expected %ld, is %ld", size, (long)seen.st_size);
}

static const struct {
	void (*run)(void);
	int weight;
} operations[] = {
	{ do_write, 200 }, { do_append, 50 }, { do_read, 200 }, { do_truncate, 50 }, { do_punch, 60 },
	{ do_zero, 40 }, { do_allocate, 30 }, { do_map_write, 80 }, { do_map_read, 60 }, { do_copy, 40 },
	{ do_sync, 5 }, { do_forget, 15 }, { do_direct_write, 60 }, { do_direct_read, 40 }, { do_reopen, 10 },
	{ do_sizes, 20 },
};

static void step(void)
{
	long total = 0, which;
	size_t i = 0;

	for (size_t each = 0; each < sizeof(operations) / sizeof(operations[0]); each++)
		total += operations[each].weight;
	which = below(total);
	while (which >= operations[i].weight)
		which -= operations[i++].weight;
	snprintf(lately[done % KEPT], TEXT, "nothing");
	operations[i].run();
}

/* All of it, from the filesystem. */
static void whole(void)
{
	snprintf(lately[done % KEPT], TEXT, "end");
	insist(fsync(fd) == 0, "fsync");
	insist(posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED) == 0, "fadvise");
	long got = pread(fd, buffer, MOST + 1, 0);

	if (got != size)
		differs("at the end %ld bytes, expected %ld", got, size);
	compare(0, buffer, got, "at the end");
}

int main(int count, char **words)
{
	if (count != 4) {
		fprintf(stderr, "fsx FILE SEED OPERATIONS\n");
		return 2;
	}
	path = words[1];
	seed = state = strtoull(words[2], NULL, 10);
	long wanted = strtol(words[3], NULL, 10);

	aligned = aligned_alloc(BLOCK, DIRECT_MOST);
	fd = open(path, O_CREAT | O_TRUNC | O_RDWR, 0600);
	insist(fd >= 0, "open");
	direct = open(path, O_RDWR | O_DIRECT);
	insist(direct >= 0, "open with O_DIRECT");
	for (done = 0; done < wanted; done++)
		step();
	whole();
	printf("no difference: seed %llu, %ld operations\n", (unsigned long long)seed, wanted);
	return 0;
}
