/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Block I/O for Java, as plain C: one operation at a time on a descriptor, and queues of many. All functions
 * return a non-negative result or a negative errno value. What is called with a descriptor may be called by many
 * threads; a queue belongs to the thread that made it.
 */
#ifndef JBCACHEFS_BLOCK_H
#define JBCACHEFS_BLOCK_H

#include <stddef.h>
#include <stdint.h>

/* --- one operation on a file or block node ---------------------------------------------------------- */

/* How to open. A block node that is opened for writing is opened exclusively: EBUSY if it is mounted or held. */
enum block_open_flag {
	BLOCK_WRITE = 1,
	BLOCK_DIRECT = 2,
};

/* Laid out for Java. */
struct block_description {
	uint64_t bytes;
	uint32_t block;			/* bytes: offsets and lengths are multiples of it; 512 at least */
	uint32_t memory;		/* bytes: addresses are multiples of it */
	uint32_t is_block_node;
	uint32_t is_read_only;		/* of a block node: the device refuses writes */
};

/* Opens a regular file or a block node; returns the descriptor. EINVAL: it is something else, or cannot be direct. */
int block_open(const char *path, unsigned int flags);

int block_describe(int fd, int direct, struct block_description *description);

/* Takes a lock on the whole file against other programs of ours; EAGAIN if one has it. */
int block_lock(int fd);

/* Reads everything; ENODATA if the file ends before that. */
int block_read(int fd, uint64_t offset, void *into, size_t bytes);

/* Writes everything; durable when it returns if so wished. */
int block_write(int fd, uint64_t offset, const void *from, size_t bytes, int durable);

int block_flush(int fd);

/* Of a file, a hole. A device that cannot discard does nothing. */
int block_discard(int fd, uint64_t offset, uint64_t bytes);

int block_write_zeroes(int fd, uint64_t offset, uint64_t bytes);

/* --- the kernel shim: one operation on a claim ------------------------------------------------------ */

/* Does one request of up to its limits on a claim of that descriptor and waits. The length counts in bytes. */
int shim_request(int shim, uint32_t claim, uint8_t operation, uint32_t flags, uint64_t offset, void *buffer,
		 uint64_t bytes);

/* --- queues ----------------------------------------------------------------------------------------- */

#define BLOCK_COPIES 8

/* The numbers of the shim, and the flags as well (JBCACHEFS_IO_*). */
enum block_operation {
	BLOCK_READ = 0,
	BLOCK_WRITE_DATA = 1,
	BLOCK_FLUSH = 2,
	BLOCK_DISCARD = 3,
	BLOCK_WRITE_ZEROES = 4,
};

/* Beside the flags of a discard: the device is a block node. */
#define BLOCK_ON_NODE (1u << 31)

/* A place: struct jbcachefs_target, whose reserved field is the result here. Laid out for Java. */
struct block_target {
	uint64_t offset;
	int32_t device;			/* descriptor, or ~index of a registered one; of the shim, the claim */
	int32_t result;			/* out: 0 or a negative errno */
};

/*
 * One request, in memory that Java and the queue share. Java fills it, names it to block_queue_exchange, and keeps
 * away from it and its buffer until that names it as done. Laid out for Java.
 */
struct block_slot {
	uint64_t address;
	uint64_t bytes;
	uint32_t flags;
	uint8_t operation;
	uint8_t copies;
	uint16_t buffer;		/* 1 + index of the registered buffer that holds it; 0: none */
	uint32_t failed;		/* out: a bit for each copy */
	uint32_t pending;		/* the queue's: submissions under way */
	struct block_target targets[BLOCK_COPIES];
	uint32_t progress[BLOCK_COPIES]; /* the queue's: bytes done; of the shim, its completion */
};

/* What a queue needs of memory that it shares with Java; all of it belongs to the caller. */
struct block_queue_memory {
	struct block_slot *slots;	/* capacity */
	uint32_t *prepared;		/* capacity: indices of slots to start */
	uint32_t *done;			/* capacity: out: indices of slots that have ended */
	uint32_t capacity;
};

struct block_queue;

/* A queue of requests to files and block nodes, by an io_uring of its own. */
int block_queue_open_uring(const struct block_queue_memory *memory, struct block_queue **opened);

/* A queue of requests to claims of a shim descriptor, by an io_uring of its own; EOPNOTSUPP if the module cannot. */
int block_queue_open_shim(const struct block_queue_memory *memory, int shim, struct block_queue **opened);

/*
 * The same without io_uring: by the descriptor's completion ring, which there is only one of, for one queue; or by
 * calls that do everything that was prepared and return when it has ended.
 */
int block_queue_open_shim_ring(const struct block_queue_memory *memory, int shim, struct block_queue **opened);
int block_queue_open_shim_batch(const struct block_queue_memory *memory, int shim, struct block_queue **opened);

/*
 * Registers descriptors, or buffers, once, for the queue's whole life: requests then name them by their index.
 * Failure harms nothing.
 */
int block_queue_register_devices(struct block_queue *queue, const int32_t *devices, unsigned int count);
int block_queue_register_buffers(struct block_queue *queue, const uint64_t *addresses, const uint64_t *bytes,
				 unsigned int count);

/*
 * Starts the slots that prepared[0 .. count) names, then waits until that many have ended or none is under
 * way; returns how many indices are in done, which is everything that has ended.
 */
int block_queue_exchange(struct block_queue *queue, unsigned int count, unsigned int wait_for);

/* Waits for what is under way. */
void block_queue_close(struct block_queue *queue);

#endif
