// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A queue worked by an io_uring: each copy of a write is a submission of its own, and so is the flush before
 * it, linked to it.
 */
#include <errno.h>
#include <linux/falloc.h>
#include <linux/fs.h>
#include <linux/jbcachefs.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "block_queue.h"
#include "ring.h"

/* A flush and a write for each copy. */
#define MOST_SUBMISSIONS (2 * BLOCK_COPIES)

/* BLOCK_URING_CMD_DISCARD, of kernels from 6.12 on. */
#define URING_COMMAND_DISCARD 0x1200u

/* What user_data tells of a completion. */
#define IS_PREFLUSH (1ull << 40)
#define COPY_SHIFT 32

struct uring_queue {
	struct block_queue queue;
	struct ring ring;
	unsigned int registered_buffers;
	int32_t *devices;		/* that were registered, in order */
};

static struct uring_queue *uring_queue(struct block_queue *queue)
{
	return (struct uring_queue *)(void *)queue;
}

static int make_room(struct uring_queue *queue, unsigned int submissions)
{
	if (ring_room(&queue->ring) >= submissions)
		return 0;
	return ring_enter(&queue->ring, 0);
}

static struct io_uring_sqe *submission(struct uring_queue *queue, uint32_t index, unsigned int copy, uint8_t opcode)
{
	struct block_slot *slot = block_queue_slot(&queue->queue, index);
	struct io_uring_sqe *made = ring_submission(&queue->ring);
	int32_t device = slot->targets[copy].device;

	if (!made)
		return NULL;
	made->opcode = opcode;
	made->fd = device < 0 ? ~device : device;
	if (device < 0)
		made->flags = IOSQE_FIXED_FILE;
	made->user_data = index | (uint64_t)copy << COPY_SHIFT;
	slot->pending++;
	return made;
}

static int prepare_flush(struct uring_queue *queue, uint32_t index, unsigned int copy, int before_write)
{
	struct io_uring_sqe *flush = submission(queue, index, copy, IORING_OP_FSYNC);

	if (!flush)
		return -EBUSY;
	flush->fsync_flags = IORING_FSYNC_DATASYNC;
	if (before_write) {
		flush->flags |= IOSQE_IO_LINK;
		flush->user_data |= IS_PREFLUSH;
	}
	return 0;
}

/* What is left to do of a copy's data. */
static int prepare_data(struct uring_queue *queue, uint32_t index, unsigned int copy)
{
	struct block_slot *slot = block_queue_slot(&queue->queue, index);
	int writes = slot->operation == BLOCK_WRITE_DATA, fixed = slot->buffer > 0;
	struct io_uring_sqe *data = submission(queue, index, copy,
					       writes ? fixed ? IORING_OP_WRITE_FIXED : IORING_OP_WRITE
						      : fixed ? IORING_OP_READ_FIXED : IORING_OP_READ);

	if (!data)
		return -EBUSY;
	data->off = slot->targets[copy].offset + slot->progress[copy];
	data->addr = slot->address + slot->progress[copy];
	data->len = (uint32_t)slot->bytes - slot->progress[copy];
	if (fixed)
		data->buf_index = (uint16_t)(slot->buffer - 1);
	if (slot->flags & JBCACHEFS_IO_FUA)
		data->rw_flags = RWF_DSYNC;
	return 0;
}

static int prepare_range(struct uring_queue *queue, uint32_t index, unsigned int copy)
{
	struct block_slot *slot = block_queue_slot(&queue->queue, index);
	int discards = slot->operation == BLOCK_DISCARD;
	int by_command = discards && (slot->flags & BLOCK_ON_NODE);
	struct io_uring_sqe *range = submission(queue, index, copy,
						by_command ? IORING_OP_URING_CMD : IORING_OP_FALLOCATE);

	if (!range)
		return -EBUSY;
	if (by_command) {
		range->cmd_op = URING_COMMAND_DISCARD;
		range->addr = slot->targets[copy].offset;
		range->addr3 = slot->bytes;
	} else {
		range->off = slot->targets[copy].offset;
		range->addr = slot->bytes;
		range->len = FALLOC_FL_KEEP_SIZE | (discards ? FALLOC_FL_PUNCH_HOLE : FALLOC_FL_ZERO_RANGE);
	}
	return 0;
}

static int start(struct block_queue *base, uint32_t index)
{
	struct uring_queue *queue = uring_queue(base);
	struct block_slot *slot = block_queue_slot(base, index);
	int error = make_room(queue, 2u * slot->copies);

	for (unsigned int copy = 0; copy < slot->copies && !error; copy++) {
		switch (slot->operation) {
		case BLOCK_READ:
		case BLOCK_WRITE_DATA:
			if (slot->flags & JBCACHEFS_IO_PREFLUSH)
				error = prepare_flush(queue, index, copy, 1);
			if (!error)
				error = prepare_data(queue, index, copy);
			break;
		case BLOCK_FLUSH:
			error = prepare_flush(queue, index, copy, 0);
			break;
		default:
			error = prepare_range(queue, index, copy);
		}
	}
	return error;
}

/* Whether the kernel says that it cannot do this in this way. */
static int is_refusal(int error)
{
	return error == -EOPNOTSUPP || error == -EINVAL || error == -ENOTTY;
}

/* Ranges that io_uring cannot do are done here and now: they are rare. */
static int range_result(struct uring_queue *queue, struct block_slot *slot, unsigned int copy, int result)
{
	int32_t device = slot->targets[copy].device;
	int fd = device < 0 ? queue->devices[~device] : device;

	if (result >= 0 || !is_refusal(result))
		return result;
	return slot->operation == BLOCK_DISCARD
		? block_discard(fd, slot->targets[copy].offset, slot->bytes)
		: block_write_zeroes(fd, slot->targets[copy].offset, slot->bytes);
}

/* Counts what was transferred; asks for the rest of it, if there is one. */
static int data_completed(struct uring_queue *queue, uint32_t index, unsigned int copy, int result)
{
	struct block_slot *slot = block_queue_slot(&queue->queue, index);
	struct block_target *target = &slot->targets[copy];
	int error = 0;

	if (result > 0)
		slot->progress[copy] += (uint32_t)result;
	else if (result == 0)
		target->result = slot->operation == BLOCK_READ ? -ENODATA : -ENOSPC;
	else if (result != -EINTR && result != -EAGAIN && target->result == 0)
		target->result = result;
	if (target->result == 0 && slot->progress[copy] < slot->bytes) {
		error = make_room(queue, 1);
		if (!error)
			error = prepare_data(queue, index, copy);
	}
	return error;
}

static int completed(struct uring_queue *queue, uint64_t user_data, int result)
{
	uint32_t index = (uint32_t)user_data;
	unsigned int copy = (unsigned int)(user_data >> COPY_SHIFT) & 0xff;
	struct block_slot *slot = block_queue_slot(&queue->queue, index);
	int error = 0;

	if (user_data & IS_PREFLUSH || slot->operation == BLOCK_FLUSH) {
		if (result < 0)
			slot->targets[copy].result = result;
	} else if (slot->operation == BLOCK_READ || slot->operation == BLOCK_WRITE_DATA) {
		error = data_completed(queue, index, copy, result);
	} else {
		result = range_result(queue, slot, copy, result);
		if (result < 0)
			slot->targets[copy].result = result;
	}
	if (--slot->pending == 0)
		block_queue_end(&queue->queue, index);
	return error;
}

static int reap(struct block_queue *base)
{
	struct uring_queue *queue = uring_queue(base);
	const struct io_uring_cqe *completion;
	int error = 0;

	while (!error && (completion = ring_completion(&queue->ring)) != NULL) {
		uint64_t user_data = completion->user_data;
		int result = completion->res;

		ring_seen(&queue->ring);
		error = completed(queue, user_data, result);
	}
	return error;
}

static int enter(struct block_queue *base, unsigned int wait_for)
{
	return ring_enter(&uring_queue(base)->ring, wait_for);
}

static void close_uring(struct block_queue *base)
{
	ring_close(&uring_queue(base)->ring);
	free(uring_queue(base)->devices);
	free(base);
}

static int register_uring_buffers(struct block_queue *base, const uint64_t *addresses, const uint64_t *bytes,
				  unsigned int count)
{
	struct uring_queue *queue = uring_queue(base);
	struct iovec *buffers;
	int error;

	if (queue->registered_buffers > 0)
		return -EOPNOTSUPP;
	buffers = calloc(count, sizeof(*buffers));
	if (!buffers)
		return -ENOMEM;
	for (unsigned int i = 0; i < count; i++)
		buffers[i] = (struct iovec){ (void *)(uintptr_t)addresses[i], bytes[i] };
	error = ring_register(&queue->ring, IORING_REGISTER_BUFFERS, buffers, count);
	free(buffers);
	if (!error)
		queue->registered_buffers = count;
	return error;
}

static const struct block_queue_way uring_way = { start, enter, reap, close_uring, register_uring_buffers };

/* Completions never overflow: there is a place for every submission that can be under way. */
static uint32_t completion_places(uint32_t capacity)
{
	uint32_t most = power_of_two(capacity) * MOST_SUBMISSIONS;

	return most < RING_MOST_COMPLETIONS ? most : RING_MOST_COMPLETIONS;
}

int block_queue_open_uring(const struct block_queue_memory *memory, struct block_queue **opened)
{
	struct uring_queue *queue = calloc(1, sizeof(*queue));
	uint32_t submissions = power_of_two(memory->capacity);
	int error;

	if (!queue)
		return -ENOMEM;
	queue->queue.way = &uring_way;
	queue->queue.memory = *memory;
	error = ring_open(&queue->ring, submissions < MOST_SUBMISSIONS ? MOST_SUBMISSIONS : submissions,
			  completion_places(memory->capacity),
			  IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN);
	if (error) {
		free(queue);
		return error;
	}
	*opened = &queue->queue;
	return 0;
}

int block_queue_register_devices(struct block_queue *base, const int32_t *devices, unsigned int count)
{
	struct uring_queue *queue = uring_queue(base);
	int error;

	if (base->way != &uring_way || queue->devices)
		return -EOPNOTSUPP;
	queue->devices = calloc(count, sizeof(*devices));
	if (!queue->devices)
		return -ENOMEM;
	memcpy(queue->devices, devices, count * sizeof(*devices));
	error = ring_register(&queue->ring, IORING_REGISTER_FILES, devices, count);
	if (error) {
		free(queue->devices);
		queue->devices = NULL;
	}
	return error;
}
