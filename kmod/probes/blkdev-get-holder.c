// SPDX-License-Identifier: GPL-2.0-or-later
/* 6.5 and 6.6: opened with the operations of a holder, closed with the holder. */
#include <linux/blkdev.h>

struct block_device *(*const open_it)(dev_t, blk_mode_t, void *, const struct blk_holder_ops *) =
	blkdev_get_by_dev;
void (*const close_it)(struct block_device *, void *) = blkdev_put;
