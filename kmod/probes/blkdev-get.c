// SPDX-License-Identifier: GPL-2.0-or-later
/* Up to 6.4: opened by mode, with FMODE_EXCL for the holder. */
#include <linux/blkdev.h>

struct block_device *(*const open_it)(dev_t, fmode_t, void *) = blkdev_get_by_dev;
void (*const close_it)(struct block_device *, fmode_t) = blkdev_put;
fmode_t mode = FMODE_EXCL;
