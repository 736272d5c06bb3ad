/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Block I/O through the shim, checked through the plain nodes, the kernel's trace and the devices' own counters. */
#define _GNU_SOURCE
#include "shim-client.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <unistd.h>

#define MIB (1u << 20)

static void information_names_version_and_features(void)
{
	struct jbcachefs_info info;
	int shim = shim_open();

	memset(&info, 0xff, sizeof(info));
	CHECK(!ioctl(shim, JBCACHEFS_IOC_INFO, &info));
	CHECK(info.version[0] && memchr(info.version, 0, sizeof(info.version)));
	CHECK_EQUAL(0, info.features & ~15ULL);
	CHECK(!info.reserved[0] && !info.reserved[1] && !info.reserved[2]);
	printf("    version %s, features %llx\n", info.version, (unsigned long long)info.features);
	close(shim);
}

/* One of the fields, counted from 1, of the device's own statistics. */
enum { DISCARDS = 12, FLUSHES = 16 };

static long long counted(const char *name, int field)
{
	char path[128];
	long long fields[17] = { 0 };
	FILE *file;

	snprintf(path, sizeof(path), "/sys/block/%s/stat", name);
	file = fopen(path, "r");
	CHECK(file);
	for (int i = 0; i < 17 && fscanf(file, "%lld", &fields[i]) == 1; i++)
		;
	fclose(file);
	return fields[field - 1];
}

static void geometry_agrees_with_sysfs(void)
{
	int shim = shim_open();
	struct jbcachefs_geometry geometry = shim_geometry(shim, shim_claim(shim, DISK_A));
	char path[128];

	snprintf(path, sizeof(path), "/sys/block/%s/size", geometry.name);
	CHECK_EQUAL(number_in(path) * 512, geometry.size);
	snprintf(path, sizeof(path), "/sys/block/%s/queue/logical_block_size", geometry.name);
	CHECK_EQUAL(number_in(path), geometry.logical_block);
	snprintf(path, sizeof(path), "/sys/block/%s/queue/physical_block_size", geometry.name);
	CHECK_EQUAL(number_in(path), geometry.physical_block);
	snprintf(path, sizeof(path), "/sys/block/%s/queue/rotational", geometry.name);
	CHECK_EQUAL(number_in(path), !!(geometry.flags & JBCACHEFS_GEOMETRY_ROTATIONAL));
	snprintf(path, sizeof(path), "/sys/block/%s/queue/fua", geometry.name);
	CHECK_EQUAL(number_in(path), !!(geometry.flags & JBCACHEFS_GEOMETRY_FUA));
	snprintf(path, sizeof(path), "/sys/block/%s/queue/discard_max_bytes", geometry.name);
	CHECK_EQUAL(number_in(path), geometry.max_discard);
	snprintf(path, sizeof(path), "/sys/block/%s/queue/write_zeroes_max_bytes", geometry.name);
	CHECK_EQUAL(number_in(path), geometry.max_write_zeroes);
	CHECK(geometry.flags & JBCACHEFS_GEOMETRY_WRITE);
	CHECK(!(geometry.flags & (JBCACHEFS_GEOMETRY_READ_ONLY | JBCACHEFS_GEOMETRY_DEAD)));
	close(shim);
}

static void what_is_written_is_on_the_device(void)
{
	static const size_t sizes[] = { 512, 4096, 4608, 65536, MIB - 512, MIB, 3 * MIB + 512, 8 * MIB };
	int shim = shim_open();
	uint32_t claim = shim_claim(shim, DISK_A);
	char *data = aligned_memory(8 * MIB), *back = aligned_memory(8 * MIB);

	for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
		uint64_t offset = MIB + 512 * i;

		fill_memory(data, sizes[i], i);
		shim_must(shim, shim_request(JBCACHEFS_OP_WRITE, claim, offset, data, sizes[i]));
		plain_read(DISK_A, offset, back, sizes[i]);
		CHECK(!memcmp(data, back, sizes[i]));
	}
	close(shim);
	free(data);
	free(back);
}

static void what_is_on_the_device_is_read(void)
{
	int shim = shim_open();
	uint32_t claim;
	char *data = aligned_memory(8 * MIB), *back = aligned_memory(8 * MIB);

	fill_memory(data, 8 * MIB, 77);
	plain_write(DISK_A, 0, data, 8 * MIB);
	claim = shim_claim(shim, DISK_A);
	for (size_t length = 512; length <= 4 * MIB; length = length * 3 / 512 * 512 + 512) {
		memset(back, 0, 8 * MIB);
		/* memory that begins within a page */
		shim_must(shim, shim_request(JBCACHEFS_OP_READ, claim, length, back + 512, length));
		CHECK(!memcmp(data + length, back + 512, length));
		CHECK_EQUAL(0, back[511] | back[512 + length]);
	}
	close(shim);
	free(data);
	free(back);
}

/* What lies in the page cache of the node, not on the device yet, when the claim is made. */
static void a_claim_begins_with_all_that_others_wrote(void)
{
	int shim = shim_open(), plain = open(DISK_A, O_RDWR | O_CLOEXEC);
	char *data = aligned_memory(65536), *back = aligned_memory(65536);
	uint32_t claim;

	fill_memory(data, 65536, 21);
	CHECK_EQUAL(65536, pwrite(plain, data, 65536, 8 * MIB));
	claim = shim_claim(shim, DISK_A);
	shim_must(shim, shim_request(JBCACHEFS_OP_READ, claim, 8 * MIB, back, 65536));
	CHECK(!memcmp(data, back, 65536));
	close(plain);
	close(shim);
	free(data);
	free(back);
}

static void reading_fills_pages_never_touched_and_shared_ones(void)
{
	int shim = shim_open(), file = memfd_create("shared", MFD_CLOEXEC);
	uint32_t claim = shim_claim(shim, DISK_A);
	char *data = aligned_memory(MIB), *fresh, *shared;

	fill_memory(data, MIB, 5);
	shim_must(shim, shim_request(JBCACHEFS_OP_WRITE, claim, 0, data, MIB));
	CHECK(!ftruncate(file, MIB));
	fresh = mmap(NULL, MIB, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	shared = mmap(NULL, MIB, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
	shim_must(shim, shim_request(JBCACHEFS_OP_READ, claim, 0, fresh, MIB));
	shim_must(shim, shim_request(JBCACHEFS_OP_READ, claim, 0, shared, MIB));
	CHECK(!memcmp(data, fresh, MIB));
	CHECK(!memcmp(data, shared, MIB));
	munmap(fresh, MIB);
	munmap(shared, MIB);
	close(file);
	close(shim);
	free(data);
}

static void segments_are_gathered_and_scattered(void)
{
	enum { COUNT = JBCACHEFS_MAX_SEGMENTS };
	struct jbcachefs_segment segments[COUNT];
	int shim = shim_open();
	uint32_t claim = shim_claim(shim, DISK_A);
	char *data = aligned_memory(MIB), *back = aligned_memory(MIB);
	struct jbcachefs_io io;
	size_t length = 0;

	fill_memory(data, MIB, 9);
	/* from the end of the memory to its start, of growing sizes */
	for (int i = 0; i < COUNT; i++) {
		segments[i].length = 512 * (1 + i % 9);
		length += segments[i].length;
		segments[i].address = (uintptr_t)data + MIB - length;
	}
	io = shim_request(JBCACHEFS_OP_WRITE, claim, 4096, segments, length);
	io.segments = COUNT;
	shim_must(shim, io);
	plain_read(DISK_A, 4096, back, length);
	for (size_t i = 0, at = 0; i < COUNT; at += segments[i++].length)
		CHECK(!memcmp(back + at, (void *)(uintptr_t)segments[i].address, segments[i].length));

	memcpy(back, data, MIB);
	memset(data, 0, MIB);
	io.opcode = JBCACHEFS_OP_READ;
	shim_must(shim, io);
	CHECK(!memcmp(back + MIB - length, data + MIB - length, length));
	close(shim);
	free(data);
	free(back);
}

/* From within pages, across them, of all of it; what lies beside it is not touched. */
static void registered_memory_is_written_and_read(void)
{
	static const struct { uint64_t at, length; } pieces[] = {
		{ 0, 512 }, { 512, 512 }, { 3584, 1024 }, { 4096, 4096 }, { 4608, 65536 }, { 512, 3 * MIB + 512 }, { 0, 8 * MIB },
	};
	int shim = shim_open();
	uint32_t claim = shim_claim(shim, DISK_A);
	char *memory = aligned_memory(9 * MIB), *data = memory + 1024, *expected = aligned_memory(9 * MIB);
	uint32_t buffer = shim_register(shim, data, 8 * MIB);
	struct jbcachefs_io io;

	for (size_t i = 0; i < sizeof(pieces) / sizeof(*pieces); i++) {
		fill_memory(memory, 9 * MIB, 100 + i);
		memcpy(expected, memory, 9 * MIB);
		io = shim_request(JBCACHEFS_OP_WRITE, claim, MIB, data + pieces[i].at, pieces[i].length);
		io.buffer = buffer;
		shim_must(shim, io);
		memset(data + pieces[i].at, 0, pieces[i].length);
		plain_read(DISK_A, MIB, memory + 8 * MIB + 4096, pieces[i].length < 65536 ? pieces[i].length : 65536);
		CHECK(!memcmp(memory + 8 * MIB + 4096, expected + 1024 + pieces[i].at, pieces[i].length < 65536 ? pieces[i].length : 65536));
		memcpy(memory + 8 * MIB + 4096, expected + 8 * MIB + 4096, 65536);
		io.opcode = JBCACHEFS_OP_READ;
		shim_must(shim, io);
		CHECK(!memcmp(memory, expected, 9 * MIB));
	}
	close(shim);
	free(memory);
	free(expected);
}

/* Segments out of one buffer, to three devices. */
static void registered_segments_go_to_many_places(void)
{
	int shim = shim_open();
	uint32_t claims[] = { shim_claim(shim, DISK_A), shim_claim(shim, DISK_B), shim_claim(shim, DISK_C) };
	static const char *const paths[] = { DISK_A, DISK_B, DISK_C };
	char *data = aligned_memory(MIB), *back = aligned_memory(MIB);
	struct jbcachefs_segment segments[] = { { (uintptr_t)data + 65536, 8192 }, { (uintptr_t)data + 512, 512 }, { (uintptr_t)data + 200704, 12288 } };
	struct jbcachefs_target targets[] = { { 4096, claims[0], 0 }, { 0, claims[1], 0 }, { MIB, claims[2], 0 } };
	struct jbcachefs_io io = shim_request(JBCACHEFS_OP_WRITE, 0, 0, segments, 8192 + 512 + 12288);

	fill_memory(data, MIB, 7);
	io.buffer = shim_register(shim, data, MIB);
	io.segments = io.targets = 3;
	io.target_address = (uintptr_t)targets;
	shim_must(shim, io);
	for (int i = 0; i < 3; i++) {
		plain_read(paths[i], targets[i].offset, back, io.length);
		CHECK(!memcmp(back, data + 65536, 8192) && !memcmp(back + 8192, data + 512, 512) && !memcmp(back + 8704, data + 200704, 12288));
	}
	close(shim);
	free(data);
	free(back);
}

/* The pages are those that were there when it was registered. */
static void registered_memory_stays_what_it_was(void)
{
	int shim = shim_open();
	uint32_t claim = shim_claim(shim, DISK_A);
	char *data = mmap(NULL, 65536, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), *back = aligned_memory(65536);
	char *first = aligned_memory(65536);
	struct jbcachefs_io io;

	CHECK(data != MAP_FAILED);
	fill_memory(data, 65536, 5);
	memcpy(first, data, 65536);
	io = shim_request(JBCACHEFS_OP_WRITE, claim, 0, data, 65536);
	io.buffer = shim_register(shim, data, 65536);
	CHECK(mmap(data, 65536, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == data);
	shim_must(shim, io);
	plain_read(DISK_A, 0, back, 65536);
	CHECK(!memcmp(first, back, 65536));
	munmap(data, 65536);
	close(shim);
	free(back);
	free(first);
}

static void one_write_goes_to_many_places(void)
{
	int shim = shim_open();
	uint32_t a = shim_claim(shim, DISK_A), b = shim_claim(shim, DISK_B), c = shim_claim(shim, DISK_C);
	struct jbcachefs_target targets[JBCACHEFS_MAX_TARGETS] = {
		{ 0, a, 0 }, { MIB, b, 0 }, { 7 * MIB, c, 0 }, { 3 * MIB, a, 0 },
		{ 5 * MIB, b, 0 }, { 9 * MIB, c, 0 }, { 11 * MIB, a, 0 }, { 13 * MIB, b, 0 },
	};
	static const char *const paths[] = { DISK_A, DISK_B, DISK_C, DISK_A, DISK_B, DISK_C, DISK_A, DISK_B };
	char *data = aligned_memory(MIB), *back = aligned_memory(MIB);
	struct jbcachefs_io io;

	fill_memory(data, MIB, 42);
	io = shim_request(JBCACHEFS_OP_WRITE, 0, 0, data, MIB);
	io.targets = JBCACHEFS_MAX_TARGETS;
	io.target_address = (uintptr_t)targets;
	io.flags = JBCACHEFS_IO_FUA | JBCACHEFS_IO_PREFLUSH;
	shim_must(shim, io);
	for (int i = 0; i < JBCACHEFS_MAX_TARGETS; i++) {
		memset(back, 0, MIB);
		plain_read(paths[i], targets[i].offset, back, MIB);
		CHECK(!memcmp(data, back, MIB));
	}
	close(shim);
	free(data);
	free(back);
}

static void zeroes_discards_and_flushes_do_what_they_say(void)
{
	int shim = shim_open();
	uint32_t claim = shim_claim(shim, DISK_A), other = shim_claim(shim, DISK_B);
	struct jbcachefs_geometry geometry = shim_geometry(shim, claim);
	const char *name = geometry.name;
	struct jbcachefs_target both[] = { { MIB, claim, 0 }, { 2 * MIB, other, 0 } };
	struct jbcachefs_io io;
	char *data = aligned_memory(4 * MIB), *back = aligned_memory(4 * MIB);
	long long before;

	fill_memory(data, 4 * MIB, 3);
	shim_must(shim, shim_request(JBCACHEFS_OP_WRITE, claim, 0, data, 4 * MIB));
	shim_must(shim, shim_request(JBCACHEFS_OP_WRITE, other, 0, data, 4 * MIB));
	io = shim_request(JBCACHEFS_OP_WRITE_ZEROES, 0, 0, NULL, 512 * 1024);
	io.targets = 2;
	io.target_address = (uintptr_t)both;
	shim_must(shim, io);
	plain_read(DISK_A, 0, back, 4 * MIB);
	memset(data + MIB, 0, 512 * 1024);
	CHECK(!memcmp(data, back, 4 * MIB));
	plain_read(DISK_B, 2 * MIB, back, 512 * 1024);
	CHECK(!memcmp(data + MIB, back, 512 * 1024));

	io = shim_request(JBCACHEFS_OP_WRITE_ZEROES, claim, 3 * MIB, NULL, 4096);
	io.flags = JBCACHEFS_IO_NOUNMAP;
	shim_must(shim, io);
	plain_read(DISK_A, 3 * MIB, back, 8192);
	memset(data + 3 * MIB, 0, 4096);
	CHECK(!memcmp(data + 3 * MIB, back, 8192));

	before = counted(name, DISCARDS);
	shim_must(shim, shim_request(JBCACHEFS_OP_DISCARD, claim, 2 * MIB, NULL, MIB));
	CHECK_EQUAL(before + 1, counted(name, DISCARDS));
	plain_read(DISK_A, MIB, back, MIB);
	CHECK(!memcmp(data + MIB, back, MIB));
	plain_read(DISK_A, 3 * MIB, back, MIB);
	CHECK(!memcmp(data + 3 * MIB, back, MIB));
	shim_must(shim, shim_request(JBCACHEFS_OP_FLUSH, claim, 0, NULL, 0));
	both[0].offset = both[1].offset = 0;
	io = shim_request(JBCACHEFS_OP_FLUSH, 0, 0, NULL, 0);
	io.targets = 2;
	io.target_address = (uintptr_t)both;
	shim_must(shim, io);
	close(shim);
	free(data);
	free(back);
}

/* The null_blk devices can neither discard nor zero. */
static void what_a_device_cannot_do_is_told(void)
{
	int shim = shim_open();
	uint32_t claim = shim_claim(shim, "/dev/nullb0");
	struct jbcachefs_geometry geometry = shim_geometry(shim, claim);
	struct jbcachefs_io io = shim_request(JBCACHEFS_OP_WRITE_ZEROES, claim, 0, NULL, MIB);
	struct jbcachefs_completion completion;

	CHECK_EQUAL(0, geometry.max_discard);
	CHECK_EQUAL(0, geometry.max_write_zeroes);
	completion = shim_do(shim, shim_request(JBCACHEFS_OP_DISCARD, claim, 0, NULL, MIB));
	CHECK_EQUAL(-EOPNOTSUPP, completion.result);
	CHECK_EQUAL(1, completion.failed);
	shim_must(shim, io);
	io.flags = JBCACHEFS_IO_NOFALLBACK;
	CHECK_EQUAL(-EOPNOTSUPP, shim_do(shim, io).result);
	close(shim);
}

static void the_nodes_page_cache_shows_what_was_written(void)
{
	int shim = shim_open(), plain = open(DISK_A, O_RDONLY | O_CLOEXEC);
	uint32_t claim = shim_claim(shim, DISK_A);
	struct shim_ring ring = shim_ring(shim, 8, -1);
	struct jbcachefs_completion completion;
	struct jbcachefs_io io;
	char *data = aligned_memory(65536), back[65536];

	CHECK_EQUAL(65536, pread(plain, back, 65536, 0));
	fill_memory(data, 65536, 1);
	shim_must(shim, shim_request(JBCACHEFS_OP_WRITE, claim, 0, data, 65536));
	CHECK_EQUAL(65536, pread(plain, back, 65536, 0));
	CHECK(!memcmp(data, back, 65536));
	fill_memory(data, 65536, 2);
	io = shim_request(JBCACHEFS_OP_WRITE, claim, 0, data, 65536);
	CHECK_EQUAL(1, shim_submit(shim, &io, 1, 1));
	CHECK(shim_reap(&ring, &completion));
	CHECK_EQUAL(65536, completion.result);
	CHECK_EQUAL(65536, pread(plain, back, 65536, 0));
	CHECK(!memcmp(data, back, 65536));
	munmap(ring.head, ring.bytes);
	close(plain);
	close(shim);
	free(data);
}

/* -- flags, seen by the block layer's trace -- */

#define TRACING "/sys/kernel/tracing"

static void trace(const char *event, const char *on)
{
	char path[96];

	snprintf(path, sizeof(path), TRACING "/events/block/%s/enable", event);
	if (access(path, F_OK))
		CHECK(!mount("none", TRACING, "tracefs", 0, NULL));
	write_text(TRACING "/trace", "\n");
	write_text(path, on);
}

/* How often the event was traced with these flags. */
static int count_in_trace(const char *event, const char *flags)
{
	char line[512], wanted[32];
	FILE *trace = fopen(TRACING "/trace", "r");
	int found = 0;

	snprintf(wanted, sizeof(wanted), " %s ", flags);
	CHECK(trace);
	while (fgets(line, sizeof(line), trace))
		found += strstr(line, event) && strstr(line, wanted);
	fclose(trace);
	return found;
}

/* Does a request while the event is traced; how often it was, with these flags. */
static int do_traced(int shim, struct jbcachefs_io io, const char *event, const char *flags)
{
	char path[96];
	int found;

	trace(event, "1");
	shim_must(shim, io);
	found = count_in_trace(event, flags);
	snprintf(path, sizeof(path), TRACING "/events/block/%s/enable", event);
	write_text(path, "0");
	return found;
}

static void flags_reach_the_block_layer(void)
{
	static const struct {
		uint32_t flags;
		const char *trace;
	} cases[] = {
		{ 0, "W" }, { JBCACHEFS_IO_FUA, "WF" }, { JBCACHEFS_IO_PREFLUSH, "FW" }, { JBCACHEFS_IO_META, "WM" },
		{ JBCACHEFS_IO_SYNC, "WS" }, { JBCACHEFS_IO_PREFLUSH | JBCACHEFS_IO_FUA | JBCACHEFS_IO_META | JBCACHEFS_IO_SYNC, "FWFSM" },
	};
	int shim = shim_open();
	uint32_t claim = shim_claim(shim, DISK_A);
	char *data = aligned_memory(4096);
	struct jbcachefs_io io;

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		io = shim_request(JBCACHEFS_OP_WRITE, claim, 0, data, 4096);
		io.flags = cases[i].flags;
		CHECK_EQUAL(1, do_traced(shim, io, "block_bio_queue", cases[i].trace));
	}
	io = shim_request(JBCACHEFS_OP_READ, claim, 0, data, 4096);
	io.flags = JBCACHEFS_IO_META | JBCACHEFS_IO_SYNC | JBCACHEFS_IO_PRIO;
	CHECK_EQUAL(1, do_traced(shim, io, "block_bio_queue", "RSM"));
	close(shim);
	free(data);
}

/* The scsi_debug disk has FUA, so it gets the flag itself and no flush. */
static void fua_reaches_a_device_that_has_it(void)
{
	char path[32];
	int shim = shim_open();
	uint32_t claim = shim_claim(shim, scsi_disk(path));
	struct jbcachefs_geometry geometry = shim_geometry(shim, claim);
	char *data = aligned_memory(4096);
	struct jbcachefs_io io = shim_request(JBCACHEFS_OP_WRITE, claim, 0, data, 4096);
	long long before = counted(geometry.name, FLUSHES);

	CHECK(geometry.flags & JBCACHEFS_GEOMETRY_FUA);
	CHECK_EQUAL(1, do_traced(shim, io, "block_rq_issue", "W"));
	io.flags = JBCACHEFS_IO_FUA;
	/* what goes to a disk with its own FUA is made synchronous on the way */
	CHECK_EQUAL(1, do_traced(shim, io, "block_rq_issue", "WFS"));
	CHECK_EQUAL(before, counted(geometry.name, FLUSHES));
	io.flags = JBCACHEFS_IO_FUA | JBCACHEFS_IO_PREFLUSH;
	CHECK_EQUAL(1, do_traced(shim, io, "block_rq_issue", "WFS"));
	CHECK_EQUAL(before + 1, counted(geometry.name, FLUSHES));
	close(shim);
	free(data);
}

static void flushes_reach_the_device(void)
{
	int shim = shim_open();
	uint32_t claim = shim_claim(shim, DISK_A);
	struct jbcachefs_geometry geometry = shim_geometry(shim, claim);
	char *data = aligned_memory(4096);
	struct jbcachefs_io io = shim_request(JBCACHEFS_OP_WRITE, claim, 0, data, 4096);
	long long before = counted(geometry.name, FLUSHES);
	int by_fua = geometry.flags & JBCACHEFS_GEOMETRY_FUA ? 0 : 1;

	CHECK(geometry.flags & JBCACHEFS_GEOMETRY_WRITE_CACHE);
	shim_must(shim, io);
	CHECK_EQUAL(before, counted(geometry.name, FLUSHES));
	shim_must(shim, shim_request(JBCACHEFS_OP_FLUSH, claim, 0, NULL, 0));
	CHECK_EQUAL(before + 1, counted(geometry.name, FLUSHES));
	io.flags = JBCACHEFS_IO_PREFLUSH;
	shim_must(shim, io);
	CHECK_EQUAL(before + 2, counted(geometry.name, FLUSHES));
	io.flags = JBCACHEFS_IO_FUA;
	shim_must(shim, io);
	CHECK_EQUAL(before + 2 + by_fua, counted(geometry.name, FLUSHES));
	close(shim);
	free(data);
}

int main(int argc, char **argv)
{
	static const struct test tests[] = {
#define TEST(name) { #name, name }
		TEST(information_names_version_and_features),
		TEST(geometry_agrees_with_sysfs),
		TEST(what_is_written_is_on_the_device),
		TEST(what_is_on_the_device_is_read),
		TEST(a_claim_begins_with_all_that_others_wrote),
		TEST(reading_fills_pages_never_touched_and_shared_ones),
		TEST(segments_are_gathered_and_scattered),
		TEST(registered_memory_is_written_and_read),
		TEST(registered_segments_go_to_many_places),
		TEST(registered_memory_stays_what_it_was),
		TEST(one_write_goes_to_many_places),
		TEST(zeroes_discards_and_flushes_do_what_they_say),
		TEST(what_a_device_cannot_do_is_told),
		TEST(the_nodes_page_cache_shows_what_was_written),
		TEST(flags_reach_the_block_layer),
		TEST(fua_reaches_a_device_that_has_it),
		TEST(flushes_reach_the_device),
	};

	return RUN_TESTS(tests, argc, argv);
}
