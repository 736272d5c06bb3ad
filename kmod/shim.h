/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The module's own structures. Who holds whom:
 *
 *   a session (one per open file) owns its claims, buffers, ring and
 *   registration;
 *   a request holds its session (counted in inflight) and a reference to each
 *   claim and buffer it uses; the last reference to a claim closes the block
 *   device, the last one to a buffer unpins its memory.
 *
 * Locks, outermost first; none is held while user memory is touched or I/O is
 * waited for:
 *   control_lock        registered filesystems and their calls
 *   session->setup_lock claims, ring and registration come and go
 *   claims_lock         the list of every claim
 *   session->lock       counters, completions, events (any context)
 */
#ifndef JBCACHEFS_SHIM_H
#define JBCACHEFS_SHIM_H

#include <linux/bio.h>
#include <linux/blkdev.h>
#include <linux/completion.h>
#include <linux/fs.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/poll.h>
#include <linux/sched.h>
#include <linux/spinlock.h>
#include <linux/types.h>
#include <linux/wait.h>
#include <linux/workqueue.h>
#include <linux/xarray.h>
#include <uapi/linux/jbcachefs.h>
#include "compat.h"

struct io_uring_cmd;

/* How often a device is looked at for what the kernel does not report. */
#define JB_WATCH_INTERVAL	HZ

/* Requests of up to that many pages need no further allocation for them. */
#define JB_INLINE_PAGES		16

struct jb_session {
	struct mutex setup_lock;	/* claims and ring come and go */
	spinlock_t lock;		/* all that changes with requests and events */
	wait_queue_head_t wait;		/* events, calls, completions */
	wait_queue_head_t credit;	/* a request ended, or a claim closed */
	unsigned int inflight;
	u64 inflight_bytes;
	struct list_head open_claims;	/* until their devices are closed */
	struct list_head events;	/* of claims that have some */
	struct xarray claims;
	struct xarray buffers;
	struct delayed_work watch;
	struct jb_ring *ring;
	struct jb_filesystem *filesystem;
	unsigned int calls_waiting;	/* of the filesystem */
	const struct cred *opener;	/* whose RLIMIT_MEMLOCK is charged */
	bool unlimited;
};

/* Bits of jb_claim.state */
enum {
	JB_CLAIM_DEAD,
};

struct jb_claim {
	struct jb_session *session;
	struct jb_bdev bdev;
	refcount_t refs;
	unsigned long state;
	u32 id;
	bool writable;
	u64 known_size;
	bool known_read_only;
	/* under session->lock */
	struct list_head open_link;
	struct list_head event_link;
	unsigned int events;		/* bit per JBCACHEFS_EVENT_* */
	u64 event_values[JBCACHEFS_EVENT_READ_ONLY + 1];
	/* for the list of all claims */
	struct list_head all_link;
	u64 serial;
	pid_t pid;
	char comm[TASK_COMM_LEN];
	struct work_struct close_work;
	struct rcu_head rcu;
};

/* Memory pinned for many requests. */
struct jb_buffer {
	refcount_t refs;
	u64 address;
	u64 length;
	struct bio_vec *vectors;	/* one for each run of pages of one folio */
	unsigned int vector_count;
	u32 *runs;			/* of each page: the number of its vector */
	u32 *first_pages;		/* of each vector: the number of its first page */
	unsigned int page_count;
	unsigned int charged;
	const struct cred *opener;	/* whose RLIMIT_MEMLOCK is charged */
	struct work_struct free_work;
};

enum jb_mode {
	JB_WAIT,	/* IOC_IO: the caller waits and finishes it */
	JB_RING,
	JB_URING,
};

/* Requests that one IOC_IO waits for. */
struct jb_batch {
	atomic_t pending;
	struct completion done;
};

struct jb_request_target {
	struct jb_request *request;
	struct jb_claim *claim;
	u64 offset;
	int error;
};

/* A segment of a request. */
struct jb_pinned {
	unsigned int first;		/* page of the request, or vector of the buffer */
	unsigned int offset;		/* into that */
	u64 length;
};

struct jb_request {
	struct jb_session *session;
	u64 user_data;
	u64 completion;			/* user address, or 0 */
	u64 length;
	u32 flags;
	u8 opcode;
	u8 target_count;
	bool in_task;			/* finished where one may sleep */
	enum jb_mode mode;
	atomic_t pending;		/* bios, and one for who submits */
	unsigned int page_count;
	unsigned int segment_count;
	struct page **pages;
	struct jb_pinned *pinned;	/* per segment */
	struct jb_buffer *buffer;	/* or NULL: then its pages are its own */
	union {
		struct jb_batch *batch;
		struct io_uring_cmd *uring;
	};
	struct jbcachefs_completion result;	/* for who is told later */
	struct work_struct work;
	struct jb_request_target targets[JBCACHEFS_MAX_TARGETS];
	struct page *inline_pages[JB_INLINE_PAGES];
	struct jb_pinned inline_pinned;
};

extern struct workqueue_struct *jb_workqueue;

/* main.c */
void jb_user_unlock_pages(const struct cred *user, unsigned int pages);
int jb_session_lock_pages(struct jb_session *session, unsigned int pages);
void jb_session_unlock_pages(struct jb_session *session, unsigned int pages);
int jb_session_charge(struct jb_session *session, u64 bytes, unsigned int pages);
int jb_session_charge_wait(struct jb_session *session, u64 bytes, unsigned int pages);
void jb_session_uncharge(struct jb_session *session, u64 bytes, unsigned int pages,
			 const struct jbcachefs_completion *ring_entry);

/* claim.c */
int jb_claim(struct jb_session *session, struct jbcachefs_claim *args);
int jb_release(struct jb_session *session, const struct jbcachefs_release *args);
int jb_geometry(struct jb_session *session, struct jbcachefs_geometry *args);
int jb_next_claim(struct jbcachefs_claim_entry *args);
struct jb_claim *jb_claim_get(struct jb_session *session, u32 id);
void jb_claim_put(struct jb_claim *claim);
bool jb_claim_dead(struct jb_claim *claim);
unsigned int jb_claim_alignment(struct jb_claim *claim);
void jb_claim_drop_cache(struct jb_claim *claim, u64 offset, u64 length);
bool jb_claim_has_cache(struct jb_claim *claim);
void jb_claims_release_all(struct jb_session *session);

/* event.c */
void jb_event_post(struct jb_claim *claim, unsigned int type, u64 value);
ssize_t jb_event_read(struct jb_session *session, char __user *buffer, size_t size, bool nonblock);
void jb_event_watch(struct work_struct *work);
bool jb_event_pending(struct jb_session *session);

/* request.c */
int jb_request_make(struct jb_session *session, const struct jbcachefs_io *io, enum jb_mode mode,
		    bool may_wait, struct jb_request **made);
void jb_request_submit(struct jb_request *request);
void jb_request_finish(struct jb_request *request, struct jbcachefs_completion *completion);
void jb_request_free(struct jb_request *request);
int __init jb_request_init(void);
void jb_request_exit(void);

/* batch.c */
int jb_io(struct jb_session *session, struct jbcachefs_batch *args);
int jb_submit(struct jb_session *session, struct jbcachefs_batch *args);

/* ring.c */
int jb_ring_setup(struct jb_session *session, struct jbcachefs_ring *args);
bool jb_ring_exists(struct jb_session *session);
int jb_ring_map(struct jb_session *session, struct vm_area_struct *vma);
int jb_ring_reserve(struct jb_session *session);
void jb_ring_unreserve(struct jb_session *session);
void jb_ring_post(struct jb_session *session, const struct jbcachefs_completion *completion);
u32 jb_ring_ready(struct jb_session *session);
bool jb_ring_idle(struct jb_session *session);
void jb_ring_free(struct jb_session *session);

/* uring.c */
int jb_uring_cmd(struct io_uring_cmd *cmd, unsigned int issue_flags);
void jb_uring_ended(struct jb_request *request);

/* buffer.c */
int jb_buffer_add(struct jb_session *session, struct jbcachefs_buffer *args);
int jb_buffer_remove(struct jb_session *session, const struct jbcachefs_release_buffer *args);
struct jb_buffer *jb_buffer_get(struct jb_session *session, u32 id);
void jb_buffer_put(struct jb_buffer *buffer);
int jb_buffer_find(const struct jb_buffer *buffer, u64 address, u64 length,
		   struct jb_pinned *found);
unsigned int jb_buffer_vectors(const struct jb_buffer *buffer, const struct jb_pinned *piece);
void jb_buffers_free(struct jb_session *session);

/* control.c */
int jb_register(struct jb_session *session, struct jbcachefs_register *args);
int jb_unregister(struct jb_session *session);
int jb_next_filesystem(struct jbcachefs_filesystem *args);
int jb_call(struct jbcachefs_call *args);
int jb_receive(struct jb_session *session, struct jbcachefs_receive *args, bool nonblock);
int jb_reply(struct jb_session *session, const struct jbcachefs_reply *args);
bool jb_call_pending(struct jb_session *session);

#endif
