// SPDX-License-Identifier: GPL-2.0-or-later
/* Up to 6.17: io_uring_cmd_done() takes a second result. */
#ifdef HAVE_HEADER_URING
#include <linux/io_uring/cmd.h>
#else
#include <linux/io_uring.h>
#endif

void done(struct io_uring_cmd *cmd, unsigned int issue_flags)
{
	io_uring_cmd_done(cmd, 0, 0, issue_flags);
}
