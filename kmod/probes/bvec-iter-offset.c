// SPDX-License-Identifier: GPL-2.0-or-later
/* 7.2 or so: the place in an iterator's current vector has another name. */
#include <linux/bvec.h>

unsigned int offset(const struct bvec_iter *iter)
{
	return iter->bi_offset;
}
