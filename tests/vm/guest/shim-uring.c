/* SPDX-License-Identifier: GPL-2.0-or-later */
#define _GNU_SOURCE
#include "shim-uring.h"
#include "check.h"

#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

int uring_open(struct uring *uring, unsigned int flags)
{
	struct io_uring_params params = { .flags = flags };
	char *sq, *cq;

	uring->fd = syscall(__NR_io_uring_setup, 64, &params);
	if (uring->fd < 0)
		return -1;
	sq = mmap(NULL, params.sq_off.array + 64 * 4, PROT_READ | PROT_WRITE, MAP_SHARED, uring->fd, IORING_OFF_SQ_RING);
	cq = mmap(NULL, params.cq_off.cqes + params.cq_entries * 16, PROT_READ | PROT_WRITE, MAP_SHARED, uring->fd, IORING_OFF_CQ_RING);
	uring->entries = mmap(NULL, 64 * (flags & IORING_SETUP_SQE128 ? 128 : 64), PROT_READ | PROT_WRITE, MAP_SHARED, uring->fd, IORING_OFF_SQES);
	CHECK(sq != MAP_FAILED && cq != MAP_FAILED && uring->entries != MAP_FAILED);
	uring->sq_tail = (void *)(sq + params.sq_off.tail);
	uring->sq_mask = (void *)(sq + params.sq_off.ring_mask);
	uring->sq_array = (void *)(sq + params.sq_off.array);
	uring->cq_head = (void *)(cq + params.cq_off.head);
	uring->cq_tail = (void *)(cq + params.cq_off.tail);
	uring->cq_mask = (void *)(cq + params.cq_off.ring_mask);
	uring->completions = (void *)(cq + params.cq_off.cqes);
	return 0;
}

void uring_queue(struct uring *uring, size_t entry_size, int shim, uint32_t op, const struct jbcachefs_io *io)
{
	unsigned int tail = *uring->sq_tail, index = tail & *uring->sq_mask;
	struct io_uring_sqe *sqe = (void *)(uring->entries + index * entry_size);

	memset(sqe, 0, entry_size);
	sqe->opcode = IORING_OP_URING_CMD;
	sqe->fd = shim;
	/* cmd_op shares its place with the offset */
	sqe->off = op;
	sqe->user_data = io->user_data;
	/* Of a small entry the rest lies in the next one, where only a careless kernel looks for it. */
	memcpy((char *)sqe + 48, io, sizeof(*io));
	uring->sq_array[index] = index;
	__atomic_store_n(uring->sq_tail, tail + 1, __ATOMIC_RELEASE);
}

int uring_take(struct uring *uring)
{
	unsigned int head = *uring->cq_head;
	int result;

	while (head == __atomic_load_n(uring->cq_tail, __ATOMIC_ACQUIRE))
		CHECK(syscall(__NR_io_uring_enter, uring->fd, 0, 1, IORING_ENTER_GETEVENTS, NULL, 0) >= 0);
	result = uring->completions[head & *uring->cq_mask].res;
	__atomic_store_n(uring->cq_head, head + 1, __ATOMIC_RELEASE);
	return result;
}

int uring_one(struct uring *uring, size_t entry_size, int shim, uint32_t op, const struct jbcachefs_io *io)
{
	uring_queue(uring, entry_size, shim, op, io);
	CHECK_EQUAL(1, syscall(__NR_io_uring_enter, uring->fd, 1, 1, IORING_ENTER_GETEVENTS, NULL, 0));
	return uring_take(uring);
}
