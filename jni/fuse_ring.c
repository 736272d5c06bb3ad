// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * FUSE over io_uring. An entry of a queue is a submission that the kernel holds until a request comes for the
 * queue's CPU; it then fills the entry's buffers and completes the submission. The reply goes back in the same
 * buffers with the next submission of the entry, which at once waits for the next request. That submission may
 * come from any ring of the process: the entry then arrives there.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/uio.h>
#include <unistd.h>

#include "fuse_abi.h"
#include "native.h"
#include "ring.h"

/* Submissions that can be prepared between two calls of the kernel. */
#define RING_DEPTH 64

/* Where the command area of 80 bytes begins in a submission of 128. */
#define COMMAND_AREA 48

struct fuse_ring {
	struct ring ring;
	int fuse_fd;
	int wake_fd;
	uint64_t wakes;
};

/* The next submission; makes room by submitting what was prepared. */
static int next_submission(struct fuse_ring *ring, struct io_uring_sqe **submission)
{
	*submission = ring_submission(&ring->ring);
	if (!*submission) {
		int error = ring_enter(&ring->ring, 0);

		if (error)
			return error;
		*submission = ring_submission(&ring->ring);
	}
	return *submission ? 0 : -EBUSY;
}

static int command(struct fuse_ring *ring, uint32_t operation, unsigned int queue, uint32_t entry, uint64_t commit_id,
		   const struct iovec *buffers)
{
	struct fuse_ring_request request = { .commit_id = commit_id, .queue = (uint16_t)queue };
	struct io_uring_sqe *submission;
	int error = next_submission(ring, &submission);

	if (error)
		return error;
	submission->opcode = IORING_OP_URING_CMD;
	submission->fd = ring->fuse_fd;
	submission->cmd_op = operation;
	submission->user_data = entry;
	if (buffers) {
		submission->addr = (uint64_t)(uintptr_t)buffers;
		submission->len = FUSE_RING_IOVECS;
	}
	memcpy((unsigned char *)submission + COMMAND_AREA, &request, sizeof(request));
	return 0;
}

static int listen_for_wakes(struct fuse_ring *ring)
{
	struct io_uring_sqe *submission;
	int error = next_submission(ring, &submission);

	if (error)
		return error;
	submission->opcode = IORING_OP_READ;
	submission->fd = ring->wake_fd;
	submission->addr = (uint64_t)(uintptr_t)&ring->wakes;
	submission->len = sizeof(ring->wakes);
	submission->user_data = FUSE_RING_WOKEN;
	return 0;
}

int fuse_ring_open(int fuse_fd, struct fuse_ring **opened)
{
	struct fuse_ring *ring = calloc(1, sizeof(*ring));
	int error;

	if (!ring)
		return -ENOMEM;
	ring->ring.fd = -1;
	ring->fuse_fd = fuse_fd;
	ring->wake_fd = eventfd(0, EFD_CLOEXEC);
	error = ring->wake_fd < 0 ? -errno : 0;
	if (!error)
		error = ring_open(&ring->ring, RING_DEPTH, 0,
				  IORING_SETUP_SQE128 | IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN);
	if (!error)
		error = listen_for_wakes(ring);
	if (error) {
		fuse_ring_close(ring);
		return error;
	}
	*opened = ring;
	return 0;
}

/* A registration that fails completes at once; one that succeeds stays with the kernel. */
static int first_failure(struct fuse_ring *ring)
{
	const struct io_uring_cqe *completion = ring_completion(&ring->ring);

	return completion && completion->res < 0 ? completion->res : 0;
}

int fuse_ring_register(struct fuse_ring *ring, unsigned int queue, uint32_t first, unsigned int entries, void *headers,
		       size_t header_bytes, void *payloads, size_t payload_bytes)
{
	if (queue > UINT16_MAX || header_bytes < FUSE_RING_HEADER_BYTES)
		return -EINVAL;
	for (unsigned int i = 0; i < entries; i++) {
		/* The kernel copies these while it takes the submission. */
		struct iovec buffers[FUSE_RING_IOVECS] = {
			{ (unsigned char *)headers + i * header_bytes, header_bytes },
			{ (unsigned char *)payloads + i * payload_bytes, payload_bytes },
		};
		int error = command(ring, FUSE_RING_REGISTER, queue, first + i, 0, buffers);

		if (!error)
			error = ring_enter(&ring->ring, 0);
		if (!error)
			error = first_failure(ring);
		if (error)
			return error;
	}
	return 0;
}

int fuse_ring_exchange(struct fuse_ring *ring, const struct fuse_ring_commit *commits, unsigned int count,
		       unsigned int wait_for, struct fuse_ring_arrival *arrivals, unsigned int max)
{
	const struct io_uring_cqe *completion;
	unsigned int found = 0;
	int error;

	for (unsigned int i = 0; i < count; i++) {
		error = command(ring, FUSE_RING_COMMIT_AND_FETCH, commits[i].queue, commits[i].entry,
				commits[i].commit_id, NULL);
		if (error)
			return error;
	}
	error = ring_enter(&ring->ring, wait_for);
	if (error)
		return error;
	while (found < max && (completion = ring_completion(&ring->ring)) != NULL) {
		arrivals[found].entry = (uint32_t)completion->user_data;
		arrivals[found].result = completion->res;
		ring_seen(&ring->ring);
		if (arrivals[found].entry == FUSE_RING_WOKEN) {
			error = listen_for_wakes(ring);
			if (error)
				return error;
		}
		found++;
	}
	return (int)found;
}

int fuse_ring_wake(struct fuse_ring *ring)
{
	uint64_t one = 1;

	while (write(ring->wake_fd, &one, sizeof(one)) < 0) {
		if (errno != EINTR)
			return -errno;
	}
	return 0;
}

void fuse_ring_close(struct fuse_ring *ring)
{
	ring_close(&ring->ring);
	if (ring->wake_fd >= 0)
		close(ring->wake_fd);
	free(ring);
}
