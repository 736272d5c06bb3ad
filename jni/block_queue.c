// SPDX-License-Identifier: GPL-2.0-or-later
#include "block_queue.h"

#include <errno.h>

uint32_t power_of_two(uint32_t number)
{
	uint32_t power = 1;

	while (power < number)
		power <<= 1;
	return power;
}

void block_queue_end(struct block_queue *queue, uint32_t index)
{
	struct block_slot *slot = block_queue_slot(queue, index);

	slot->failed = 0;
	for (unsigned int copy = 0; copy < slot->copies; copy++) {
		if (slot->targets[copy].result)
			slot->failed |= 1u << copy;
	}
	queue->memory.done[queue->done++] = index;
	queue->under_way--;
}

static int start_slots(struct block_queue *queue, unsigned int count)
{
	for (unsigned int i = 0; i < count; i++) {
		uint32_t index = queue->memory.prepared[i];
		struct block_slot *slot;
		int error;

		if (index >= queue->memory.capacity)
			return -EINVAL;
		slot = block_queue_slot(queue, index);
		if (slot->copies < 1 || slot->copies > BLOCK_COPIES || slot->operation > BLOCK_WRITE_ZEROES)
			return -EINVAL;
		slot->pending = 0;
		for (unsigned int copy = 0; copy < slot->copies; copy++) {
			slot->targets[copy].result = 0;
			slot->progress[copy] = 0;
		}
		queue->under_way++;
		error = queue->way->start(queue, index);
		if (error)
			return error;
	}
	return 0;
}

int block_queue_exchange(struct block_queue *queue, unsigned int count, unsigned int wait_for)
{
	int error;

	queue->done = 0;
	error = start_slots(queue, count);
	if (!error && count == 0)
		error = queue->way->reap(queue);
	if (!error && (count > 0 || queue->done == 0)) {
		unsigned int missing = wait_for > queue->done ? wait_for - queue->done : 0;

		error = queue->way->enter(queue, missing < queue->under_way ? missing : queue->under_way);
		if (!error)
			error = queue->way->reap(queue);
	}
	while (!error && queue->done < wait_for && queue->under_way > 0) {
		unsigned int missing = wait_for - queue->done;

		error = queue->way->enter(queue, missing < queue->under_way ? missing : queue->under_way);
		if (!error)
			error = queue->way->reap(queue);
	}
	return error ? error : (int)queue->done;
}

void block_queue_close(struct block_queue *queue)
{
	int error = 0;

	/* The kernel may still use the buffers of what is under way. */
	while (queue->under_way > 0 && !error) {
		queue->done = 0;
		error = queue->way->enter(queue, queue->under_way);
		if (!error)
			error = queue->way->reap(queue);
	}
	queue->way->close(queue);
}

int block_queue_register_buffers(struct block_queue *queue, const uint64_t *addresses, const uint64_t *bytes,
				 unsigned int count)
{
	return queue->way->register_buffers(queue, addresses, bytes, count);
}
