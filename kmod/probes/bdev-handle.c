// SPDX-License-Identifier: GPL-2.0-or-later
/* 6.7 and 6.8: an opened block device is a handle. */
#include <linux/blkdev.h>

struct bdev_handle *(*const open_it)(dev_t, blk_mode_t, void *, const struct blk_holder_ops *) =
	bdev_open_by_dev;
void (*const close_it)(struct bdev_handle *) = bdev_release;
