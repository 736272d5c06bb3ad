/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The few parts of the kernel's FUSE interface (protocol 7.45, include/uapi/linux/fuse.h) that native code
 * needs; written down here so that the build does not depend on the kernel headers' age. All messages are
 * taken apart in Java.
 */
#ifndef JBCACHEFS_FUSE_ABI_H
#define JBCACHEFS_FUSE_ABI_H

#include <stdint.h>
#include <sys/ioctl.h>

#define FUSE_CLONE_IOCTL _IOR(229, 0, uint32_t)

/* Commands of an io_uring submission to a FUSE descriptor. */
enum fuse_ring_command {
	FUSE_RING_REGISTER = 1,
	FUSE_RING_COMMIT_AND_FETCH = 2,
};

/* The command area of a 128-byte submission. */
struct fuse_ring_request {
	uint64_t flags;
	uint64_t commit_id;
	uint16_t queue;
	uint8_t padding[6];
};

/* Request header, per-operation header, ring header: 128 + 128 + 32 bytes. */
#define FUSE_RING_HEADER_BYTES 288

/* A registration names two buffers: the header and the payload. */
#define FUSE_RING_IOVECS 2

#endif
