// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The completion ring that a program maps. The kernel keeps its own positions;
 * from the mapping it reads only the head, and a wrong one harms nobody but the
 * program: an entry is reserved before its request starts, so that a
 * completion always has a place.
 */

#include <linux/eventfd.h>
#include <linux/file.h>
#include <linux/log2.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>
#include "shim.h"

struct jb_ring {
	struct jbcachefs_ring_head *head;	/* the mapped memory */
	struct jbcachefs_completion *completions;
	struct eventfd_ctx *eventfd;
	u64 bytes;
	u32 entries;
	u32 tail;
	u32 reserved;				/* requests under way */
};

static const u64 completions_offset = sizeof(struct jbcachefs_ring_head);

static u32 unseen(const struct jb_ring *ring)
{
	return min(ring->tail - READ_ONCE(ring->head->head), ring->entries);
}

int jb_ring_setup(struct jb_session *session, struct jbcachefs_ring *args)
{
	struct jb_ring *ring;
	int error;

	if (!is_power_of_2(args->entries) || args->entries > JBCACHEFS_MAX_RING ||
	    args->map_bytes || args->completions_offset || args->reserved[0] || args->reserved[1])
		return -EINVAL;
	ring = kzalloc(sizeof(*ring), GFP_KERNEL_ACCOUNT);
	if (!ring)
		return -ENOMEM;
	ring->entries = args->entries;
	ring->bytes = PAGE_ALIGN(completions_offset +
				 args->entries * sizeof(struct jbcachefs_completion));
	error = jb_session_lock_pages(session, ring->bytes >> PAGE_SHIFT);
	if (error)
		goto no_pages;
	ring->head = vmalloc_user(ring->bytes);
	if (!ring->head) {
		error = -ENOMEM;
		goto no_memory;
	}
	ring->completions = (void *)ring->head + completions_offset;
	if (args->eventfd >= 0) {
		ring->eventfd = eventfd_ctx_fdget(args->eventfd);
		if (IS_ERR(ring->eventfd)) {
			error = PTR_ERR(ring->eventfd);
			goto no_eventfd;
		}
	}
	args->map_bytes = ring->bytes;
	args->completions_offset = completions_offset;

	mutex_lock(&session->setup_lock);
	if (session->ring)
		error = -EBUSY;
	else
		/* Pairs with ring_of(): who sees the ring sees it whole. */
		smp_store_release(&session->ring, ring);
	mutex_unlock(&session->setup_lock);
	if (!error)
		return 0;

	if (ring->eventfd)
		eventfd_ctx_put(ring->eventfd);
no_eventfd:
	vfree(ring->head);
no_memory:
	jb_session_unlock_pages(session, ring->bytes >> PAGE_SHIFT);
no_pages:
	kfree(ring);
	return error;
}

/* The session's ring, or NULL. It is made once and lives as long as the session. */
static struct jb_ring *ring_of(struct jb_session *session)
{
	/* Pairs with jb_ring_setup(). */
	return smp_load_acquire(&session->ring);
}

bool jb_ring_exists(struct jb_session *session)
{
	return ring_of(session);
}

int jb_ring_map(struct jb_session *session, struct vm_area_struct *vma)
{
	struct jb_ring *ring = ring_of(session);

	if (!ring || vma->vm_pgoff || vma->vm_end - vma->vm_start != ring->bytes)
		return -EINVAL;
	return remap_vmalloc_range(vma, ring->head, 0);
}

/* A place for one completion; EAGAIN if there is none now. */
int jb_ring_reserve(struct jb_session *session)
{
	struct jb_ring *ring = ring_of(session);
	int error = 0;

	if (!ring)
		return -EINVAL;
	spin_lock_irq(&session->lock);
	if (ring->reserved + unseen(ring) >= ring->entries)
		error = -EAGAIN;
	else
		ring->reserved++;
	spin_unlock_irq(&session->lock);
	return error;
}

void jb_ring_unreserve(struct jb_session *session)
{
	spin_lock_irq(&session->lock);
	session->ring->reserved--;
	spin_unlock_irq(&session->lock);
}

/* Under session->lock, which the caller gives back; uses one reservation. */
void jb_ring_post(struct jb_session *session, const struct jbcachefs_completion *completion)
{
	struct jb_ring *ring = session->ring;

	lockdep_assert_held(&session->lock);
	ring->reserved--;
	ring->completions[ring->tail & (ring->entries - 1)] = *completion;
	ring->tail++;
	/* Who sees the new tail sees the completion. */
	smp_store_release(&ring->head->tail, ring->tail);
	if (ring->eventfd)
		jb_eventfd_signal(ring->eventfd);
	wake_up(&session->wait);
}

/* How many completions the program has not seen. */
u32 jb_ring_ready(struct jb_session *session)
{
	struct jb_ring *ring = ring_of(session);
	u32 ready;

	if (!ring)
		return 0;
	spin_lock_irq(&session->lock);
	ready = unseen(ring);
	spin_unlock_irq(&session->lock);
	return ready;
}

/* Whether no completion is to come. */
bool jb_ring_idle(struct jb_session *session)
{
	bool idle;

	spin_lock_irq(&session->lock);
	idle = !session->ring->reserved;
	spin_unlock_irq(&session->lock);
	return idle;
}

void jb_ring_free(struct jb_session *session)
{
	struct jb_ring *ring = session->ring;

	if (!ring)
		return;
	if (ring->eventfd)
		eventfd_ctx_put(ring->eventfd);
	vfree(ring->head);
	jb_session_unlock_pages(session, ring->bytes >> PAGE_SHIFT);
	kfree(ring);
}
