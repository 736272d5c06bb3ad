// SPDX-License-Identifier: GPL-2.0-or-later
/* Up to 6.4: a command's payload is a pointer of its own. */
#ifdef HAVE_HEADER_URING
#include <linux/io_uring/cmd.h>
#else
#include <linux/io_uring.h>
#endif

const void *payload(struct io_uring_cmd *cmd)
{
	return cmd->cmd;
}
