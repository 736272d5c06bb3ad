/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the ways of working a queue share; see block.h for what a queue is. */
#ifndef JBCACHEFS_BLOCK_QUEUE_H
#define JBCACHEFS_BLOCK_QUEUE_H

#include "block.h"

/* A way of working: each has a structure that begins with struct block_queue. */
struct block_queue_way {
	/* Prepares what a slot asks for. Requests that cannot even be prepared end with block_queue_end. */
	int (*start)(struct block_queue *queue, uint32_t index);
	/* Submits what was prepared and waits for that many completions, at most as many as requests are under way. */
	int (*enter)(struct block_queue *queue, unsigned int wait_for);
	/* Takes every completion that is there. */
	int (*reap)(struct block_queue *queue);
	void (*close)(struct block_queue *queue);
	/* See block_queue_register_buffers. */
	int (*register_buffers)(struct block_queue *queue, const uint64_t *addresses, const uint64_t *bytes,
				unsigned int count);
};

struct block_queue {
	const struct block_queue_way *way;
	struct block_queue_memory memory;
	unsigned int under_way;		/* slots started and not ended */
	unsigned int done;		/* slots in memory.done */
};

static inline struct block_slot *block_queue_slot(struct block_queue *queue, uint32_t index)
{
	return &queue->memory.slots[index];
}

/* A slot has ended: its targets have their results. */
void block_queue_end(struct block_queue *queue, uint32_t index);

/* The power of two that is not smaller; of 1 to 2^31. */
uint32_t power_of_two(uint32_t number);

#endif
