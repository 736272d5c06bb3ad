// SPDX-License-Identifier: GPL-2.0-or-later
/* Up to 6.7 (and longer where it was not carried back): eventfd_signal() takes a count. */
#include <linux/eventfd.h>

void signal_it(struct eventfd_ctx *ctx)
{
	eventfd_signal(ctx, 1);
}
