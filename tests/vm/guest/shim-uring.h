/* SPDX-License-Identifier: GPL-2.0-or-later */
/* io_uring without a library: a ring of 64 entries whose commands go to the shim. */
#ifndef SHIM_URING_H
#define SHIM_URING_H

#include <linux/io_uring.h>
#include <linux/jbcachefs.h>
#include <stddef.h>
#include <stdint.h>

struct uring {
	int fd;
	unsigned int *sq_tail, *sq_mask, *sq_array, *cq_head, *cq_tail, *cq_mask;
	char *entries;
	struct io_uring_cqe *completions;
};

/* Makes a ring with these flags of io_uring_setup(2); -1 with errno. */
int uring_open(struct uring *uring, unsigned int flags);

/* Puts a command into the next entry, which has that size; it is not submitted yet. */
void uring_queue(struct uring *uring, size_t entry_size, int shim, uint32_t op, const struct jbcachefs_io *io);

/* Waits for the next completion and takes it; gives its result. */
int uring_take(struct uring *uring);

/* Does one command and waits for it. */
int uring_one(struct uring *uring, size_t entry_size, int shim, uint32_t op, const struct jbcachefs_io *io);

#endif
