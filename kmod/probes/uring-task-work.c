// SPDX-License-Identifier: GPL-2.0-or-later
/* 6.19: a command's task callback is an io_uring task work function. */
#ifdef HAVE_HEADER_URING
#include <linux/io_uring/cmd.h>
#else
#include <linux/io_uring.h>
#endif

static void callback(struct io_tw_req work, io_tw_token_t token)
{
}

void complete_it(struct io_uring_cmd *cmd)
{
	io_uring_cmd_complete_in_task(cmd, callback);
}

unsigned int flags = IO_URING_CMD_TASK_WORK_ISSUE_FLAGS;
