// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Requests to the kernel shim (docs/ioctl.md): one at a time, and queues worked by io_uring commands, by the
 * descriptor's completion ring, or by one call for a batch.
 */
#include <errno.h>
#include <linux/jbcachefs.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "block_queue.h"
#include "ring.h"

/* Where the command area of 80 bytes begins in a submission of 128. */
#define COMMAND_AREA 48

_Static_assert(sizeof(struct block_target) == sizeof(struct jbcachefs_target), "targets are handed over as they are");
_Static_assert(sizeof(struct jbcachefs_completion) <= sizeof(((struct block_slot *)0)->progress),
	       "a slot has room for its completion");
_Static_assert(BLOCK_COPIES == JBCACHEFS_MAX_TARGETS, "as many copies as the shim takes");

static uint64_t address_of(const void *pointer)
{
	return (uint64_t)(uintptr_t)pointer;
}

/* --- one request ------------------------------------------------------------------------------------ */

int shim_request(int shim, uint32_t claim, uint8_t operation, uint32_t flags, uint64_t offset, void *buffer,
		 uint64_t bytes)
{
	struct jbcachefs_completion completion;
	struct jbcachefs_io request = {
		.opcode = operation,
		.targets = 1,
		.segments = operation <= JBCACHEFS_OP_WRITE,
		.flags = flags,
		.offset = offset,
		.address = operation <= JBCACHEFS_OP_WRITE ? address_of(buffer) : 0,
		.length = bytes,
		.completion = address_of(&completion),
		.claim = claim,
	};
	struct jbcachefs_batch batch = { .requests = address_of(&request), .count = 1 };

	if (ioctl(shim, JBCACHEFS_IOC_IO, &batch) < 0)
		return -errno;
	if (operation == JBCACHEFS_OP_DISCARD && completion.result == -EOPNOTSUPP)
		return 0;
	return completion.result < 0 ? completion.result : 0;
}

/* --- what all queues share -------------------------------------------------------------------------- */

struct shim_queue {
	struct block_queue queue;
	int shim;
	/* The module's numbers of the registered buffers. */
	uint32_t *buffers;
	unsigned int buffer_count;
	/* Worked by io_uring. */
	struct ring ring;
	/* Worked by calls: what was prepared, from first to last. */
	struct jbcachefs_io *requests;
	struct jbcachefs_completion *results;
	unsigned int first, last;
	struct jbcachefs_ring_head *completions;
	struct jbcachefs_completion *completion_entries;
	size_t completions_bytes;
	unsigned int completion_mask;
};

static struct shim_queue *shim_queue(struct block_queue *queue)
{
	return (struct shim_queue *)(void *)queue;
}

static void fill(const struct shim_queue *queue, struct jbcachefs_io *request, const struct block_slot *slot,
		 uint32_t index)
{
	int data = slot->operation <= JBCACHEFS_OP_WRITE;

	*request = (struct jbcachefs_io){
		.user_data = index,
		.opcode = slot->operation,
		.targets = slot->copies,
		.segments = (uint16_t)data,
		.flags = slot->flags & (JBCACHEFS_IO_PREFLUSH | JBCACHEFS_IO_FUA | JBCACHEFS_IO_META |
					JBCACHEFS_IO_SYNC | JBCACHEFS_IO_PRIO),
		.address = data ? slot->address : 0,
		.length = slot->operation == JBCACHEFS_OP_FLUSH ? 0 : slot->bytes,
	};
	if (data && slot->buffer)
		request->buffer = queue->buffers[slot->buffer - 1];
	if (slot->copies == 1) {
		request->offset = slot->targets[0].offset;
		request->claim = (uint32_t)slot->targets[0].device;
	} else {
		request->target_address = address_of(slot->targets);
	}
}

/* The errno of each copy; a refusal of the whole is one of each. */
static void ended(struct shim_queue *queue, uint32_t index, int32_t result, uint32_t failed, const int16_t *results)
{
	struct block_slot *slot = block_queue_slot(&queue->queue, index);

	for (unsigned int copy = 0; copy < slot->copies; copy++) {
		int error = failed ? failed >> copy & 1 ? results[copy] : 0 : result < 0 ? result : 0;

		if (slot->operation == BLOCK_DISCARD && error == -EOPNOTSUPP)
			error = 0;
		slot->targets[copy].result = error;
	}
	block_queue_end(&queue->queue, index);
}

static void ended_as(struct shim_queue *queue, const struct jbcachefs_completion *completion)
{
	ended(queue, (uint32_t)completion->user_data, completion->result, completion->failed, completion->results);
}

static struct shim_queue *new_queue(const struct block_queue_memory *memory, int shim, const struct block_queue_way *way)
{
	struct shim_queue *queue = calloc(1, sizeof(*queue));

	if (queue) {
		queue->queue.way = way;
		queue->queue.memory = *memory;
		queue->shim = shim;
		queue->ring.fd = -1;
	}
	return queue;
}

/* Requests that still use them keep them until they end. */
static void release_buffers(struct shim_queue *queue)
{
	for (unsigned int i = 0; i < queue->buffer_count; i++) {
		struct jbcachefs_release_buffer release = { .buffer = queue->buffers[i] };

		/* It can only fail if the descriptor is gone, and then so are the buffers. */
		(void)ioctl(queue->shim, JBCACHEFS_IOC_RELEASE_BUFFER, &release);
	}
	free(queue->buffers);
	queue->buffers = NULL;
	queue->buffer_count = 0;
}

/* All of them, or none. A module that does not know of buffers answers ENOTTY. */
static int register_shim_buffers(struct block_queue *base, const uint64_t *addresses, const uint64_t *bytes,
				 unsigned int count)
{
	struct shim_queue *queue = shim_queue(base);

	if (queue->buffers)
		return -EOPNOTSUPP;
	queue->buffers = calloc(count, sizeof(*queue->buffers));
	if (!queue->buffers)
		return -ENOMEM;
	for (unsigned int i = 0; i < count; i++) {
		struct jbcachefs_buffer buffer = { .address = addresses[i], .length = bytes[i] };

		if (ioctl(queue->shim, JBCACHEFS_IOC_BUFFER, &buffer) < 0) {
			int error = -errno;

			release_buffers(queue);
			return error;
		}
		queue->buffers[queue->buffer_count++] = buffer.buffer;
	}
	return 0;
}

/* --- by io_uring ------------------------------------------------------------------------------------ */

static int start_command(struct block_queue *base, uint32_t index)
{
	struct shim_queue *queue = shim_queue(base);
	struct block_slot *slot = block_queue_slot(base, index);
	struct io_uring_sqe *command = ring_submission(&queue->ring);
	struct jbcachefs_io request;

	if (!command) {
		int error = ring_enter(&queue->ring, 0);

		if (error)
			return error;
		command = ring_submission(&queue->ring);
	}
	if (!command)
		return -EBUSY;
	fill(queue, &request, slot, index);
	if (slot->copies > 1)
		request.completion = address_of(slot->progress);
	command->opcode = IORING_OP_URING_CMD;
	command->flags = IOSQE_FIXED_FILE;
	command->fd = 0;
	command->cmd_op = JBCACHEFS_URING_IO;
	command->user_data = index;
	memcpy((unsigned char *)command + COMMAND_AREA, &request, sizeof(request));
	return 0;
}

static int enter_uring(struct block_queue *base, unsigned int wait_for)
{
	return ring_enter(&shim_queue(base)->ring, wait_for);
}

static int reap_uring(struct block_queue *base)
{
	struct shim_queue *queue = shim_queue(base);
	const struct io_uring_cqe *event;

	while ((event = ring_completion(&queue->ring)) != NULL) {
		uint32_t index = (uint32_t)event->user_data;
		struct jbcachefs_completion completion;

		/* A request refused before it began left no completion; the memory is zero then. */
		memcpy(&completion, block_queue_slot(base, index)->progress, sizeof(completion));
		if (block_queue_slot(base, index)->copies == 1)
			completion.failed = 0;
		ended(queue, index, event->res, completion.failed, completion.results);
		ring_seen(&queue->ring);
	}
	return 0;
}

static void close_uring(struct block_queue *base)
{
	release_buffers(shim_queue(base));
	ring_close(&shim_queue(base)->ring);
	free(base);
}

static const struct block_queue_way uring_way = { start_command, enter_uring, reap_uring, close_uring,
						  register_shim_buffers };

int block_queue_open_shim(const struct block_queue_memory *memory, int shim, struct block_queue **opened)
{
	struct jbcachefs_info info;
	struct shim_queue *queue;
	int error;

	if (ioctl(shim, JBCACHEFS_IOC_INFO, &info) < 0)
		return -errno;
	if (!(info.features & JBCACHEFS_FEATURE_URING))
		return -EOPNOTSUPP;
	queue = new_queue(memory, shim, &uring_way);
	if (!queue)
		return -ENOMEM;
	error = ring_open(&queue->ring, power_of_two(memory->capacity), 0,
			  IORING_SETUP_SQE128 | IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN);
	if (!error)
		error = ring_register(&queue->ring, IORING_REGISTER_FILES, &shim, 1);
	if (error) {
		close_uring(&queue->queue);
		return error;
	}
	*opened = &queue->queue;
	return 0;
}

/* --- by the completion ring ------------------------------------------------------------------------- */

static int start_call(struct block_queue *base, uint32_t index)
{
	struct shim_queue *queue = shim_queue(base);

	/* Everything that was prepared was taken, or is moved to the beginning. */
	if (queue->first > 0) {
		memmove(queue->requests, queue->requests + queue->first,
			(queue->last - queue->first) * sizeof(*queue->requests));
		queue->last -= queue->first;
		queue->first = 0;
	}
	fill(queue, &queue->requests[queue->last++], block_queue_slot(base, index), index);
	return 0;
}

static unsigned int one_batch(const struct shim_queue *queue)
{
	unsigned int left = queue->last - queue->first;

	return left < JBCACHEFS_MAX_BATCH ? left : JBCACHEFS_MAX_BATCH;
}

static int reap_ring(struct block_queue *base)
{
	struct shim_queue *queue = shim_queue(base);
	uint32_t tail = __atomic_load_n(&queue->completions->tail, __ATOMIC_ACQUIRE);
	uint32_t head = queue->completions->head;

	for (; head != tail; head++)
		ended_as(queue, &queue->completion_entries[head & queue->completion_mask]);
	__atomic_store_n(&queue->completions->head, head, __ATOMIC_RELEASE);
	return 0;
}

/* Requests that found a limit reached are submitted once others have ended. */
static int enter_ring(struct block_queue *base, unsigned int wait_for)
{
	struct shim_queue *queue = shim_queue(base);

	while (queue->first < queue->last || wait_for > 0) {
		struct jbcachefs_batch batch = {
			.requests = address_of(queue->requests + queue->first),
			.count = one_batch(queue),
		};
		int is_last = queue->first + batch.count == queue->last;

		batch.wait = is_last ? wait_for : 0;
		if (ioctl(queue->shim, JBCACHEFS_IOC_SUBMIT, &batch) < 0) {
			if (errno == EINTR)
				continue;
			if (errno != EAGAIN)
				return -errno;
			batch = (struct jbcachefs_batch){ .wait = 1 };
			if (ioctl(queue->shim, JBCACHEFS_IOC_SUBMIT, &batch) < 0 && errno != EINTR)
				return -errno;
			return reap_ring(base);
		}
		queue->first += batch.submitted;
		if (is_last)
			wait_for = 0;
	}
	return 0;
}

static void close_calls(struct block_queue *base)
{
	struct shim_queue *queue = shim_queue(base);

	release_buffers(queue);
	if (queue->completions)
		munmap(queue->completions, queue->completions_bytes);
	free(queue->requests);
	free(queue->results);
	free(queue);
}

static const struct block_queue_way ring_way = { start_call, enter_ring, reap_ring, close_calls, register_shim_buffers };

static int map_completions(struct shim_queue *queue, uint32_t entries)
{
	struct jbcachefs_ring ring = { .entries = entries, .eventfd = -1 };
	void *mapped;

	if (ioctl(queue->shim, JBCACHEFS_IOC_RING, &ring) < 0)
		return -errno;
	mapped = mmap(NULL, ring.map_bytes, PROT_READ | PROT_WRITE, MAP_SHARED, queue->shim, 0);
	if (mapped == MAP_FAILED)
		return -errno;
	queue->completions = mapped;
	queue->completions_bytes = ring.map_bytes;
	queue->completion_entries = (void *)((unsigned char *)mapped + ring.completions_offset);
	queue->completion_mask = entries - 1;
	return 0;
}

int block_queue_open_shim_ring(const struct block_queue_memory *memory, int shim, struct block_queue **opened)
{
	struct shim_queue *queue = new_queue(memory, shim, &ring_way);
	int error = -ENOMEM;

	if (!queue)
		return error;
	queue->requests = calloc(memory->capacity, sizeof(*queue->requests));
	if (queue->requests)
		error = map_completions(queue, power_of_two(memory->capacity));
	if (error) {
		close_calls(&queue->queue);
		return error;
	}
	*opened = &queue->queue;
	return 0;
}

/* --- by one call for a batch ------------------------------------------------------------------------ */

static int enter_batch(struct block_queue *base, unsigned int wait_for)
{
	struct shim_queue *queue = shim_queue(base);

	(void)wait_for;
	while (queue->first < queue->last) {
		unsigned int count = one_batch(queue);
		struct jbcachefs_io *requests = queue->requests + queue->first;
		struct jbcachefs_batch batch = { .requests = address_of(requests), .count = count };

		for (unsigned int i = 0; i < count; i++)
			requests[i].completion = address_of(&queue->results[i]);
		if (ioctl(queue->shim, JBCACHEFS_IOC_IO, &batch) < 0)
			return -errno;
		for (unsigned int i = 0; i < count; i++)
			ended_as(queue, &queue->results[i]);
		queue->first += count;
	}
	return 0;
}

static int reap_nothing(struct block_queue *base)
{
	(void)base;
	return 0;
}

static const struct block_queue_way batch_way = { start_call, enter_batch, reap_nothing, close_calls,
						  register_shim_buffers };

int block_queue_open_shim_batch(const struct block_queue_memory *memory, int shim, struct block_queue **opened)
{
	struct shim_queue *queue = new_queue(memory, shim, &batch_way);

	if (!queue)
		return -ENOMEM;
	queue->requests = calloc(memory->capacity, sizeof(*queue->requests));
	queue->results = calloc(JBCACHEFS_MAX_BATCH, sizeof(*queue->results));
	if (!queue->requests || !queue->results) {
		close_calls(&queue->queue);
		return -ENOMEM;
	}
	*opened = &queue->queue;
	return 0;
}
