/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Everything that differs between kernels, and the only file with #if. What
 * the kernel at hand has is found by compiling probes/ (see genconfig.sh), never
 * by its version: distributions carry changes over into older ones.
 */
#ifndef JBCACHEFS_COMPAT_H
#define JBCACHEFS_COMPAT_H

#include <linux/bio.h>
#include <linux/blkdev.h>
#include <linux/eventfd.h>
#include <linux/fs.h>
#include "config.h"

/* -- an exclusively opened block device -- */

struct jb_bdev {
	struct block_device *bdev;
#if defined(HAVE_BDEV_FILE)
	struct file *file;
#elif defined(HAVE_BDEV_HANDLE)
	struct bdev_handle *handle;
#elif defined(HAVE_BLKDEV_GET_HOLDER)
	void *holder;
#else
	fmode_t mode;
#endif
};

/* What is called on the death of a device: with the holder that claimed it. */
typedef void (*jb_death_notice)(void *holder, bool surprise);

#if defined(HAVE_BDEV_FILE) || defined(HAVE_BDEV_HANDLE) || defined(HAVE_BLKDEV_GET_HOLDER)
static inline blk_mode_t jb_open_mode(bool write, bool restrict_writes)
{
	blk_mode_t mode = BLK_OPEN_READ;

	if (write)
		mode |= BLK_OPEN_WRITE;
#ifdef BLK_OPEN_RESTRICT_WRITES
	if (restrict_writes)
		mode |= BLK_OPEN_RESTRICT_WRITES;
#endif
	return mode;
}
#endif

#if defined(HAVE_BDEV_FILE) || defined(HAVE_BDEV_HANDLE)
#define JB_HAS_DEATH_NOTICE 1

/* Since there are handles, the callback gives the holder lock back. */
#define JB_DEFINE_HOLDER_OPS(name, notice)						\
static void name##_mark_dead(struct block_device *bdev, bool surprise)			\
{											\
	notice(bdev->bd_holder, surprise);						\
	mutex_unlock(&bdev->bd_holder_lock);						\
}											\
static const struct blk_holder_ops name = { .mark_dead = name##_mark_dead }
#else
/*
 * Before 6.5 nobody tells. In 6.5 and 6.6 who calls back gives the holder lock back itself,
 * but that may change in their stable series without a trace in the headers: so not used.
 */
#define JB_HAS_DEATH_NOTICE 0

struct jb_no_holder_ops {
	jb_death_notice notice;
};

#define JB_DEFINE_HOLDER_OPS(name, callback)						\
static const struct jb_no_holder_ops name = { .notice = callback }
#endif

#ifdef BLK_OPEN_RESTRICT_WRITES
#define JB_CAN_RESTRICT_WRITES 1
#else
#define JB_CAN_RESTRICT_WRITES 0
#endif

#if defined(HAVE_BDEV_FILE)
static inline int jb_bdev_open(struct jb_bdev *opened, dev_t dev, bool write, bool restrict_writes,
			       void *holder, const struct blk_holder_ops *ops)
{
	opened->file = bdev_file_open_by_dev(dev, jb_open_mode(write, restrict_writes),
					     holder, ops);
	if (IS_ERR(opened->file))
		return PTR_ERR(opened->file);
	opened->bdev = file_bdev(opened->file);
	return 0;
}

static inline void jb_bdev_close(struct jb_bdev *opened)
{
	bdev_fput(opened->file);
}
#elif defined(HAVE_BDEV_HANDLE)
static inline int jb_bdev_open(struct jb_bdev *opened, dev_t dev, bool write, bool restrict_writes,
			       void *holder, const struct blk_holder_ops *ops)
{
	opened->handle = bdev_open_by_dev(dev, jb_open_mode(write, restrict_writes), holder, ops);
	if (IS_ERR(opened->handle))
		return PTR_ERR(opened->handle);
	opened->bdev = opened->handle->bdev;
	return 0;
}

static inline void jb_bdev_close(struct jb_bdev *opened)
{
	bdev_release(opened->handle);
}
#elif defined(HAVE_BLKDEV_GET_HOLDER)
static inline int jb_bdev_open(struct jb_bdev *opened, dev_t dev, bool write, bool restrict_writes,
			       void *holder, const struct jb_no_holder_ops *ops)
{
	opened->holder = holder;
	opened->bdev = blkdev_get_by_dev(dev, jb_open_mode(write, restrict_writes), holder, NULL);
	return PTR_ERR_OR_ZERO(opened->bdev);
}

static inline void jb_bdev_close(struct jb_bdev *opened)
{
	blkdev_put(opened->bdev, opened->holder);
}
#elif defined(HAVE_BLKDEV_GET)
static inline int jb_bdev_open(struct jb_bdev *opened, dev_t dev, bool write, bool restrict_writes,
			       void *holder, const struct jb_no_holder_ops *ops)
{
	opened->mode = FMODE_READ | FMODE_EXCL | (write ? FMODE_WRITE : 0);
	opened->bdev = blkdev_get_by_dev(dev, opened->mode, holder);
	return PTR_ERR_OR_ZERO(opened->bdev);
}

static inline void jb_bdev_close(struct jb_bdev *opened)
{
	blkdev_put(opened->bdev, opened->mode);
}
#else
#error "The module does not know how this kernel opens block devices."
#endif

static inline struct address_space *jb_bdev_mapping(struct block_device *bdev)
{
#ifdef HAVE_BD_MAPPING
	return bdev->bd_mapping;
#else
	return bdev->bd_inode->i_mapping;
#endif
}

static inline bool jb_bdev_rotational(struct block_device *bdev)
{
#ifdef HAVE_BDEV_ROT
	return bdev_rot(bdev);
#else
	return !bdev_nonrot(bdev);
#endif
}

/* -- bios -- */

/*
 * Has a bio that was allocated without vectors use some of others: @length bytes from @offset in
 * the first one on. It changes none of them.
 */
static inline void jb_bio_use(struct bio *bio, struct bio_vec *vectors, unsigned int count,
			      unsigned int offset, unsigned int length)
{
	bio->bi_io_vec = vectors;
	bio->bi_vcnt = count;
	bio->bi_iter.bi_size = length;
#ifdef HAVE_BVEC_ITER_OFFSET
	bio->bi_iter.bi_offset = offset;
#else
	bio->bi_iter.bi_bvec_done = offset;
#endif
	bio_set_flag(bio, BIO_CLONED);
}

/* -- eventfd -- */

static inline void jb_eventfd_signal(struct eventfd_ctx *ctx)
{
#ifdef HAVE_EVENTFD_SIGNAL_COUNT
	eventfd_signal(ctx, 1);
#else
	eventfd_signal(ctx);
#endif
}

/* -- io_uring commands -- */

#ifdef HAVE_HEADER_URING
#include <linux/io_uring/cmd.h>
#else
#include <linux/io_uring.h>
#endif

#if defined(CONFIG_IO_URING) && (defined(HAVE_URING_TASK_WORK) || defined(HAVE_URING_TASK_FLAGS))
#define JB_HAS_URING 1
#define JB_URING_OPERATION jb_uring_cmd

/* The command of a 128 byte submission entry; shared with the program. */
static inline const void *jb_uring_payload(struct io_uring_cmd *cmd)
{
#ifdef HAVE_URING_CMD_POINTER
	return cmd->cmd;
#else
	return cmd->sqe->cmd;
#endif
}

#ifdef HAVE_URING_DONE_RESULT2
#define jb_uring_done(cmd, result, issue_flags) io_uring_cmd_done(cmd, result, 0, issue_flags)
#else
#define jb_uring_done(cmd, result, issue_flags) io_uring_cmd_done(cmd, result, issue_flags)
#endif

/* Defines a callback for io_uring_cmd_complete_in_task(); function takes (cmd, issue_flags). */
#ifdef HAVE_URING_TASK_WORK
#define JB_DEFINE_URING_CALLBACK(name, function)					\
static void name(struct io_tw_req work, io_tw_token_t token)				\
{											\
	function(io_uring_cmd_from_tw(work), IO_URING_CMD_TASK_WORK_ISSUE_FLAGS);	\
}
#else
#define JB_DEFINE_URING_CALLBACK(name, function)					\
static void name(struct io_uring_cmd *cmd, unsigned int issue_flags)			\
{											\
	function(cmd, issue_flags);							\
}
#endif
#else
#define JB_HAS_URING 0
#define JB_URING_OPERATION NULL
#endif

#endif
