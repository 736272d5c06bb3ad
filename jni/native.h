/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What libjbcachefs offers to Java, as plain C. All functions return a non-negative result or a negative
 * errno value, keep no state outside of what they return, and may be called from any thread unless they
 * say otherwise.
 */
#ifndef JBCACHEFS_NATIVE_H
#define JBCACHEFS_NATIVE_H

#include <stddef.h>
#include <stdint.h>

/* --- /dev/fuse ------------------------------------------------------------------------------------- */

/* Opens /dev/fuse; returns the descriptor. */
int fuse_device_open(void);

/* Another descriptor of the same connection with a queue of its own for requests being served. */
int fuse_device_clone(int fd);

/*
 * Waits for one request and reads it. Looks for up to spin_nanos without sleeping first, since waking a
 * sleeping reader on another CPU costs more than most requests. Returns its length; -ENODEV once the
 * filesystem is unmounted.
 */
int fuse_device_receive(int fd, void *buffer, size_t length, int64_t spin_nanos);

/* Sends one reply. -ENOENT means that the request was interrupted and nobody waits for it any more. */
int fuse_device_reply(int fd, const void *buffer, size_t length);

/* Binds the calling thread to one CPU. */
int pin_thread(int cpu);

/* --- mounting -------------------------------------------------------------------------------------- */

/*
 * Has the setuid helper (fusermount3) mount and hand over the connection's descriptor. The helper prints
 * its own complaints on standard error; its failure is -EPERM.
 */
int fuse_mount_by_helper(const char *helper, const char *options, const char *mountpoint);

/* --- FUSE over io_uring ---------------------------------------------------------------------------- */

/* A reply to send: the request's commit id, the entry that holds the reply, its queue. Laid out for Java. */
struct fuse_ring_commit {
	uint64_t commit_id;
	uint32_t entry;
	uint32_t queue;
};

/* A request that arrived in that entry, or that entry's end with a negative errno. Laid out for Java. */
struct fuse_ring_arrival {
	uint32_t entry;
	int32_t result;
};

/* The arrival that only says that fuse_ring_wake was called. */
#define FUSE_RING_WOKEN UINT32_MAX

struct fuse_ring;

/*
 * Makes a ring through which the calling thread, and no other, can serve requests of that connection; only
 * fuse_ring_wake may be called by others. It has no entries of its own.
 */
int fuse_ring_open(int fuse_fd, struct fuse_ring **opened);

/*
 * Registers entries of one queue of a connection whose FUSE_INIT offered io_uring; they arrive here under the
 * numbers first, first + 1, ... until another ring commits them, which from then on is where they arrive.
 * Entry first + i uses header_bytes at headers + i * header_bytes (FUSE_RING_HEADER_BYTES at least) and
 * payload_bytes at payloads + i * payload_bytes; both belong to the kernel, except while the entry holds a
 * request.
 */
int fuse_ring_register(struct fuse_ring *ring, unsigned int queue, uint32_t first, unsigned int entries, void *headers,
		       size_t header_bytes, void *payloads, size_t payload_bytes);

/*
 * Sends replies, then waits for that many arrivals (none: takes what is there); returns how many there were,
 * at most max.
 */
int fuse_ring_exchange(struct fuse_ring *ring, const struct fuse_ring_commit *commits, unsigned int count,
		       unsigned int wait_for, struct fuse_ring_arrival *arrivals, unsigned int max);

/* Ends a wait in fuse_ring_exchange; from any thread. */
int fuse_ring_wake(struct fuse_ring *ring);

void fuse_ring_close(struct fuse_ring *ring);

#endif
