/* SPDX-License-Identifier: GPL-2.0-or-later WITH Linux-syscall-note */
/*
 * The interface of /dev/jbcachefs: exclusive use of block devices, block I/O
 * with the flags a filesystem needs, events of devices, and the channel from
 * admin tools to a mounted filesystem. docs/ioctl.md explains it.
 *
 * Every structure has the same layout for 32 and 64 bit programs. Pointers
 * travel as __u64. Reserved fields and unknown flags have to be zero, or the
 * call fails with EINVAL. Structures may grow at their ends: the size that the
 * caller knows is part of the ioctl number; what a caller does not give counts
 * as zero, and what the kernel does not know has to be zero (else E2BIG).
 */
#ifndef _UAPI_LINUX_JBCACHEFS_H
#define _UAPI_LINUX_JBCACHEFS_H

#include <linux/ioctl.h>
#include <linux/types.h>

#define JBCACHEFS_IOC_MAGIC		0xBE

/* Limits. They are part of the interface and never shrink. */
#define JBCACHEFS_MAX_TARGETS		8
#define JBCACHEFS_MAX_SEGMENTS		64
#define JBCACHEFS_MAX_BATCH		256
#define JBCACHEFS_MAX_IO_BYTES		(8u << 20)
#define JBCACHEFS_MAX_RANGE_BYTES	(1u << 30)
#define JBCACHEFS_MAX_CLAIMS		256
#define JBCACHEFS_MAX_INFLIGHT		4096
#define JBCACHEFS_MAX_INFLIGHT_BYTES	(128u << 20)
#define JBCACHEFS_MAX_RING		4096
#define JBCACHEFS_MAX_MESSAGE		(1u << 20)
#define JBCACHEFS_MAX_MEMBERS		(64u << 10)
#define JBCACHEFS_MAX_CALLS		64
#define JBCACHEFS_MAX_BUFFERS		256
#define JBCACHEFS_MAX_BUFFER_BYTES	(256u << 20)

/* -- INFO: what this module can do -- */

/* Device death is reported at once, not only found by looking. */
#define JBCACHEFS_FEATURE_DEATH_NOTICE	(1ull << 0)
/* JBCACHEFS_CLAIM_RESTRICT_WRITES may have an effect. */
#define JBCACHEFS_FEATURE_RESTRICT	(1ull << 1)
/* Requests are accepted by io_uring. */
#define JBCACHEFS_FEATURE_URING		(1ull << 2)
/* Memory can be pinned once for many requests: IOC_BUFFER. */
#define JBCACHEFS_FEATURE_BUFFERS	(1ull << 3)

struct jbcachefs_info {
	__u64 features;
	__u64 reserved[3];
	char version[32];
};

#define JBCACHEFS_IOC_INFO	_IOR(JBCACHEFS_IOC_MAGIC, 0x00, struct jbcachefs_info)

/* -- CLAIM: hold a block device exclusively -- */

#define JBCACHEFS_CLAIM_WRITE		(1u << 0)
/* Refuse writes of others to the device, where the kernel can do that. */
#define JBCACHEFS_CLAIM_RESTRICT_WRITES	(1u << 1)

/*
 * @fd: an open file descriptor of the block device, which proves that the
 *	caller may read it, and with CLAIM_WRITE write it; not needed any more
 *	afterwards
 * @claim: out: the number of the claim on this file descriptor
 */
struct jbcachefs_claim {
	__s32 fd;
	__u32 flags;
	__u32 claim;
	__u32 reserved0;
	__u64 reserved[2];
};

#define JBCACHEFS_IOC_CLAIM	_IOWR(JBCACHEFS_IOC_MAGIC, 0x01, struct jbcachefs_claim)

/* Gives a claim back; waits for the requests that use it. */
struct jbcachefs_release {
	__u32 claim;
	__u32 reserved;
};

#define JBCACHEFS_IOC_RELEASE	_IOW(JBCACHEFS_IOC_MAGIC, 0x02, struct jbcachefs_release)

#define JBCACHEFS_GEOMETRY_WRITE	(1u << 0)	/* claimed for writing */
#define JBCACHEFS_GEOMETRY_READ_ONLY	(1u << 1)	/* the device refuses writes */
#define JBCACHEFS_GEOMETRY_ROTATIONAL	(1u << 2)
#define JBCACHEFS_GEOMETRY_WRITE_CACHE	(1u << 3)	/* FLUSH means something */
#define JBCACHEFS_GEOMETRY_FUA		(1u << 4)	/* done by the device itself */
#define JBCACHEFS_GEOMETRY_STABLE	(1u << 5)	/* data must not change while written */
#define JBCACHEFS_GEOMETRY_DEAD		(1u << 6)

/* Sizes are in bytes; 0 as a maximum says that the device cannot do it. */
struct jbcachefs_geometry {
	__u32 claim;
	__u32 flags;
	__u64 size;
	__u32 logical_block;
	__u32 physical_block;
	__u32 io_min;
	__u32 io_optimal;
	__u32 dma_alignment;	/* of the memory of a segment */
	__u32 discard_granularity;
	__u64 max_discard;
	__u64 max_write_zeroes;
	__u32 major;
	__u32 minor;
	char name[32];
	__u64 reserved[3];
};

#define JBCACHEFS_IOC_GEOMETRY	_IOWR(JBCACHEFS_IOC_MAGIC, 0x03, struct jbcachefs_geometry)

/*
 * Lists the claims of every process: gives the first one whose @serial is
 * greater than the given one, or ENOENT after the last.
 */
struct jbcachefs_claim_entry {
	__u64 serial;
	__u32 major;
	__u32 minor;
	__u32 flags;		/* JBCACHEFS_GEOMETRY_* */
	__u32 pid;		/* who claimed it */
	__u64 inflight;		/* requests that use it now */
	char name[32];
	char comm[16];
	__u64 reserved[2];
};

#define JBCACHEFS_IOC_NEXT_CLAIM _IOWR(JBCACHEFS_IOC_MAGIC, 0x04, struct jbcachefs_claim_entry)

/* -- I/O -- */

#define JBCACHEFS_OP_READ		0
#define JBCACHEFS_OP_WRITE		1
#define JBCACHEFS_OP_FLUSH		2
#define JBCACHEFS_OP_DISCARD		3
#define JBCACHEFS_OP_WRITE_ZEROES	4

/* WRITE: what was written before is durable before this is written. */
#define JBCACHEFS_IO_PREFLUSH		(1u << 0)
/* WRITE: durable when it completes. */
#define JBCACHEFS_IO_FUA		(1u << 1)
/* READ, WRITE: hints for schedulers and accounting. */
#define JBCACHEFS_IO_META		(1u << 2)
#define JBCACHEFS_IO_SYNC		(1u << 3)
#define JBCACHEFS_IO_PRIO		(1u << 4)
/* WRITE_ZEROES: do not deallocate; fail rather than write zeroes from memory. */
#define JBCACHEFS_IO_NOUNMAP		(1u << 5)
#define JBCACHEFS_IO_NOFALLBACK		(1u << 6)

struct jbcachefs_segment {
	__u64 address;
	__u64 length;
};

struct jbcachefs_target {
	__u64 offset;
	__u32 claim;
	__u32 reserved;
};

/*
 * One request. With @targets == 1 the place is @claim and @offset; with more,
 * @target_address points to that many struct jbcachefs_target (and @claim and
 * @offset are 0): the same is done to each of them. A READ has one target.
 *
 * The memory of a READ or WRITE is one buffer (@segments == 1: @address) or
 * @segments of them (@address points to struct jbcachefs_segment). @length is
 * the number of bytes, of all segments together. Other operations have no
 * segments; a FLUSH has no @length and no offsets either.
 *
 * Offsets and lengths (those of segments too) are multiples of the
 * logical_block, addresses of dma_alignment, of every claim concerned.
 *
 * @buffer: the number of the registered buffer that all of the memory lies in,
 * or 0: then it is pinned for this request alone.
 *
 * @completion: where to put the struct jbcachefs_completion, for IOC_IO and
 * io_uring (there it may be 0); 0 for IOC_SUBMIT, which puts it into the ring.
 */
struct jbcachefs_io {
	__u64 user_data;
	__u8 opcode;
	__u8 targets;
	__u16 segments;
	__u32 flags;
	__u64 offset;
	__u64 address;
	__u64 length;
	__u64 target_address;
	__u64 completion;
	__u32 claim;
	__u32 buffer;
};

/*
 * @result: the request's length if every target succeeded, else the first
 *	negative errno
 * @failed: bit i is set if target i failed; its errno is in results[i]. A
 *	negative @result with no bit set says that the request was refused as
 *	a whole: nothing was done to any target.
 */
struct jbcachefs_completion {
	__u64 user_data;
	__s32 result;
	__u32 failed;
	__s16 results[JBCACHEFS_MAX_TARGETS];
};

/*
 * IOC_IO does @count requests at the same time and waits for all of them.
 *
 * IOC_SUBMIT starts up to @count requests; then, if @wait is not 0, waits until
 * at least that many completions are in the ring, or nothing is under way.
 * @submitted: out: how many were taken. Fewer than @count are when the
 * ring or a limit is full; if that are none and nothing was to be waited for,
 * it fails with EAGAIN.
 *
 * What is wrong with one request is told by its completion.
 */
struct jbcachefs_batch {
	__u64 requests;
	__u32 count;
	__u32 wait;
	__u32 submitted;
	__u32 reserved0;
	__u64 reserved[2];
};

#define JBCACHEFS_IOC_IO	_IOWR(JBCACHEFS_IOC_MAGIC, 0x10, struct jbcachefs_batch)
#define JBCACHEFS_IOC_SUBMIT	_IOWR(JBCACHEFS_IOC_MAGIC, 0x11, struct jbcachefs_batch)

/*
 * Makes the file descriptor's completion ring, once. @entries is a power of
 * two; @eventfd (or -1) is signalled when completions were added. The ring
 * is then mapped at offset 0: struct jbcachefs_ring_head, and at
 * @completions_offset the array of @entries struct jbcachefs_completion.
 * The entry of position p is p & (entries - 1).
 */
struct jbcachefs_ring {
	__u32 entries;
	__s32 eventfd;
	__u64 map_bytes;		/* out */
	__u64 completions_offset;	/* out */
	__u64 reserved[2];
};

/*
 * @tail: the position after the last completion; written by the kernel with
 *	release semantics, to be read with acquire semantics
 * @head: the position of the first one not seen yet; written by the program
 */
struct jbcachefs_ring_head {
	__u32 tail;
	__u32 reserved0[15];
	__u32 head;
	__u32 reserved1[15];
};

#define JBCACHEFS_IOC_RING	_IOWR(JBCACHEFS_IOC_MAGIC, 0x12, struct jbcachefs_ring)

/*
 * Pins memory for all requests that name it, until it is released or the file
 * descriptor is closed; it counts as locked memory of the user who opened that.
 * Requests give addresses as they were when it was registered, whatever the
 * program has done to its mappings since. It has to be writable, and neither
 * part of a file on a disk nor of a device.
 *
 * @buffer: out: the number of the buffer on this file descriptor
 */
struct jbcachefs_buffer {
	__u64 address;
	__u64 length;
	__u32 buffer;
	__u32 reserved0;
	__u64 reserved[2];
};

#define JBCACHEFS_IOC_BUFFER	_IOWR(JBCACHEFS_IOC_MAGIC, 0x13, struct jbcachefs_buffer)

/* Gives a buffer back; requests under way keep it until they end. */
struct jbcachefs_release_buffer {
	__u32 buffer;
	__u32 reserved;
};

#define JBCACHEFS_IOC_RELEASE_BUFFER \
	_IOW(JBCACHEFS_IOC_MAGIC, 0x14, struct jbcachefs_release_buffer)

/* cmd_op of an IORING_OP_URING_CMD in a ring with IORING_SETUP_SQE128. */
#define JBCACHEFS_URING_IO	_IOWR(JBCACHEFS_IOC_MAGIC, 0x18, struct jbcachefs_io)

/* -- events: read() gives as many of these as fit -- */

#define JBCACHEFS_EVENT_DEAD		1	/* value: 1 if by surprise */
#define JBCACHEFS_EVENT_RESIZED		2	/* value: the new size in bytes */
#define JBCACHEFS_EVENT_READ_ONLY	3	/* value: 1 read-only, 0 writable */

struct jbcachefs_event {
	__u32 type;
	__u32 claim;
	__u64 value;
	__u64 reserved[2];
};

/* -- control: admin tools talk to a mounted filesystem -- */

/*
 * Says that this file descriptor's owner serves the filesystem @uuid, until it
 * is closed. @members: any text of @members_length bytes that names
 * the devices.
 */
struct jbcachefs_register {
	__u8 uuid[16];
	char label[64];
	__u64 members;
	__u32 members_length;
	__u32 flags;
	__u64 serial;		/* out */
	__u64 reserved[2];
};

#define JBCACHEFS_IOC_REGISTER	_IOWR(JBCACHEFS_IOC_MAGIC, 0x20, struct jbcachefs_register)
#define JBCACHEFS_IOC_UNREGISTER _IO(JBCACHEFS_IOC_MAGIC, 0x21)

/*
 * Lists what is registered: the first one whose @serial is greater than the
 * given one, or ENOENT. @members has room for @members_size bytes; as much
 * as fits is copied, and @members_length says how much there is.
 */
struct jbcachefs_filesystem {
	__u64 serial;
	__u8 uuid[16];
	char label[64];
	__u64 members;
	__u32 members_size;
	__u32 members_length;
	__u32 pid;
	__u32 calls;		/* waiting for their answers */
	char comm[16];
	__u64 reserved[2];
};

#define JBCACHEFS_IOC_NEXT_FILESYSTEM _IOWR(JBCACHEFS_IOC_MAGIC, 0x22, struct jbcachefs_filesystem)

/*
 * Sends a message to the filesystem's daemon and waits for its answer.
 *
 * Fails with ENOENT (no such filesystem is registered), EBUSY (too many calls
 * wait), ETIMEDOUT, EPIPE (the daemon went away), or EMSGSIZE (the answer is
 * @reply_length bytes and did not fit). @status is the daemon's.
 */
struct jbcachefs_call {
	__u8 uuid[16];
	__u32 operation;	/* means what the daemon says it means */
	__u32 timeout_ms;	/* 0: no limit */
	__u64 request;
	__u64 reply;
	__u32 request_length;
	__u32 reply_size;
	__u32 reply_length;	/* out */
	__s32 status;		/* out */
	__u64 reserved[2];
};

#define JBCACHEFS_IOC_CALL	_IOWR(JBCACHEFS_IOC_MAGIC, 0x23, struct jbcachefs_call)

/*
 * The daemon takes the next message, waiting for one unless the file
 * descriptor is non-blocking. EMSGSIZE: it has @length bytes, more than @size;
 * it can be taken with a larger buffer.
 */
struct jbcachefs_receive {
	__u64 id;		/* out */
	__u64 buffer;
	__u32 size;
	__u32 length;		/* out */
	__u32 operation;	/* out */
	__u32 pid;		/* out: of the caller */
	__u32 uid;		/* out */
	__u32 reserved0;
	__u64 reserved[2];
};

#define JBCACHEFS_IOC_RECEIVE	_IOWR(JBCACHEFS_IOC_MAGIC, 0x24, struct jbcachefs_receive)

/* The daemon answers. ENOENT: the caller does not wait any more. */
struct jbcachefs_reply {
	__u64 id;
	__u64 buffer;
	__u32 length;
	__s32 status;
	__u64 reserved[2];
};

#define JBCACHEFS_IOC_REPLY	_IOW(JBCACHEFS_IOC_MAGIC, 0x25, struct jbcachefs_reply)

#endif
