/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An io_uring instance without liburing: the mapped queues, a way to get the next free submission, to
 * enter the kernel, and to take completions. Used by one thread at a time.
 */
#ifndef JBCACHEFS_RING_H
#define JBCACHEFS_RING_H

#include <linux/io_uring.h>
#include <stddef.h>
#include <stdint.h>

struct ring {
	int fd;
	unsigned int *submission_head;
	unsigned int *submission_tail;
	unsigned int submission_mask;
	unsigned int submission_count;
	unsigned int *completion_head;
	unsigned int *completion_tail;
	unsigned int completion_mask;
	struct io_uring_cqe *completions;
	unsigned char *submissions;
	size_t submission_bytes;
	unsigned int unsubmitted;
	void *queues;
	size_t queues_bytes;
	size_t submissions_bytes;
};

/* The kernel's limit. */
#define RING_MOST_COMPLETIONS 65536u

/*
 * Makes a ring of that many submissions and completions (powers of two; 0 completions: the kernel's choice);
 * flags are IORING_SETUP_*. 0 or a negative errno.
 */
int ring_open(struct ring *ring, unsigned int entries, unsigned int completions, unsigned int flags);

/* Registers files or buffers: IORING_REGISTER_*. 0 or a negative errno. */
int ring_register(const struct ring *ring, unsigned int operation, const void *what, unsigned int count);

void ring_close(struct ring *ring);

/* How many submissions can be prepared now. */
unsigned int ring_room(const struct ring *ring);

/* The next submission, zeroed, or NULL if all are waiting to be submitted. */
struct io_uring_sqe *ring_submission(struct ring *ring);

/* Submits what was prepared and waits for that many completions. 0 or a negative errno. */
int ring_enter(struct ring *ring, unsigned int wait_for);

/* The next completion, or NULL; valid until ring_seen. */
const struct io_uring_cqe *ring_completion(const struct ring *ring);

void ring_seen(struct ring *ring);

#endif
