// SPDX-License-Identifier: GPL-2.0-or-later
/* 6.9: an opened block device is a file. */
#include <linux/blkdev.h>

struct file *(*const open_it)(dev_t, blk_mode_t, void *, const struct blk_holder_ops *) =
	bdev_file_open_by_dev;
void (*const close_it)(struct file *) = bdev_fput;
const struct blk_holder_ops ops = { .mark_dead = (void (*)(struct block_device *, bool))0 };
