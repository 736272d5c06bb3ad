// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Requests: checked, their memory pinned once, turned into bios for each of
 * their targets, and finished when the last bio has ended. Memory allocated on
 * the way to a filesystem's disk must not wait for that filesystem: GFP_NOIO.
 */

#include <linux/mm.h>
#include <linux/pagemap.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include "shim.h"

static struct kmem_cache *request_cache;
/* For operations that block; apart, so that they never delay a completion. */
static struct workqueue_struct *range_workqueue;

static bool has_memory(const struct jb_request *request)
{
	return request->opcode == JBCACHEFS_OP_READ || request->opcode == JBCACHEFS_OP_WRITE;
}

static u64 charged_bytes(const struct jb_request *request)
{
	return has_memory(request) ? request->length : 0;
}

/* -- checking -- */

static u32 known_flags(u8 opcode)
{
	const u32 hints = JBCACHEFS_IO_META | JBCACHEFS_IO_SYNC | JBCACHEFS_IO_PRIO;

	switch (opcode) {
	case JBCACHEFS_OP_READ:
		return hints;
	case JBCACHEFS_OP_WRITE:
		return hints | JBCACHEFS_IO_PREFLUSH | JBCACHEFS_IO_FUA;
	case JBCACHEFS_OP_WRITE_ZEROES:
		return JBCACHEFS_IO_NOUNMAP | JBCACHEFS_IO_NOFALLBACK;
	default:
		return 0;
	}
}

static int check_shape(const struct jbcachefs_io *io)
{
	bool memory = io->opcode <= JBCACHEFS_OP_WRITE;

	if (io->opcode > JBCACHEFS_OP_WRITE_ZEROES || (io->buffer && !memory))
		return -EINVAL;
	if (io->flags & ~known_flags(io->opcode))
		return -EINVAL;
	if (!io->targets || io->targets > JBCACHEFS_MAX_TARGETS)
		return -EINVAL;
	if (io->targets > 1 ? io->claim || io->offset : io->target_address)
		return -EINVAL;
	if (io->opcode == JBCACHEFS_OP_READ && io->targets > 1)
		return -EINVAL;
	if (memory)
		return io->segments && io->segments <= JBCACHEFS_MAX_SEGMENTS && io->length &&
		       io->length <= JBCACHEFS_MAX_IO_BYTES ? 0 : -EINVAL;
	if (io->segments || io->address)
		return -EINVAL;
	if (io->opcode == JBCACHEFS_OP_FLUSH)
		return io->length || io->offset ? -EINVAL : 0;
	return io->length && io->length <= JBCACHEFS_MAX_RANGE_BYTES ? 0 : -EINVAL;
}

static int check_target(const struct jb_request *request, const struct jb_request_target *target)
{
	struct block_device *bdev = target->claim->bdev.bdev;
	u64 size = bdev_nr_bytes(bdev);

	if (request->opcode != JBCACHEFS_OP_READ && !target->claim->writable)
		return -EPERM;
	if (request->opcode == JBCACHEFS_OP_FLUSH)
		return target->offset ? -EINVAL : 0;
	if ((target->offset | request->length) & (bdev_logical_block_size(bdev) - 1))
		return -EINVAL;
	/* A device that died has no size any more; what it answers is ENODEV. */
	if (!jb_claim_dead(target->claim) &&
	    (target->offset > size || request->length > size - target->offset))
		return -EINVAL;
	return 0;
}

static int take_target(struct jb_request *request, u32 claim, u64 offset)
{
	struct jb_request_target *target = &request->targets[request->target_count];

	target->request = request;
	target->offset = offset;
	target->error = 0;
	target->claim = jb_claim_get(request->session, claim);
	if (!target->claim)
		return -EBADF;
	request->target_count++;
	return check_target(request, target);
}

static int take_targets(struct jb_request *request, const struct jbcachefs_io *io)
{
	struct jbcachefs_target given[JBCACHEFS_MAX_TARGETS];
	int error, i;

	if (io->targets == 1)
		return take_target(request, io->claim, io->offset);
	if (copy_from_user(given, u64_to_user_ptr(io->target_address),
			   io->targets * sizeof(*given)))
		return -EFAULT;
	for (i = 0; i < io->targets; i++) {
		if (given[i].reserved)
			return -EINVAL;
		error = take_target(request, given[i].claim, given[i].offset);
		if (error)
			return error;
	}
	return 0;
}

/* -- memory -- */

static unsigned int pages_spanned(u64 address, u64 length)
{
	return DIV_ROUND_UP(offset_in_page(address) + length, PAGE_SIZE);
}

/* Every target has to be able to transfer the segment as it lies in memory. */
static int check_segment(const struct jb_request *request, const struct jbcachefs_segment *segment)
{
	int i;

	if (!segment->length || segment->length > JBCACHEFS_MAX_IO_BYTES ||
	    (unsigned long)segment->address != segment->address)
		return -EINVAL;
	for (i = 0; i < request->target_count; i++) {
		struct jb_claim *claim = request->targets[i].claim;

		if (segment->address & jb_claim_alignment(claim) ||
		    segment->length & (bdev_logical_block_size(claim->bdev.bdev) - 1))
			return -EINVAL;
	}
	return 0;
}

static int read_segments(const struct jb_request *request, const struct jbcachefs_io *io,
			 struct jbcachefs_segment *segments)
{
	u64 sum = 0;
	int error, i;

	if (io->segments == 1) {
		segments[0].address = io->address;
		segments[0].length = io->length;
	} else if (copy_from_user(segments, u64_to_user_ptr(io->address),
				  io->segments * sizeof(*segments))) {
		return -EFAULT;
	}
	for (i = 0; i < io->segments; i++) {
		error = check_segment(request, &segments[i]);
		if (error)
			return error;
		sum += segments[i].length;
	}
	return sum == io->length ? 0 : -EINVAL;
}

static int allocate_pages(struct jb_request *request, unsigned int pages)
{
	request->pages = request->inline_pages;
	if (pages > JB_INLINE_PAGES)
		request->pages = kvmalloc_array(pages, sizeof(*request->pages),
						GFP_NOIO | __GFP_ACCOUNT);
	request->pinned = &request->inline_pinned;
	if (request->segment_count > 1)
		request->pinned = kmalloc_array(request->segment_count, sizeof(*request->pinned),
						GFP_NOIO | __GFP_ACCOUNT);
	return request->pages && request->pinned ? 0 : -ENOMEM;
}

static void free_pages_array(struct jb_request *request)
{
	if (request->pages != request->inline_pages)
		kvfree(request->pages);
	if (request->pinned != &request->inline_pinned)
		kfree(request->pinned);
}

static int pin_segment(struct jb_request *request, const struct jbcachefs_segment *segment,
		       struct jb_pinned *pinned)
{
	unsigned int left = pages_spanned(segment->address, segment->length);
	unsigned long address = segment->address & PAGE_MASK;
	unsigned int flags = request->opcode == JBCACHEFS_OP_READ ? FOLL_WRITE : 0;
	int got;

	pinned->first = request->page_count;
	pinned->offset = offset_in_page(segment->address);
	pinned->length = segment->length;
	while (left) {
		got = pin_user_pages_fast(address, left, flags,
					  request->pages + request->page_count);
		if (got <= 0)
			return got ? got : -EFAULT;
		request->page_count += got;
		address += (unsigned long)got << PAGE_SHIFT;
		left -= got;
	}
	return 0;
}

/*
 * What is read into has to be written back one day. Marking it now, where one
 * may sleep, lets most completions do without a worker.
 */
static void mark_dirty(struct jb_request *request)
{
	struct folio *last = NULL;
	unsigned int i;

	for (i = 0; i < request->page_count; i++) {
		struct folio *folio = page_folio(request->pages[i]);

		if (folio != last && !folio_test_dirty(folio))
			set_page_dirty_lock(request->pages[i]);
		last = folio;
	}
}

static bool still_dirty(const struct jb_request *request)
{
	unsigned int i;

	for (i = 0; i < request->page_count; i++) {
		if (!folio_test_dirty(page_folio(request->pages[i])))
			return false;
	}
	return true;
}

static int pin_memory(struct jb_request *request, const struct jbcachefs_segment *segments)
{
	unsigned int i;
	int error;

	for (i = 0; i < request->segment_count; i++) {
		error = pin_segment(request, &segments[i], &request->pinned[i]);
		if (error)
			return error;
	}
	if (request->opcode == JBCACHEFS_OP_READ)
		mark_dirty(request);
	return 0;
}

/* Where the segments lie in the registered buffer: nothing is left to pin. */
static int find_memory(struct jb_request *request, const struct jbcachefs_segment *segments)
{
	unsigned int i;
	int error;

	for (i = 0; i < request->segment_count; i++) {
		error = jb_buffer_find(request->buffer, segments[i].address, segments[i].length,
				       &request->pinned[i]);
		if (error)
			return error;
	}
	return 0;
}

/* -- making one -- */

static void put_targets(struct jb_request *request)
{
	int i;

	for (i = 0; i < request->target_count; i++)
		jb_claim_put(request->targets[i].claim);
}

static int charge(struct jb_request *request, unsigned int pages, bool may_wait)
{
	if (may_wait)
		return jb_session_charge_wait(request->session, charged_bytes(request), pages);
	return jb_session_charge(request->session, charged_bytes(request), pages);
}

/* Counts the request in and pins its memory. */
static int take_memory(struct jb_request *request, const struct jbcachefs_io *io, bool may_wait)
{
	struct jbcachefs_segment segments[JBCACHEFS_MAX_SEGMENTS];
	unsigned int pages = 0, i;
	int error;

	if (!has_memory(request))
		return charge(request, 0, may_wait);
	error = read_segments(request, io, segments);
	if (error)
		return error;
	request->segment_count = io->segments;
	if (io->buffer) {
		request->buffer = jb_buffer_get(request->session, io->buffer);
		if (!request->buffer)
			return -EBADF;
	} else {
		for (i = 0; i < io->segments; i++)
			pages += pages_spanned(segments[i].address, segments[i].length);
	}
	error = charge(request, pages, may_wait);
	if (error)
		return error;
	error = allocate_pages(request, pages);
	if (!error)
		error = request->buffer ? find_memory(request, segments) :
					  pin_memory(request, segments);
	if (error) {
		unpin_user_pages(request->pages, request->page_count);
		free_pages_array(request);
		jb_session_uncharge(request->session, charged_bytes(request), pages, NULL);
	}
	return error;
}

/*
 * Makes a request that is ready to be submitted. Fails with EAGAIN if a limit
 * of the session is reached and it may not wait for others to end.
 */
int jb_request_make(struct jb_session *session, const struct jbcachefs_io *io, enum jb_mode mode,
		    bool may_wait, struct jb_request **made)
{
	struct jb_request *request;
	int error = check_shape(io);

	if (error)
		return error;
	request = kmem_cache_alloc(request_cache, GFP_NOIO);
	if (!request)
		return -ENOMEM;
	request->session = session;
	request->user_data = io->user_data;
	request->completion = io->completion;
	request->length = io->length;
	request->flags = io->flags;
	request->opcode = io->opcode;
	request->target_count = 0;
	request->mode = mode;
	request->page_count = 0;
	request->segment_count = 0;
	request->buffer = NULL;
	atomic_set(&request->pending, 1);
	error = take_targets(request, io);
	if (!error)
		error = take_memory(request, io, may_wait);
	if (error) {
		if (request->buffer)
			jb_buffer_put(request->buffer);
		put_targets(request);
		kmem_cache_free(request_cache, request);
		return error;
	}
	*made = request;
	return 0;
}

/* -- finishing -- */

static bool wrote(const struct jb_request *request)
{
	return request->opcode != JBCACHEFS_OP_READ && request->opcode != JBCACHEFS_OP_FLUSH;
}

static bool has_cache(const struct jb_request *request)
{
	int i;

	for (i = 0; i < request->target_count; i++) {
		if (jb_claim_has_cache(request->targets[i].claim))
			return true;
	}
	return false;
}

/* Whether finishing has to sleep. */
static bool needs_task(const struct jb_request *request)
{
	if (has_memory(request) && is_vmalloc_addr(request->pages))
		return true;
	if (request->opcode == JBCACHEFS_OP_READ)
		return !still_dirty(request);
	return wrote(request) && has_cache(request);
}

static void drop_caches(struct jb_request *request)
{
	const struct jb_request_target *target = request->targets;
	int i;

	for (i = 0; i < request->target_count; i++, target++)
		jb_claim_drop_cache(target->claim, target->offset, request->length);
}

static void release_memory(struct jb_request *request)
{
	if (request->opcode == JBCACHEFS_OP_READ && request->in_task)
		unpin_user_pages_dirty_lock(request->pages, request->page_count, true);
	else
		unpin_user_pages(request->pages, request->page_count);
	free_pages_array(request);
	if (request->buffer)
		jb_buffer_put(request->buffer);
}

static void describe(const struct jb_request *request, struct jbcachefs_completion *completion)
{
	int i;

	memset(completion, 0, sizeof(*completion));
	completion->user_data = request->user_data;
	completion->result = request->length;
	for (i = request->target_count - 1; i >= 0; i--) {
		if (request->targets[i].error) {
			completion->failed |= BIT(i);
			completion->results[i] = request->targets[i].error;
			completion->result = request->targets[i].error;
		}
	}
}

/* Gives back what the request held: its memory and its claims. */
static void give_back(struct jb_request *request, struct jbcachefs_completion *completion)
{
	if (request->in_task && wrote(request) && has_cache(request))
		drop_caches(request);
	if (has_memory(request))
		release_memory(request);
	describe(request, completion);
	put_targets(request);
}

void jb_request_free(struct jb_request *request)
{
	kmem_cache_free(request_cache, request);
}

/* Gives everything back, the request too, and counts it out: after that the session may be gone. */
static void finish(struct jb_request *request, struct jbcachefs_completion *completion)
{
	struct jb_session *session = request->session;
	unsigned int pages = request->page_count;
	u64 bytes = charged_bytes(request);
	bool ring = request->mode == JB_RING;

	give_back(request, completion);
	jb_request_free(request);
	jb_session_uncharge(session, bytes, pages, ring ? completion : NULL);
}

void jb_request_finish(struct jb_request *request, struct jbcachefs_completion *completion)
{
	/* Who waits may sleep. */
	request->in_task = true;
	finish(request, completion);
}

/*
 * Everything but telling the task that submitted it: that may be waiting for just what
 * the request holds. The session stays as long as io_uring has not told the task.
 */
static void finish_uring(struct jb_request *request)
{
	give_back(request, &request->result);
	jb_session_uncharge(request->session, charged_bytes(request), request->page_count, NULL);
	jb_uring_ended(request);
}

static void finish_alone(struct jb_request *request)
{
	struct jbcachefs_completion completion;

	if (request->mode == JB_URING)
		finish_uring(request);
	else
		finish(request, &completion);
}

static void finish_in_worker(struct work_struct *work)
{
	finish_alone(container_of(work, struct jb_request, work));
}

/* In any context: the last bio has ended. */
static void request_ended(struct jb_request *request)
{
	if (request->mode == JB_WAIT) {
		if (atomic_dec_and_test(&request->batch->pending))
			complete(&request->batch->done);
		return;
	}
	request->in_task = needs_task(request);
	if (request->in_task) {
		INIT_WORK(&request->work, finish_in_worker);
		queue_work(jb_workqueue, &request->work);
	} else {
		finish_alone(request);
	}
}

static void put_pending(struct jb_request *request)
{
	if (atomic_dec_and_test(&request->pending))
		request_ended(request);
}

static void target_failed(struct jb_request_target *target, int error)
{
	if (jb_claim_dead(target->claim))
		error = -ENODEV;
	cmpxchg(&target->error, 0, error);
}

static void bio_ended(struct bio *bio)
{
	struct jb_request_target *target = bio->bi_private;

	if (bio->bi_status)
		target_failed(target, blk_status_to_errno(bio->bi_status));
	bio_put(bio);
	put_pending(target->request);
}

/* -- submitting -- */

static blk_opf_t bio_flags(const struct jb_request *request)
{
	blk_opf_t flags = request->opcode == JBCACHEFS_OP_READ ? REQ_OP_READ : REQ_OP_WRITE;

	if (request->opcode == JBCACHEFS_OP_FLUSH)
		return REQ_OP_WRITE | REQ_PREFLUSH | REQ_SYNC;
	if (request->flags & JBCACHEFS_IO_PREFLUSH)
		flags |= REQ_PREFLUSH;
	if (request->flags & JBCACHEFS_IO_FUA)
		flags |= REQ_FUA;
	if (request->flags & JBCACHEFS_IO_META)
		flags |= REQ_META;
	/* As direct I/O does it: somebody waits, so the block layer throttles nothing. */
	if (request->flags & JBCACHEFS_IO_SYNC)
		flags |= REQ_SYNC | REQ_IDLE;
	if (request->flags & JBCACHEFS_IO_PRIO)
		flags |= REQ_PRIO;
	return flags;
}

static struct bio *new_bio(struct jb_request_target *target, u64 offset, unsigned int pages)
{
	struct bio *bio = bio_alloc(target->claim->bdev.bdev, bio_max_segs(pages),
				    bio_flags(target->request), GFP_NOIO);

	bio->bi_iter.bi_sector = offset >> SECTOR_SHIFT;
	bio->bi_private = target;
	bio->bi_end_io = bio_ended;
	return bio;
}

static void send_bio(struct bio *bio)
{
	struct jb_request_target *target = bio->bi_private;

	atomic_inc(&target->request->pending);
	submit_bio(bio);
}

/*
 * The request's memory as bios for one target. All of them carry the request's
 * flags: with one PREFLUSH for several bios, the others could become durable
 * before what the flush is for. A full bio is sent before the next one is
 * allocated, so the reserve they come from cannot run dry. Pages are not merged
 * here (the block layer does it): so a full bio ends at a block's end also where
 * blocks are larger than pages.
 */
static void send_memory(struct jb_request_target *target)
{
	struct jb_request *request = target->request;
	u64 at = target->offset;
	unsigned int segment, in_bio = 0;
	struct bio *bio = new_bio(target, at, request->page_count);

	for (segment = 0; segment < request->segment_count; segment++) {
		const struct jb_pinned *pinned = &request->pinned[segment];
		unsigned int page = pinned->first, offset = pinned->offset;
		u64 left = pinned->length;

		while (left) {
			unsigned int part = min_t(u64, left, PAGE_SIZE - offset);

			if (in_bio == BIO_MAX_VECS) {
				send_bio(bio);
				bio = new_bio(target, at, request->page_count - page);
				in_bio = 0;
			}
			/* There is a vector for each page. */
			__bio_add_page(bio, request->pages[page], part, offset);
			in_bio++;
			at += part;
			left -= part;
			page++;
			offset = 0;
		}
	}
	send_bio(bio);
}

/*
 * The same of a registered buffer: a bio for each segment, which uses the buffer's own vectors. The
 * block layer changes no vectors, and splits what is too large for the device.
 */
static void send_buffer(struct jb_request_target *target)
{
	struct jb_request *request = target->request;
	u64 at = target->offset;
	unsigned int segment;

	for (segment = 0; segment < request->segment_count; segment++) {
		const struct jb_pinned *pinned = &request->pinned[segment];
		struct bio *bio = new_bio(target, at, 0);

		jb_bio_use(bio, request->buffer->vectors + pinned->first,
			   jb_buffer_vectors(request->buffer, pinned), pinned->offset,
			   pinned->length);
		send_bio(bio);
		at += pinned->length;
	}
}

static int do_range(struct jb_request_target *target)
{
	struct jb_request *request = target->request;
	struct block_device *bdev = target->claim->bdev.bdev;
	sector_t sector = target->offset >> SECTOR_SHIFT, sectors = request->length >> SECTOR_SHIFT;
	unsigned int flags = 0;

	if (request->opcode == JBCACHEFS_OP_DISCARD)
		return blkdev_issue_discard(bdev, sector, sectors, GFP_NOIO);
	if (request->flags & JBCACHEFS_IO_NOUNMAP)
		flags |= BLKDEV_ZERO_NOUNMAP;
	if (request->flags & JBCACHEFS_IO_NOFALLBACK)
		flags |= BLKDEV_ZERO_NOFALLBACK;
	return blkdev_issue_zeroout(bdev, sector, sectors, GFP_NOIO, flags);
}

static void do_ranges(struct work_struct *work)
{
	struct jb_request *request = container_of(work, struct jb_request, work);
	int error, i;

	for (i = 0; i < request->target_count; i++) {
		error = request->targets[i].error ? 0 : do_range(&request->targets[i]);
		if (error)
			target_failed(&request->targets[i], error);
	}
	put_pending(request);
}

/* What the state of its device says about a target, before anything is sent there. */
static int refused(const struct jb_request_target *target)
{
	struct block_device *bdev = target->claim->bdev.bdev;

	if (jb_claim_dead(target->claim))
		return -ENODEV;
	if (wrote(target->request) && bdev_read_only(bdev))
		return -EROFS;
	/* The block layer would do nothing and call it success. */
	if (target->request->opcode == JBCACHEFS_OP_DISCARD && !bdev_max_discard_sectors(bdev))
		return -EOPNOTSUPP;
	return 0;
}

/* From here on the request may be gone as soon as it has ended. */
void jb_request_submit(struct jb_request *request)
{
	int i;

	for (i = 0; i < request->target_count; i++) {
		struct jb_request_target *target = &request->targets[i];

		target->error = refused(target);
		if (target->error)
			continue;
		if (request->buffer)
			send_buffer(target);
		else if (has_memory(request))
			send_memory(target);
		else if (request->opcode == JBCACHEFS_OP_FLUSH)
			send_bio(new_bio(target, 0, 0));
	}
	if (!has_memory(request) && request->opcode != JBCACHEFS_OP_FLUSH) {
		INIT_WORK(&request->work, do_ranges);
		queue_work(range_workqueue, &request->work);
	} else {
		put_pending(request);
	}
}

int __init jb_request_init(void)
{
	request_cache = kmem_cache_create("jbcachefs_request", sizeof(struct jb_request), 0,
					  SLAB_HWCACHE_ALIGN | SLAB_ACCOUNT, NULL);
	if (!request_cache)
		return -ENOMEM;
	range_workqueue = alloc_workqueue("jbcachefs_range", WQ_MEM_RECLAIM | WQ_UNBOUND, 0);
	if (!range_workqueue) {
		kmem_cache_destroy(request_cache);
		return -ENOMEM;
	}
	return 0;
}

void jb_request_exit(void)
{
	destroy_workqueue(range_workqueue);
	kmem_cache_destroy(request_cache);
}
