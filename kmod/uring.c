// SPDX-License-Identifier: GPL-2.0-or-later
/* Requests that come as io_uring commands: a struct jbcachefs_io in a 128 byte submission entry. */

#include <linux/uaccess.h>
#include "shim.h"

#if JB_HAS_URING

struct uring_private {
	struct jb_request *request;
};

/* io_uring's space for a command's own data. */
static struct uring_private *private_of(struct io_uring_cmd *cmd)
{
	BUILD_BUG_ON(sizeof(struct uring_private) > sizeof(cmd->pdu));
	return (struct uring_private *)cmd->pdu;
}

/* In the task that submitted the command; if that is gone, in a kernel thread. */
static void tell(struct io_uring_cmd *cmd, unsigned int issue_flags)
{
	struct jb_request *request = private_of(cmd)->request;
	void __user *address = u64_to_user_ptr(request->completion);
	int result = request->result.result;

	if (address && !(current->flags & PF_KTHREAD) &&
	    copy_to_user(address, &request->result, sizeof(request->result)))
		result = -EFAULT;
	jb_request_free(request);
	jb_uring_done(cmd, result, issue_flags);
}

JB_DEFINE_URING_CALLBACK(tell_in_task, tell)

/* In any context. */
void jb_uring_ended(struct jb_request *request)
{
	io_uring_cmd_complete_in_task(request->uring, tell_in_task);
}

int jb_uring_cmd(struct io_uring_cmd *cmd, unsigned int issue_flags)
{
	struct jb_request *request;
	struct jbcachefs_io io;
	int error;

	if (cmd->cmd_op != JBCACHEFS_URING_IO)
		return -ENOTTY;
	if (!(issue_flags & IO_URING_F_SQE128) || cmd->flags & IORING_URING_CMD_FIXED)
		return -EINVAL;
	/* The entry is the program's memory: it is read once, then judged. */
	memcpy(&io, jb_uring_payload(cmd), sizeof(io));
	barrier_data(&io);
	error = jb_request_make(cmd->file->private_data, &io, JB_URING,
				!(issue_flags & IO_URING_F_NONBLOCK), &request);
	if (error)
		return error;
	request->uring = cmd;
	private_of(cmd)->request = request;
	jb_request_submit(request);
	return -EIOCBQUEUED;
}

#else

void jb_uring_ended(struct jb_request *request)
{
}

#endif
