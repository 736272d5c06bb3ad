// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Registered buffers: memory that is pinned once for any number of requests. Each
 * is described by an array with a vector for each page, which bios use as it is.
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

	for (i = 0; i < buffer->page_count; i++) {
		/* Requests may have read into any of them. */
		unpin_user_pages_dirty_lock(&buffer->vectors[i].bv_page, 1, true);
		if (i % PAGES_AT_ONCE == 0)
			cond_resched();
	}
	jb_user_unlock_pages(buffer->opener, buffer->charged);
	put_cred(buffer->opener);
	kvfree(buffer->vectors);
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

/* The first page of a piece of the buffer and the place in it; EINVAL if it is not all inside. */
int jb_buffer_find(const struct jb_buffer *buffer, u64 address, u64 length, unsigned int *page,
		   unsigned int *offset)
{
	u64 into = address - buffer->address;

	if (address < buffer->address || into > buffer->length || length > buffer->length - into)
		return -EINVAL;
	into += offset_in_page(buffer->address);
	*page = into >> PAGE_SHIFT;
	*offset = offset_in_page(into);
	return 0;
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
		for (i = 0; i < got; i++) {
			struct bio_vec *vector = &buffer->vectors[buffer->page_count++];

			vector->bv_page = pinned[i];
			vector->bv_len = PAGE_SIZE;
			vector->bv_offset = 0;
		}
		cond_resched();
	}
	kfree(pinned);
	return buffer->page_count == pages ? 0 : got ? got : -EFAULT;
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
	buffer->vectors = kvmalloc_array(pages, sizeof(*buffer->vectors), GFP_KERNEL_ACCOUNT);
	error = buffer->vectors ? pin(buffer, pages) : -ENOMEM;
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
