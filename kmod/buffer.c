// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Registered buffers: memory that is pinned once for any number of requests. Each
 * is described by an array of vectors, which bios use as it is: one for each run of
 * pages of one folio, so that huge pages make few.
 * Who holds a buffer: the session's table, and every request that names it. The
 * last one gives the pages back, where one may sleep.
 */

#include <linux/bvec.h>
#include <linux/cred.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include "shim.h"

/* Pages pinned by one call, so that a signal does not wait long. */
#define PAGES_AT_ONCE	512

static void free_buffer(struct jb_buffer *buffer)
{
	unsigned int i;

	for (i = 0; i < buffer->vector_count; i++) {
		struct bio_vec *run = &buffer->vectors[i];

		/* Requests may have read into any of them. */
		unpin_user_page_range_dirty_lock(run->bv_page, run->bv_len >> PAGE_SHIFT, true);
		cond_resched();
	}
	jb_user_unlock_pages(buffer->opener, buffer->charged);
	put_cred(buffer->opener);
	kvfree(buffer->vectors);
	kvfree(buffer->runs);
	kvfree(buffer->first_pages);
	kfree(buffer);
}

static void free_in_worker(struct work_struct *work)
{
	free_buffer(container_of(work, struct jb_buffer, free_work));
}

/* In any context. */
void jb_buffer_put(struct jb_buffer *buffer)
{
	if (!refcount_dec_and_test(&buffer->refs))
		return;
	INIT_WORK(&buffer->free_work, free_in_worker);
	queue_work(jb_workqueue, &buffer->free_work);
}

/* The buffer of that number, held for the caller; or NULL. */
struct jb_buffer *jb_buffer_get(struct jb_session *session, u32 id)
{
	struct jb_buffer *buffer;

	xa_lock(&session->buffers);
	buffer = xa_load(&session->buffers, id);
	if (buffer)
		refcount_inc(&buffer->refs);
	xa_unlock(&session->buffers);
	return buffer;
}

static unsigned int page_of(const struct jb_buffer *buffer, u64 address)
{
	return (address - (buffer->address & PAGE_MASK)) >> PAGE_SHIFT;
}

/* Where a piece of the buffer lies; EINVAL if it is not all inside. */
int jb_buffer_find(const struct jb_buffer *buffer, u64 address, u64 length,
		   struct jb_pinned *found)
{
	u64 into = address - buffer->address;
	unsigned int page;

	/* What lies before it is very far into it. */
	if (into > buffer->length || length > buffer->length - into)
		return -EINVAL;
	page = page_of(buffer, address);
	found->first = buffer->runs[page];
	found->offset = ((page - buffer->first_pages[found->first]) << PAGE_SHIFT) +
			offset_in_page(address);
	found->length = length;
	return 0;
}

/* How many vectors a piece needs, from its first one on. */
unsigned int jb_buffer_vectors(const struct jb_buffer *buffer, const struct jb_pinned *piece)
{
	u64 last = piece->offset + piece->length - 1;
	unsigned int page = buffer->first_pages[piece->first] + (last >> PAGE_SHIFT);

	return buffer->runs[page] - piece->first + 1;
}

static bool continues(const struct bio_vec *run, struct page *page)
{
	return page_folio(run->bv_page) == page_folio(page) &&
	       page_to_pfn(run->bv_page) + (run->bv_len >> PAGE_SHIFT) == page_to_pfn(page);
}

static void add_page(struct jb_buffer *buffer, struct page *page)
{
	struct bio_vec *run = &buffer->vectors[buffer->vector_count];

	if (buffer->vector_count && continues(run - 1, page)) {
		run[-1].bv_len += PAGE_SIZE;
	} else {
		run->bv_page = page;
		run->bv_len = PAGE_SIZE;
		run->bv_offset = 0;
		buffer->first_pages[buffer->vector_count++] = buffer->page_count;
	}
	buffer->runs[buffer->page_count++] = buffer->vector_count - 1;
}

static int pin(struct jb_buffer *buffer, unsigned int pages)
{
	unsigned long address = buffer->address & PAGE_MASK;
	struct page **pinned;
	int got = 0, i;

	pinned = kmalloc_array(PAGES_AT_ONCE, sizeof(*pinned), GFP_KERNEL);
	if (!pinned)
		return -ENOMEM;
	while (buffer->page_count < pages) {
		unsigned long done = (unsigned long)buffer->page_count << PAGE_SHIFT;
		int left = min_t(unsigned int, PAGES_AT_ONCE, pages - buffer->page_count);

		got = pin_user_pages_fast(address + done, left, FOLL_WRITE | FOLL_LONGTERM, pinned);
		if (got <= 0)
			break;
		for (i = 0; i < got; i++)
			add_page(buffer, pinned[i]);
		cond_resched();
	}
	kfree(pinned);
	return buffer->page_count == pages ? 0 : got ? got : -EFAULT;
}

static int allocate(struct jb_buffer *buffer, unsigned int pages)
{
	const gfp_t flags = GFP_KERNEL_ACCOUNT;

	buffer->vectors = kvmalloc_array(pages, sizeof(*buffer->vectors), flags);
	buffer->runs = kvmalloc_array(pages, sizeof(*buffer->runs), flags);
	buffer->first_pages = kvmalloc_array(pages, sizeof(*buffer->first_pages), flags);
	return buffer->vectors && buffer->runs && buffer->first_pages ? 0 : -ENOMEM;
}

static int check_buffer(const struct jbcachefs_buffer *args)
{
	if (args->buffer || args->reserved0 || args->reserved[0] || args->reserved[1])
		return -EINVAL;
	if (!args->length || args->length > JBCACHEFS_MAX_BUFFER_BYTES ||
	    (unsigned long)args->address != args->address ||
	    args->address + args->length < args->address)
		return -EINVAL;
	return access_ok(u64_to_user_ptr(args->address), args->length) ? 0 : -EFAULT;
}

int jb_buffer_add(struct jb_session *session, struct jbcachefs_buffer *args)
{
	unsigned int pages = DIV_ROUND_UP(offset_in_page(args->address) + args->length, PAGE_SIZE);
	struct jb_buffer *buffer;
	int error = check_buffer(args);

	if (error)
		return error;
	buffer = kzalloc(sizeof(*buffer), GFP_KERNEL_ACCOUNT);
	if (!buffer)
		return -ENOMEM;
	refcount_set(&buffer->refs, 1);
	buffer->address = args->address;
	buffer->length = args->length;
	buffer->opener = get_cred(session->opener);
	error = jb_session_lock_pages(session, pages);
	if (error)
		goto failed;
	buffer->charged = pages;
	error = allocate(buffer, pages) ?: pin(buffer, pages);
	if (!error)
		error = xa_alloc(&session->buffers, &args->buffer, buffer,
				 XA_LIMIT(1, JBCACHEFS_MAX_BUFFERS), GFP_KERNEL_ACCOUNT);
	if (!error)
		return 0;
	if (error == -EBUSY)
		error = -ENOSPC;
failed:
	free_buffer(buffer);
	return error;
}

int jb_buffer_remove(struct jb_session *session, const struct jbcachefs_release_buffer *args)
{
	struct jb_buffer *buffer;

	if (args->reserved)
		return -EINVAL;
	buffer = xa_erase(&session->buffers, args->buffer);
	if (!buffer)
		return -EBADF;
	jb_buffer_put(buffer);
	return 0;
}

/* Nothing is under way any more. */
void jb_buffers_free(struct jb_session *session)
{
	struct jb_buffer *buffer;
	unsigned long id;

	xa_for_each(&session->buffers, id, buffer)
		free_buffer(buffer);
	xa_destroy(&session->buffers);
}
