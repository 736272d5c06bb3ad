// SPDX-License-Identifier: GPL-2.0-or-later
/* 6.10: the page cache of a block device hangs on it directly. */
#include <linux/blk_types.h>

struct address_space *mapping(struct block_device *bdev)
{
	return bdev->bd_mapping;
}
