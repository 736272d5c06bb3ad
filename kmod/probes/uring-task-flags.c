// SPDX-License-Identifier: GPL-2.0-or-later
/* 6.2, and stable 6.1: a command's task callback gets the issue flags. */
#ifdef HAVE_HEADER_URING
#include <linux/io_uring/cmd.h>
#else
#include <linux/io_uring.h>
#endif

static void callback(struct io_uring_cmd *cmd, unsigned int issue_flags)
{
}

void complete_it(struct io_uring_cmd *cmd)
{
	io_uring_cmd_complete_in_task(cmd, callback);
}
