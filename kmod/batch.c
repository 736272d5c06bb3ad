// SPDX-License-Identifier: GPL-2.0-or-later
/* The ioctls that take arrays of requests: IOC_IO, which waits for them, and IOC_SUBMIT. */

#include <linux/slab.h>
#include <linux/uaccess.h>
#include "shim.h"

static int check_batch(const struct jbcachefs_batch *args)
{
	if (!args->count ? !args->wait : args->count > JBCACHEFS_MAX_BATCH)
		return -EINVAL;
	if (args->submitted || args->reserved0 || args->reserved[0] || args->reserved[1])
		return -EINVAL;
	return 0;
}

static int read_request(const struct jbcachefs_batch *args, u32 index, struct jbcachefs_io *io)
{
	const struct jbcachefs_io __user *requests = u64_to_user_ptr(args->requests);

	return copy_from_user(io, requests + index, sizeof(*io)) ? -EFAULT : 0;
}

/* -- IOC_IO -- */

/* Requests under way at the same time, and where their completions go. */
struct wave {
	struct jb_batch batch;
	unsigned int count;
	struct jb_request *requests[];
};

static void begin_wave(struct wave *wave)
{
	wave->count = 0;
	atomic_set(&wave->batch.pending, 1);
	init_completion(&wave->batch.done);
}

static int give_completion(u64 address, const struct jbcachefs_completion *completion)
{
	if (copy_to_user(u64_to_user_ptr(address), completion, sizeof(*completion)))
		return -EFAULT;
	return 0;
}

static int end_wave(struct wave *wave)
{
	struct jbcachefs_completion completion;
	int error = 0;
	unsigned int i;

	if (!atomic_dec_and_test(&wave->batch.pending))
		wait_for_completion_io(&wave->batch.done);
	for (i = 0; i < wave->count; i++) {
		u64 address = wave->requests[i]->completion;

		jb_request_finish(wave->requests[i], &completion);
		error = give_completion(address, &completion) ?: error;
	}
	begin_wave(wave);
	return error;
}

/*
 * Starts one request. The session's limits count the requests of this wave, which
 * only this task can finish: it waits for others only when it has none itself.
 */
static int start_in_wave(struct jb_session *session, struct wave *wave,
			 const struct jbcachefs_io *io)
{
	struct jb_request *request;
	int error = jb_request_make(session, io, JB_WAIT, !wave->count, &request);

	if (error == -EAGAIN) {
		error = end_wave(wave);
		if (error)
			return error;
		error = jb_request_make(session, io, JB_WAIT, true, &request);
	}
	if (error) {
		struct jbcachefs_completion completion = {
			.user_data = io->user_data, .result = error,
		};

		return give_completion(io->completion, &completion);
	}
	request->batch = &wave->batch;
	wave->requests[wave->count++] = request;
	atomic_inc(&wave->batch.pending);
	jb_request_submit(request);
	return 0;
}

int jb_io(struct jb_session *session, struct jbcachefs_batch *args)
{
	struct jbcachefs_io io;
	struct blk_plug plug;
	struct wave *wave;
	int error = check_batch(args), wave_error;

	if (error || !args->count || args->wait)
		return error ?: -EINVAL;
	wave = kmalloc(struct_size(wave, requests, args->count), GFP_KERNEL_ACCOUNT);
	if (!wave)
		return -ENOMEM;
	begin_wave(wave);
	blk_start_plug(&plug);
	while (!error && args->submitted < args->count) {
		error = read_request(args, args->submitted, &io) ?:
			start_in_wave(session, wave, &io);
		if (!error)
			args->submitted++;
	}
	blk_finish_plug(&plug);
	wave_error = end_wave(wave);
	kfree(wave);
	return error ?: wave_error;
}

/* -- IOC_SUBMIT -- */

static void post_error(struct jb_session *session, u64 user_data, int error)
{
	struct jbcachefs_completion completion = { .user_data = user_data, .result = error };

	spin_lock_irq(&session->lock);
	jb_ring_post(session, &completion);
	spin_unlock_irq(&session->lock);
}

/* Starts one request, or says by its completion what is wrong with it. EAGAIN: not now. */
static int start_in_ring(struct jb_session *session, const struct jbcachefs_io *io)
{
	struct jb_request *request;
	int error = jb_ring_reserve(session);

	if (error)
		return error;
	error = io->completion ? -EINVAL : jb_request_make(session, io, JB_RING, false, &request);
	if (error == -EAGAIN)
		jb_ring_unreserve(session);
	else if (error)
		post_error(session, io->user_data, error);
	else
		jb_request_submit(request);
	return error == -EAGAIN ? error : 0;
}

static int wait_for_completions(struct jb_session *session, u32 wanted)
{
	return wait_event_interruptible(session->wait,
					jb_ring_ready(session) >= wanted || jb_ring_idle(session));
}

int jb_submit(struct jb_session *session, struct jbcachefs_batch *args)
{
	struct jbcachefs_io io;
	struct blk_plug plug;
	int error = check_batch(args);

	if (!error && !jb_ring_exists(session))
		error = -EINVAL;
	if (error)
		return error;
	blk_start_plug(&plug);
	while (!error && args->submitted < args->count) {
		error = read_request(args, args->submitted, &io) ?: start_in_ring(session, &io);
		if (!error)
			args->submitted++;
	}
	blk_finish_plug(&plug);
	if (error == -EAGAIN && (args->submitted || args->wait))
		error = 0;
	/* A signal cuts the wait short; what was submitted stays so, and is told. */
	if (!error && args->wait && wait_for_completions(session, args->wait) && !args->submitted)
		error = -EINTR;
	return error;
}
