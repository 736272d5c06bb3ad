// SPDX-License-Identifier: GPL-2.0-or-later
/* 7.0: bdev_rot() in place of bdev_nonrot(). */
#include <linux/blkdev.h>

bool rotational(struct block_device *bdev)
{
	return bdev_rot(bdev);
}
