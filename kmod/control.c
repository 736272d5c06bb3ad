// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The control channel. A daemon registers its filesystem on a session; calls of
 * others are queued to it and answered by it. A caller and the daemon hold a
 * reference to a call each while they use it; user memory is touched without any lock.
 */

#include <linux/cred.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <linux/uidgid.h>
#include "shim.h"

struct jb_filesystem {
	struct jb_session *session;
	struct list_head link;
	struct list_head waiting;	/* not taken by the daemon yet */
	struct list_head taken;
	unsigned int calls;
	u64 serial;
	u8 uuid[16];
	char label[64];
	pid_t pid;
	char comm[TASK_COMM_LEN];
	refcount_t refs;
	u32 members_length;
	char members[];
};

struct call {
	struct list_head link;		/* in waiting or taken; empty: nobody answers any more */
	struct jb_filesystem *filesystem;	/* valid while in a list */
	bool taken;
	refcount_t refs;
	struct completion answered;
	u64 id;
	u32 operation;
	pid_t pid;
	uid_t uid;
	int error;
	s32 status;
	void *request;
	u32 request_length;
	void *reply;
	u32 reply_length;
};

/* Protects the list of filesystems, their lists of calls, and the lengths of these. */
static DEFINE_MUTEX(control_lock);
static LIST_HEAD(filesystems);
static u64 last_serial;
static u64 last_call;

/* A copy of a message in user memory; NULL for an empty one. */
static void *copy_message(u64 address, u32 length)
{
	void *message;

	if (!length)
		return NULL;
	if (length > JBCACHEFS_MAX_MESSAGE)
		return ERR_PTR(-EMSGSIZE);
	message = kvmalloc(length, GFP_KERNEL_ACCOUNT);
	if (!message)
		return ERR_PTR(-ENOMEM);
	if (copy_from_user(message, u64_to_user_ptr(address), length)) {
		kvfree(message);
		return ERR_PTR(-EFAULT);
	}
	return message;
}

static void drop_filesystem(struct jb_filesystem *filesystem)
{
	if (refcount_dec_and_test(&filesystem->refs))
		kvfree(filesystem);
}

static void put_call(struct call *call)
{
	if (!refcount_dec_and_test(&call->refs))
		return;
	kvfree(call->request);
	kvfree(call->reply);
	kfree(call);
}

/* Under control_lock. Pollers read the number without it. */
static void count_waiting(struct jb_filesystem *filesystem, int change)
{
	struct jb_session *session = filesystem->session;

	WRITE_ONCE(session->calls_waiting, session->calls_waiting + change);
}

/* Under control_lock: the call leaves its list. */
static void unlink_call(struct call *call)
{
	list_del_init(&call->link);
	call->filesystem->calls--;
	if (!call->taken)
		count_waiting(call->filesystem, -1);
}

/* Under control_lock: the caller goes on. */
static void end_call(struct call *call, int error)
{
	unlink_call(call);
	call->error = error;
	complete(&call->answered);
}

/* -- registering -- */

static struct jb_filesystem *find_filesystem(const u8 uuid[16])
{
	struct jb_filesystem *filesystem;

	list_for_each_entry(filesystem, &filesystems, link) {
		if (!memcmp(filesystem->uuid, uuid, sizeof(filesystem->uuid)))
			return filesystem;
	}
	return NULL;
}

static int publish(struct jb_session *session, struct jb_filesystem *filesystem)
{
	int error = 0;

	mutex_lock(&control_lock);
	if (session->filesystem)
		error = -EBUSY;
	else if (find_filesystem(filesystem->uuid))
		error = -EEXIST;
	if (!error) {
		filesystem->serial = ++last_serial;
		list_add_tail(&filesystem->link, &filesystems);
		WRITE_ONCE(session->filesystem, filesystem);
	}
	mutex_unlock(&control_lock);
	return error;
}

int jb_register(struct jb_session *session, struct jbcachefs_register *args)
{
	struct jb_filesystem *filesystem;
	int error = -EFAULT;

	if (args->flags || args->serial || args->reserved[0] || args->reserved[1] ||
	    strnlen(args->label, sizeof(args->label)) == sizeof(args->label))
		return -EINVAL;
	if (args->members_length > JBCACHEFS_MAX_MEMBERS)
		return -EMSGSIZE;
	filesystem = kvzalloc(struct_size(filesystem, members, args->members_length),
			      GFP_KERNEL_ACCOUNT);
	if (!filesystem)
		return -ENOMEM;
	filesystem->session = session;
	filesystem->members_length = args->members_length;
	refcount_set(&filesystem->refs, 1);
	INIT_LIST_HEAD(&filesystem->waiting);
	INIT_LIST_HEAD(&filesystem->taken);
	memcpy(filesystem->uuid, args->uuid, sizeof(args->uuid));
	memcpy(filesystem->label, args->label, sizeof(args->label));
	filesystem->pid = task_tgid_nr(current);
	get_task_comm(filesystem->comm, current);
	if (!copy_from_user(filesystem->members, u64_to_user_ptr(args->members),
			    args->members_length))
		error = publish(session, filesystem);
	if (error)
		drop_filesystem(filesystem);
	else
		args->serial = filesystem->serial;
	return error;
}

static void fail_calls(struct list_head *calls)
{
	struct call *call, *next;

	list_for_each_entry_safe(call, next, calls, link)
		end_call(call, -EPIPE);
}

int jb_unregister(struct jb_session *session)
{
	struct jb_filesystem *filesystem;

	mutex_lock(&control_lock);
	filesystem = session->filesystem;
	WRITE_ONCE(session->filesystem, NULL);
	if (filesystem) {
		list_del(&filesystem->link);
		fail_calls(&filesystem->waiting);
		fail_calls(&filesystem->taken);
		/* Who waits in RECEIVE learns of it. */
		wake_up(&session->wait);
	}
	mutex_unlock(&control_lock);
	if (!filesystem)
		return -ENOENT;
	drop_filesystem(filesystem);
	return 0;
}

static struct jb_filesystem *filesystem_after(u64 serial)
{
	struct jb_filesystem *filesystem;

	list_for_each_entry(filesystem, &filesystems, link) {
		if (filesystem->serial > serial)
			return filesystem;
	}
	return NULL;
}

int jb_next_filesystem(struct jbcachefs_filesystem *args)
{
	struct jb_filesystem *filesystem;
	int error = 0;

	if (args->members_length || args->pid || args->calls ||
	    args->reserved[0] || args->reserved[1] ||
	    memchr_inv(args->uuid, 0, sizeof(args->uuid)) ||
	    memchr_inv(args->label, 0, sizeof(args->label)) ||
	    memchr_inv(args->comm, 0, sizeof(args->comm)))
		return -EINVAL;
	mutex_lock(&control_lock);
	filesystem = filesystem_after(args->serial);
	if (filesystem) {
		refcount_inc(&filesystem->refs);
		args->calls = filesystem->calls;
	}
	mutex_unlock(&control_lock);
	if (!filesystem)
		return -ENOENT;
	args->serial = filesystem->serial;
	args->members_length = filesystem->members_length;
	args->pid = filesystem->pid;
	memcpy(args->uuid, filesystem->uuid, sizeof(args->uuid));
	memcpy(args->label, filesystem->label, sizeof(args->label));
	strscpy(args->comm, filesystem->comm, sizeof(args->comm));
	if (copy_to_user(u64_to_user_ptr(args->members), filesystem->members,
			 min(args->members_size, filesystem->members_length)))
		error = -EFAULT;
	drop_filesystem(filesystem);
	return error;
}

/* -- the caller's side -- */

static struct call *new_call(const struct jbcachefs_call *args)
{
	void *request = copy_message(args->request, args->request_length);
	struct call *call;

	if (IS_ERR(request))
		return ERR_CAST(request);
	call = kzalloc(sizeof(*call), GFP_KERNEL_ACCOUNT);
	if (!call) {
		kvfree(request);
		return ERR_PTR(-ENOMEM);
	}
	INIT_LIST_HEAD(&call->link);
	refcount_set(&call->refs, 1);
	init_completion(&call->answered);
	call->operation = args->operation;
	call->pid = task_tgid_nr(current);
	call->uid = from_kuid(&init_user_ns, current_euid());
	call->request = request;
	call->request_length = args->request_length;
	return call;
}

static int queue_call(const u8 uuid[16], struct call *call)
{
	struct jb_filesystem *filesystem;
	int error = 0;

	mutex_lock(&control_lock);
	filesystem = find_filesystem(uuid);
	if (!filesystem) {
		error = -ENOENT;
	} else if (filesystem->calls >= JBCACHEFS_MAX_CALLS) {
		error = -EBUSY;
	} else {
		filesystem->calls++;
		call->filesystem = filesystem;
		call->id = ++last_call;
		list_add_tail(&call->link, &filesystem->waiting);
		count_waiting(filesystem, 1);
		wake_up(&filesystem->session->wait);
	}
	mutex_unlock(&control_lock);
	return error;
}

/* The caller gives up, unless the answer came first. */
static int abandon_call(struct call *call, int error)
{
	mutex_lock(&control_lock);
	if (list_empty(&call->link))
		error = call->error;
	else
		unlink_call(call);
	mutex_unlock(&control_lock);
	return error;
}

static int wait_for_answer(const struct jbcachefs_call *args, struct call *call)
{
	long most = args->timeout_ms ? msecs_to_jiffies(args->timeout_ms) : MAX_SCHEDULE_TIMEOUT;
	long left = wait_for_completion_killable_timeout(&call->answered, most);

	if (left > 0)
		return call->error;
	return abandon_call(call, left ? -EINTR : -ETIMEDOUT);
}

int jb_call(struct jbcachefs_call *args)
{
	struct call *call;
	int error;

	if (args->reply_length || args->status || args->reserved[0] || args->reserved[1])
		return -EINVAL;
	call = new_call(args);
	if (IS_ERR(call))
		return PTR_ERR(call);
	error = queue_call(args->uuid, call) ?: wait_for_answer(args, call);
	if (!error) {
		args->status = call->status;
		args->reply_length = call->reply_length;
		if (call->reply_length > args->reply_size)
			error = -EMSGSIZE;
		else if (copy_to_user(u64_to_user_ptr(args->reply), call->reply,
				      call->reply_length))
			error = -EFAULT;
	}
	put_call(call);
	return error;
}

/* -- the daemon's side -- */

/* Without the lock: a hint, for poll and for who waits. */
bool jb_call_pending(struct jb_session *session)
{
	return READ_ONCE(session->calls_waiting);
}

/* The oldest call that waits, with a reference; it counts as taken. */
static struct call *take_call(struct jb_session *session)
{
	struct jb_filesystem *filesystem;
	struct call *call = NULL;

	mutex_lock(&control_lock);
	filesystem = session->filesystem;
	if (filesystem) {
		call = list_first_entry_or_null(&filesystem->waiting, struct call, link);
		if (call) {
			refcount_inc(&call->refs);
			list_move_tail(&call->link, &filesystem->taken);
			call->taken = true;
			count_waiting(filesystem, -1);
		}
	}
	mutex_unlock(&control_lock);
	return call;
}

/* The daemon could not receive it: it waits again, as the oldest. */
static void untake_call(struct call *call)
{
	mutex_lock(&control_lock);
	if (!list_empty(&call->link)) {
		list_move(&call->link, &call->filesystem->waiting);
		call->taken = false;
		count_waiting(call->filesystem, 1);
		/* Another thread of the daemon may have the room. */
		wake_up(&call->filesystem->session->wait);
	}
	mutex_unlock(&control_lock);
}

static int give_call(struct jbcachefs_receive *args, const struct call *call)
{
	args->length = call->request_length;
	if (call->request_length > args->size)
		return -EMSGSIZE;
	if (copy_to_user(u64_to_user_ptr(args->buffer), call->request, call->request_length))
		return -EFAULT;
	args->id = call->id;
	args->operation = call->operation;
	args->pid = call->pid;
	args->uid = call->uid;
	return 0;
}

static bool may_receive(struct jb_session *session)
{
	return jb_call_pending(session) || !READ_ONCE(session->filesystem);
}

int jb_receive(struct jb_session *session, struct jbcachefs_receive *args, bool nonblock)
{
	struct call *call;
	int error;

	if (args->id || args->length || args->operation || args->pid || args->uid ||
	    args->reserved0 || args->reserved[0] || args->reserved[1])
		return -EINVAL;
	while (!(call = take_call(session))) {
		if (!READ_ONCE(session->filesystem))
			return -ENOENT;
		if (nonblock)
			return -EAGAIN;
		if (wait_event_interruptible(session->wait, may_receive(session)))
			return -ERESTARTSYS;
	}
	error = give_call(args, call);
	if (error)
		untake_call(call);
	put_call(call);
	return error;
}

/* Hands the answer over to the call, if its caller still waits. */
static int answer_call(struct jb_session *session, const struct jbcachefs_reply *args, void *reply)
{
	struct call *call;
	int error = -ENOENT;

	mutex_lock(&control_lock);
	if (session->filesystem) {
		list_for_each_entry(call, &session->filesystem->taken, link) {
			if (call->id != args->id)
				continue;
			call->reply = reply;
			call->reply_length = args->length;
			call->status = args->status;
			end_call(call, 0);
			error = 0;
			break;
		}
	}
	mutex_unlock(&control_lock);
	return error;
}

int jb_reply(struct jb_session *session, const struct jbcachefs_reply *args)
{
	void *reply;
	int error;

	if (args->reserved[0] || args->reserved[1])
		return -EINVAL;
	reply = copy_message(args->buffer, args->length);
	if (IS_ERR(reply))
		return PTR_ERR(reply);
	error = answer_call(session, args, reply);
	if (error)
		kvfree(reply);
	return error;
}
