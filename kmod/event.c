// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Events of claimed devices. Each claim has one bit per kind of event, so that
 * nothing is allocated, nothing overflows, and a repeated event is told once.
 */

#include <linux/uaccess.h>
#include "shim.h"

/* In any context, also under the lock of the device's holder. */
void jb_event_post(struct jb_claim *claim, unsigned int type, u64 value)
{
	struct jb_session *session = claim->session;
	unsigned long flags;

	spin_lock_irqsave(&session->lock, flags);
	claim->events |= BIT(type);
	claim->event_values[type] = value;
	if (list_empty(&claim->event_link))
		list_add_tail(&claim->event_link, &session->events);
	wake_up(&session->wait);
	spin_unlock_irqrestore(&session->lock, flags);
}

bool jb_event_pending(struct jb_session *session)
{
	return !list_empty_careful(&session->events);
}

/* Takes the oldest event; false if there is none. */
static bool take_event(struct jb_session *session, struct jbcachefs_event *event)
{
	struct jb_claim *claim;

	memset(event, 0, sizeof(*event));
	spin_lock_irq(&session->lock);
	claim = list_first_entry_or_null(&session->events, struct jb_claim, event_link);
	if (claim) {
		event->type = __ffs(claim->events);
		event->claim = claim->id;
		event->value = claim->event_values[event->type];
		claim->events &= ~BIT(event->type);
		if (!claim->events)
			list_del_init(&claim->event_link);
	}
	spin_unlock_irq(&session->lock);
	return claim;
}

ssize_t jb_event_read(struct jb_session *session, char __user *buffer, size_t size, bool nonblock)
{
	struct jbcachefs_event event;
	ssize_t done = 0;

	if (size < sizeof(event))
		return -EINVAL;
	/* Another reader may take what this one waited for. */
	while (!take_event(session, &event)) {
		if (nonblock)
			return -EAGAIN;
		if (wait_event_interruptible(session->wait, jb_event_pending(session)))
			return -ERESTARTSYS;
	}
	do {
		if (copy_to_user(buffer + done, &event, sizeof(event)))
			return done ?: -EFAULT;
		done += sizeof(event);
	} while (size - done >= sizeof(event) && take_event(session, &event));
	return done;
}

/* The kernel does not tell a holder of a new size or a change to read-only: they are looked for. */
static void look_at(struct jb_claim *claim)
{
	struct block_device *bdev = claim->bdev.bdev;
	u64 size = bdev_nr_bytes(bdev);
	bool read_only = bdev_read_only(bdev);

	if (jb_claim_dead(claim)) {
		if (!test_and_set_bit(JB_CLAIM_DEAD, &claim->state))
			jb_event_post(claim, JBCACHEFS_EVENT_DEAD, 1);
		return;
	}
	if (size != claim->known_size) {
		claim->known_size = size;
		jb_event_post(claim, JBCACHEFS_EVENT_RESIZED, size);
	}
	if (read_only != claim->known_read_only) {
		claim->known_read_only = read_only;
		jb_event_post(claim, JBCACHEFS_EVENT_READ_ONLY, read_only);
	}
}

void jb_event_watch(struct work_struct *work)
{
	struct jb_session *session = container_of(to_delayed_work(work), struct jb_session, watch);
	struct jb_claim *claim;
	unsigned long id;
	bool any = false;

	mutex_lock(&session->setup_lock);
	xa_for_each(&session->claims, id, claim) {
		look_at(claim);
		any = true;
	}
	mutex_unlock(&session->setup_lock);
	if (any)
		queue_delayed_work(jb_workqueue, &session->watch, JB_WATCH_INTERVAL);
}
