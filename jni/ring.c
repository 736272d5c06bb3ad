// SPDX-License-Identifier: GPL-2.0-or-later
#include "ring.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

static int map_queues(struct ring *ring, const struct io_uring_params *params)
{
	size_t submission_end = params->sq_off.array + params->sq_entries * sizeof(uint32_t);
	size_t completion_end = params->cq_off.cqes + params->cq_entries * sizeof(struct io_uring_cqe);
	unsigned char *queues;
	unsigned int *order;

	ring->queues_bytes = submission_end > completion_end ? submission_end : completion_end;
	ring->queues = mmap(NULL, ring->queues_bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, ring->fd,
			    IORING_OFF_SQ_RING);
	if (ring->queues == MAP_FAILED) {
		ring->queues = NULL;
		return -errno;
	}
	ring->submission_bytes = params->flags & IORING_SETUP_SQE128 ? 128 : 64;
	ring->submissions_bytes = params->sq_entries * ring->submission_bytes;
	ring->submissions = mmap(NULL, ring->submissions_bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE,
				 ring->fd, IORING_OFF_SQES);
	if (ring->submissions == MAP_FAILED) {
		ring->submissions = NULL;
		return -errno;
	}
	queues = ring->queues;
	ring->submission_head = (unsigned int *)(void *)(queues + params->sq_off.head);
	ring->submission_tail = (unsigned int *)(void *)(queues + params->sq_off.tail);
	ring->submission_mask = params->sq_entries - 1;
	ring->submission_count = params->sq_entries;
	ring->completion_head = (unsigned int *)(void *)(queues + params->cq_off.head);
	ring->completion_tail = (unsigned int *)(void *)(queues + params->cq_off.tail);
	ring->completion_mask = params->cq_entries - 1;
	ring->completions = (struct io_uring_cqe *)(void *)(queues + params->cq_off.cqes);
	/* Submissions are always used in the order of their places. */
	order = (unsigned int *)(void *)(queues + params->sq_off.array);
	for (unsigned int i = 0; i < params->sq_entries; i++)
		order[i] = i;
	return 0;
}

int ring_open(struct ring *ring, unsigned int entries, unsigned int completions, unsigned int flags)
{
	struct io_uring_params params = {
		.flags = flags | (completions ? IORING_SETUP_CQSIZE : 0),
		.cq_entries = completions,
	};
	long fd;
	int error;

	memset(ring, 0, sizeof(*ring));
	ring->fd = -1;
	fd = syscall(SYS_io_uring_setup, entries, &params);
	if (fd < 0)
		return -errno;
	ring->fd = (int)fd;
	if (!(params.features & IORING_FEAT_SINGLE_MMAP))
		error = -EOPNOTSUPP;
	else
		error = map_queues(ring, &params);
	if (error)
		ring_close(ring);
	return error;
}

void ring_close(struct ring *ring)
{
	if (ring->submissions)
		munmap(ring->submissions, ring->submissions_bytes);
	if (ring->queues)
		munmap(ring->queues, ring->queues_bytes);
	if (ring->fd >= 0) {
		/* Closing gives them up only later, when others may have wanted the files. Failure: there were none. */
		(void)ring_register(ring, IORING_UNREGISTER_FILES, NULL, 0);
		(void)ring_register(ring, IORING_UNREGISTER_BUFFERS, NULL, 0);
		close(ring->fd);
	}
	memset(ring, 0, sizeof(*ring));
	ring->fd = -1;
}

int ring_register(const struct ring *ring, unsigned int operation, const void *what, unsigned int count)
{
	return syscall(SYS_io_uring_register, ring->fd, operation, what, count) < 0 ? -errno : 0;
}

unsigned int ring_room(const struct ring *ring)
{
	unsigned int head = __atomic_load_n(ring->submission_head, __ATOMIC_ACQUIRE);

	return ring->submission_count - (*ring->submission_tail - head);
}

struct io_uring_sqe *ring_submission(struct ring *ring)
{
	unsigned int tail = *ring->submission_tail;
	unsigned char *place;

	if (ring_room(ring) == 0)
		return NULL;
	place = ring->submissions + (size_t)(tail & ring->submission_mask) * ring->submission_bytes;
	memset(place, 0, ring->submission_bytes);
	__atomic_store_n(ring->submission_tail, tail + 1, __ATOMIC_RELEASE);
	ring->unsubmitted++;
	return (struct io_uring_sqe *)(void *)place;
}

int ring_enter(struct ring *ring, unsigned int wait_for)
{
	/* Completions may be held back until somebody asks for them, even without waiting. */
	const unsigned int flags = IORING_ENTER_GETEVENTS;

	for (;;) {
		long done = syscall(SYS_io_uring_enter, ring->fd, ring->unsubmitted, wait_for, flags, NULL, 0);

		if (done >= 0) {
			ring->unsubmitted -= (unsigned int)done;
			if (ring->unsubmitted == 0)
				return 0;
		} else if (errno != EINTR) {
			return -errno;
		}
	}
}

const struct io_uring_cqe *ring_completion(const struct ring *ring)
{
	unsigned int tail = __atomic_load_n(ring->completion_tail, __ATOMIC_ACQUIRE);
	unsigned int head = *ring->completion_head;

	return head == tail ? NULL : &ring->completions[head & ring->completion_mask];
}

void ring_seen(struct ring *ring)
{
	__atomic_store_n(ring->completion_head, *ring->completion_head + 1, __ATOMIC_RELEASE);
}
