/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * shim-fuzz SEED CALLS DEVICE...: random calls to /dev/jbcachefs from several processes at once.
 *
 * Arguments are made right and then, mostly, made wrong in a few places; addresses are of memory that is good, partly
 * unmapped, read-only, the kernel's, or being unmapped by another thread. No call may hang, and the kernel may say
 * nothing of it; whether memory came back is judged by who started this.
 */
#define _GNU_SOURCE
#include "random.h"
#include "shim-client.h"

#include <fcntl.h>
#include <linux/io_uring.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define PROCESSES 4
#define SHIMS 3
#define ARENA (4u << 20)
#define STUCK_SECONDS 120
/* Calls after which every kind must have been accepted once. */
#define ENOUGH 20000

static struct random seeded;
static char *arena;
static const char *read_only_page;
static char *const *devices;
static int device_count;
static int shims[SHIMS];
/* Where the kernel tells what became of the requests of a batch. */
#define MOST_IN_BATCH 6
static struct jbcachefs_completion *completions;

/* What was accepted, by kind: a fuzzer whose calls are all refused at the door shows nothing. */
enum kind { CLAIM, RELEASE, ASK, EVENT, IO, SUBMIT, RING, URING, REGISTER, CALL, RECEIVE, REPLY, TRANSFER, REGISTERED, KINDS };

static const char *const kind_names[KINDS] = {
	"claims", "releases", "questions", "events", "batches waited for", "batches submitted", "rings", "io_uring commands",
	"registrations", "calls answered", "calls received", "replies", "transfers of data", "buffers",
};

static unsigned long calls, accepted[KINDS];
/* By the thread that serves. */
static unsigned long served_calls, served_receives, served_replies;

static uint64_t below(uint64_t bound)
{
	return random_below(&seeded, bound);
}

static int one_in(uint64_t bound)
{
	return below(bound) == 0;
}

static void took(enum kind kind, int yes)
{
	accepted[kind] += yes != 0;
}

/* -- hostile memory -- */

/*
 * Memory that nothing of the program's own is near: where the kernel is told to write is damaged a
 * little now and then, and then it writes there.
 */
static void *far_memory(uintptr_t address, size_t bytes)
{
	void *memory = mmap((void *)address, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);

	if (memory != (void *)address)
		_exit(3);
	return memory;
}

/* Maps and unmaps pieces in the second half of the arena for ever. */
static void *unmap_pieces(void *unused)
{
	struct random random = { 99 };

	(void)unused;
	for (;;) {
		char *piece = arena + ARENA / 2 + 4096 * random_below(&random, ARENA / 8192 - 64);
		size_t bytes = 4096 * (1 + random_below(&random, 64));

		munmap(piece, bytes);
		usleep(500);
		mmap(piece, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
		usleep(500);
	}
	return NULL;
}

static uint64_t some_address(void)
{
	switch (below(16)) {
	case 0:
		return 0;
	case 1:
		return below(65536);
	case 2:
		return random_u64(&seeded);
	case 3:
		return 0xffff888000000000ULL + 4096 * below(1 << 20);
	case 4:
		return (uintptr_t)read_only_page + 512 * below(8);
	case 5:
		/* the arena's end: the rest is not there */
		return (uintptr_t)arena + ARENA - 512 * below(16);
	case 6: case 7: case 8:
		return (uintptr_t)arena + ARENA / 2 + 512 * below(ARENA / 1024);
	case 9:
		return (uintptr_t)arena + below(ARENA / 2);
	default:
		return (uintptr_t)arena + 4096 * below(ARENA / 8192);
	}
}

static uint64_t some_number(void)
{
	static const uint64_t edges[] = { 0, 1, 511, 512, 4096, 65536, 1 << 20, 8 << 20, 1 << 30, INT32_MAX, UINT32_MAX, INT64_MAX, UINT64_MAX };

	if (one_in(3))
		return edges[below(sizeof(edges) / sizeof(*edges))] + below(3) - 1;
	return random_scaled(&seeded, UINT64_MAX);
}

/* Overwrites a few bytes or words. */
static void damage(void *structure, size_t bytes)
{
	for (uint64_t times = one_in(2) ? 0 : 1 + below(3); times; times--) {
		uint64_t value = one_in(2) ? some_number() : random_u64(&seeded);
		size_t width = 1u << below(4), at = below(bytes / width) * width;

		memcpy((char *)structure + at, &value, width);
	}
}

/* -- the calls -- */

static uint32_t some_claim(void)
{
	return one_in(10) ? some_number() : one_in(3) ? 1 + below(4) : 1;
}

static uint64_t some_length(void)
{
	return one_in(8) ? some_number() : 512 * (1 + random_scaled(&seeded, 512));
}

/* Memory that is there, for as long a request as some_length() mostly gives. */
static uint64_t good_address(void)
{
	return (uintptr_t)arena + 4096 * below(ARENA / 2 / 4096 - 64);
}

/* A request that nothing is wrong with, if its claim is there. */
static struct jbcachefs_io good_io(void)
{
	uint8_t opcode = below(5);
	struct jbcachefs_io io = shim_request(opcode, 1, 4096 * below(1 << 10), NULL, 512 * (1 + random_scaled(&seeded, 511)));

	if (opcode == JBCACHEFS_OP_FLUSH)
		io.length = io.offset = 0;
	if (opcode <= JBCACHEFS_OP_WRITE) {
		io.segments = 1;
		io.address = good_address();
		io.buffer = one_in(3);
	}
	return io;
}

static struct jbcachefs_io some_io(struct jbcachefs_target *targets, struct jbcachefs_segment *segments)
{
	uint8_t opcode = below(5);
	struct jbcachefs_io io = shim_request(opcode, some_claim(), 4096 * below(1 << 14), NULL, some_length());

	if (opcode == JBCACHEFS_OP_FLUSH)
		io.length = io.offset = 0;
	io.flags = one_in(3) ? 1u << below(8) : 0;
	if (opcode <= JBCACHEFS_OP_WRITE) {
		io.buffer = one_in(3) ? below(4) : 0;
		io.segments = one_in(3) ? 1 + below(JBCACHEFS_MAX_SEGMENTS) : 1;
		io.address = some_address();
		if (io.segments > 1) {
			io.length = 0;
			for (int i = 0; i < io.segments; i++) {
				segments[i].address = some_address() & (one_in(4) ? ~0ULL : ~511ULL);
				segments[i].length = 512 * (1 + below(16));
				io.length += segments[i].length;
			}
			io.address = one_in(10) ? some_address() : (uintptr_t)segments;
		}
	}
	if (opcode != JBCACHEFS_OP_READ && one_in(3)) {
		io.targets = 2 + below(JBCACHEFS_MAX_TARGETS - 1);
		for (int i = 0; i < io.targets; i++)
			targets[i] = (struct jbcachefs_target){ opcode == JBCACHEFS_OP_FLUSH ? 0 : 4096 * below(1 << 14), some_claim(), 0 };
		io.claim = io.offset = 0;
		io.target_address = one_in(10) ? some_address() : (uintptr_t)targets;
	}
	return io;
}

static void some_batch(int shim, unsigned long command)
{
	enum { MOST = MOST_IN_BATCH };
	static struct jbcachefs_io ios[MOST];
	static struct jbcachefs_target targets[MOST][JBCACHEFS_MAX_TARGETS];
	static struct jbcachefs_segment segments[MOST][JBCACHEFS_MAX_SEGMENTS];
	struct jbcachefs_batch batch = { .requests = (uintptr_t)ios, .count = 1 + below(MOST) };

	for (int i = 0; i < MOST; i++) {
		int good = one_in(2);

		ios[i] = good ? good_io() : some_io(targets[i], segments[i]);
		ios[i].completion = command == JBCACHEFS_IOC_IO ? (uintptr_t)&completions[i] : 0;
		if (!good)
			damage(&ios[i], sizeof(ios[i]));
		completions[i].result = 0;
	}
	if (command == JBCACHEFS_IOC_SUBMIT && one_in(2))
		batch.wait = one_in(10) ? some_number() : 1 + below(8);
	damage(&batch, sizeof(batch));
	/* What a batch beyond the array holds is as good as anything else. */
	took(command == JBCACHEFS_IOC_IO ? IO : SUBMIT, ioctl(shim, command, &batch) == 0);
	for (int i = 0; i < MOST; i++)
		took(TRANSFER, completions[i].result > 0);
}

static void claim_or_release(int shim)
{
	int fd = open(devices[below(device_count)], one_in(2) ? O_RDONLY : O_RDWR);
	struct jbcachefs_claim claim = { .fd = one_in(20) ? (int)some_number() : fd, .flags = JBCACHEFS_CLAIM_WRITE };
	struct jbcachefs_release release = { .claim = some_claim() };

	if (one_in(2))
		damage(&claim, sizeof(claim));
	if (one_in(12))
		took(RELEASE, ioctl(shim, JBCACHEFS_IOC_RELEASE, &release) == 0);
	else
		took(CLAIM, ioctl(shim, JBCACHEFS_IOC_CLAIM, &claim) == 0);
	close(fd);
}

/* Mostly of the half of the arena that stays; also of what is unmapped meanwhile, and of nonsense. */
static void register_or_release(int shim)
{
	struct jbcachefs_buffer buffer = { .address = one_in(2) ? some_address() : (uintptr_t)arena, .length = one_in(3) ? some_number() : ARENA / 2 };
	struct jbcachefs_release_buffer release = { .buffer = below(5) };

	if (one_in(4)) {
		ioctl(shim, JBCACHEFS_IOC_RELEASE_BUFFER, &release);
		return;
	}
	if (one_in(3))
		damage(&buffer, sizeof(buffer));
	took(REGISTERED, ioctl(shim, JBCACHEFS_IOC_BUFFER, &buffer) == 0);
}

static void ask(int shim)
{
	struct jbcachefs_geometry geometry = { .claim = some_claim() };
	struct jbcachefs_claim_entry entry = { .serial = some_number() };
	struct jbcachefs_filesystem filesystem = { .serial = below(3), .members = some_address(), .members_size = some_number() };
	char events[256];

	damage(&geometry, sizeof(geometry));
	took(ASK, ioctl(shim, JBCACHEFS_IOC_GEOMETRY, &geometry) == 0);
	took(ASK, ioctl(shim, JBCACHEFS_IOC_NEXT_CLAIM, &entry) == 0);
	took(ASK, ioctl(shim, JBCACHEFS_IOC_NEXT_FILESYSTEM, &filesystem) == 0);
	took(EVENT, read(shim, one_in(4) ? (void *)some_address() : events, below(300)) > 0);
	calls += 3;
}

static void make_ring(int shim)
{
	int event = eventfd(0, EFD_NONBLOCK);
	struct jbcachefs_ring ring = { .entries = 1u << below(14), .eventfd = one_in(2) ? -1 : event };
	void *map;

	damage(&ring, sizeof(ring));
	took(RING, ioctl(shim, JBCACHEFS_IOC_RING, &ring) == 0);
	map = mmap(NULL, 4096 * below(40), PROT_READ | PROT_WRITE, MAP_SHARED, shim, 4096 * (one_in(4) ? below(3) : 0));
	if (map != MAP_FAILED) {
		struct jbcachefs_ring_head *head = map;

		head->head = one_in(2) ? head->tail : some_number();
		munmap(map, 4096);
	}
	close(event);
}

static void talk(int shim)
{
	struct jbcachefs_register registration = { .uuid = { below(PROCESSES) }, .members = some_address(), .members_length = below(70000) };
	struct jbcachefs_call call = { .uuid = { below(PROCESSES) }, .timeout_ms = 1 + below(20), .request = some_address(), .request_length = below(5000),
				       .reply = some_address(), .reply_size = below(5000) };
	struct jbcachefs_receive receive = { .buffer = some_address(), .size = below(6000) };
	struct jbcachefs_reply reply = { .buffer = some_address(), .length = below(6000) };

	switch (below(6)) {
	case 0:
		damage(&registration, sizeof(registration));
		took(REGISTER, ioctl(shim, JBCACHEFS_IOC_REGISTER, &registration) == 0);
		break;
	case 1:
		if (one_in(4))
			ioctl(shim, JBCACHEFS_IOC_UNREGISTER);
		break;
	case 2: case 3:
		if (one_in(2))
			damage(&call, sizeof(call));
		/* no limit would be no limit */
		if (!call.timeout_ms || call.timeout_ms > 20)
			call.timeout_ms = 1;
		took(CALL, ioctl(shim, JBCACHEFS_IOC_CALL, &call) == 0);
		break;
	default:
		if (!ioctl(shim, JBCACHEFS_IOC_RECEIVE, &receive)) {
			took(RECEIVE, 1);
			reply.id = receive.id;
		}
		damage(&reply, sizeof(reply));
		took(REPLY, ioctl(shim, JBCACHEFS_IOC_REPLY, &reply) == 0);
	}
}

/* Serves a filesystem on a file of its own, for ever: receives calls and answers them, not always well. */
static void *serve(void *number)
{
	struct random random = { (uintptr_t)number + 1000 };

	for (;;) {
		struct jbcachefs_register registration = { .uuid = { (uintptr_t)number } };
		int shim = open("/dev/jbcachefs", O_RDWR | O_NONBLOCK | O_CLOEXEC);

		ioctl(shim, JBCACHEFS_IOC_REGISTER, &registration);
		for (uint64_t left = 1 + random_below(&random, 200); left; left--) {
			struct pollfd ready = { .fd = shim, .events = POLLIN };
			struct jbcachefs_receive receive = { .buffer = (uintptr_t)arena, .size = random_below(&random, 8192) };
			struct jbcachefs_reply reply = { .buffer = (uintptr_t)arena, .length = random_below(&random, 6000) };

			poll(&ready, 1, 20);
			__atomic_add_fetch(&served_calls, 2, __ATOMIC_RELAXED);
			if (ioctl(shim, JBCACHEFS_IOC_RECEIVE, &receive))
				continue;
			__atomic_add_fetch(&served_receives, 1, __ATOMIC_RELAXED);
			reply.id = receive.id + (random_below(&random, 10) == 0);
			if (random_below(&random, 10) == 0)
				reply.buffer = random_u64(&random);
			__atomic_add_fetch(&served_replies, !ioctl(shim, JBCACHEFS_IOC_REPLY, &reply), __ATOMIC_RELAXED);
		}
		close(shim);
	}
	return NULL;
}

static void anything(int shim)
{
	uint64_t argument[40];
	unsigned int number = below(0x28);

	for (size_t i = 0; i < sizeof(argument) / sizeof(*argument); i++)
		argument[i] = one_in(2) ? 0 : one_in(2) ? some_number() : some_address();
	/* A call without a time limit may wait for ever, as it should: talk() gives one. */
	if (number == _IOC_NR(JBCACHEFS_IOC_CALL))
		return;
	ioctl(shim, _IOC(below(4), one_in(8) ? below(256) : JBCACHEFS_IOC_MAGIC, number, below(320)),
	      one_in(3) ? some_address() : (uintptr_t)argument);
}

/* One io_uring command, waited for; the ring is made for it and thrown away, now and then before it is done. */
static void by_io_uring(int shim)
{
	struct io_uring_params params = { .flags = one_in(6) ? 0 : IORING_SETUP_SQE128 };
	static struct jbcachefs_target targets[JBCACHEFS_MAX_TARGETS];
	static struct jbcachefs_segment segments[JBCACHEFS_MAX_SEGMENTS];
	struct jbcachefs_io io = some_io(targets, segments);
	size_t size = params.flags ? 128 : 64;
	int ring = syscall(__NR_io_uring_setup, 4, &params);
	char *queue, *entries;

	if (ring < 0)
		return;
	queue = mmap(NULL, params.sq_off.array + 16, PROT_READ | PROT_WRITE, MAP_SHARED, ring, IORING_OFF_SQ_RING);
	entries = mmap(NULL, 4 * size, PROT_READ | PROT_WRITE, MAP_SHARED, ring, IORING_OFF_SQES);
	if (queue != MAP_FAILED && entries != MAP_FAILED) {
		struct io_uring_sqe *sqe = (void *)entries;

		if (one_in(2))
			io = good_io();
		io.completion = one_in(2) ? (uintptr_t)completions : one_in(2) ? 0 : some_address();
		if (one_in(2))
			damage(&io, sizeof(io));
		sqe->opcode = IORING_OP_URING_CMD;
		sqe->fd = shim;
		sqe->off = one_in(8) ? some_number() : JBCACHEFS_URING_IO;
		memcpy(entries + 48, &io, size == 128 ? sizeof(io) : 16);
		((unsigned int *)(queue + params.sq_off.array))[0] = 0;
		__atomic_store_n((unsigned int *)(queue + params.sq_off.tail), 1, __ATOMIC_RELEASE);
		took(URING, syscall(__NR_io_uring_enter, ring, 1, one_in(3) ? 0 : 1, IORING_ENTER_GETEVENTS, NULL, 0) == 1);
	}
	munmap(queue, params.sq_off.array + 16);
	munmap(entries, 4 * size);
	close(ring);
}

static void one_call(void)
{
	int number = below(SHIMS), shim = shims[number];

	calls++;
	switch (below(40)) {
	case 0:
		close(shim);
		shims[number] = open("/dev/jbcachefs", O_RDWR | O_NONBLOCK | O_CLOEXEC);
		claim_or_release(shims[number]);
		break;
	case 1: case 2: case 3: case 4:
		claim_or_release(shim);
		break;
	case 5: case 6:
		ask(shim);
		break;
	case 7: case 8:
		make_ring(shim);
		break;
	case 9: case 10: case 11: case 12:
		talk(shim);
		break;
	case 13: case 14: case 15:
		anything(shim);
		break;
	case 16: case 17:
		by_io_uring(shim);
		break;
	case 18:
		register_or_release(shim);
		break;
	default:
		some_batch(shim, one_in(2) ? JBCACHEFS_IOC_IO : JBCACHEFS_IOC_SUBMIT);
	}
}

/* Counted in memory that outlives the process. */
struct report {
	unsigned long calls, accepted[KINDS];
};

static void stuck(int signal)
{
	(void)signal;
	_exit(9);
}

static void fuzz(uint64_t seed, unsigned long most, struct report *report, uintptr_t number)
{
	pthread_t thread;

	seeded.state = seed;
	signal(SIGALRM, stuck);
	arena = far_memory(0x200000000000, ARENA + 4096);
	munmap(arena + ARENA, 4096);
	completions = far_memory(0x100000000000, 4096);
	read_only_page = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	for (int i = 0; i < SHIMS; i++)
		shims[i] = open("/dev/jbcachefs", O_RDWR | O_NONBLOCK | O_CLOEXEC);
	pthread_create(&thread, NULL, unmap_pieces, NULL);
	pthread_create(&thread, NULL, serve, (void *)number);
	while (report->calls < most) {
		alarm(STUCK_SECONDS);
		calls = 0;
		memset(accepted, 0, sizeof(accepted));
		one_call();
		calls += __atomic_exchange_n(&served_calls, 0, __ATOMIC_RELAXED);
		accepted[RECEIVE] += __atomic_exchange_n(&served_receives, 0, __ATOMIC_RELAXED);
		accepted[REPLY] += __atomic_exchange_n(&served_replies, 0, __ATOMIC_RELAXED);
		report->calls += calls;
		for (int kind = 0; kind < KINDS; kind++)
			report->accepted[kind] += accepted[kind];
	}
}

/*
 * A process that was asked to read into its own variables dies of that, which is no fault of the kernel: another one
 * goes on with the next seed. It is a failure only if a process is stuck in a call.
 */
static int fuzz_in_processes(uint64_t seed, unsigned long most, struct report *report, int number)
{
	for (uint64_t restart = 0; report->calls < most; restart++) {
		pid_t child = fork();
		int status;

		if (!child) {
			fuzz(seed + restart * 1000003, most, report, number);
			_exit(0);
		}
		waitpid(child, &status, 0);
		if (WIFEXITED(status) && WEXITSTATUS(status))
			return WEXITSTATUS(status);
	}
	return 0;
}

/* Prints the sums; whether something is not as it should be: with enough calls each kind has to occur. */
static int tell(uint64_t seed, unsigned long most, const struct report *reports, int stuck)
{
	unsigned long sum = 0;
	int missing = 0;

	for (int i = 0; i < PROCESSES; i++)
		sum += reports[i].calls;
	printf("shim-fuzz: seed %llu: %lu calls, %d processes stuck; accepted:", (unsigned long long)seed, sum, stuck);
	for (int kind = 0; kind < KINDS; kind++) {
		unsigned long count = 0;

		for (int i = 0; i < PROCESSES; i++)
			count += reports[i].accepted[kind];
		printf("%s %lu %s", kind ? "," : "", count, kind_names[kind]);
		/* whether an event comes is up to the devices */
		missing += most >= ENOUGH && !count && kind != EVENT;
	}
	printf("\n");
	if (missing)
		printf("FAILED: %d kinds of calls were never accepted\n", missing);
	return stuck || missing || sum < most / PROCESSES * PROCESSES;
}

int main(int argc, char **argv)
{
	uint64_t seed = argc > 3 ? strtoull(argv[1], NULL, 0) : 0;
	unsigned long most = argc > 3 ? strtoul(argv[2], NULL, 0) : 0;
	struct report *reports = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	int failed = 0;

	if (argc < 4)
		return 2;
	devices = argv + 3;
	device_count = argc - 3;
	for (int i = 0; i < PROCESSES; i++) {
		if (!fork())
			_exit(fuzz_in_processes(seed * PROCESSES + i, most / PROCESSES, &reports[i], i));
	}
	for (int i = 0; i < PROCESSES; i++) {
		int status;

		wait(&status);
		failed += status != 0;
	}
	return tell(seed, most, reports, failed);
}
