// SPDX-License-Identifier: GPL-2.0-or-later
/* The node /dev/jbcachefs: sessions, and the table of ioctls. */

#include <linux/capability.h>
#include <linux/compat.h>
#include <linux/cred.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/sched/signal.h>
#include <linux/sched/user.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include "shim.h"

#define JB_VERSION "0.1.0"

struct workqueue_struct *jb_workqueue;

/* -- what is under way in a session -- */

static int charge_locked(struct jb_session *session, u64 bytes)
{
	if (session->inflight >= JBCACHEFS_MAX_INFLIGHT ||
	    session->inflight_bytes + bytes > JBCACHEFS_MAX_INFLIGHT_BYTES)
		return -EAGAIN;
	session->inflight++;
	session->inflight_bytes += bytes;
	return 0;
}

void jb_user_unlock_pages(const struct cred *user, unsigned int pages)
{
	if (pages)
		atomic_long_sub(pages, &user->user->locked_vm);
}

void jb_session_unlock_pages(struct jb_session *session, unsigned int pages)
{
	jb_user_unlock_pages(session->opener, pages);
}

/* Pinned memory, and the ring, count as locked memory of the user who opened the session. */
int jb_session_lock_pages(struct jb_session *session, unsigned int pages)
{
	unsigned long most = rlimit(RLIMIT_MEMLOCK) >> PAGE_SHIFT;
	unsigned long locked;

	if (!pages)
		return 0;
	locked = atomic_long_add_return(pages, &session->opener->user->locked_vm);
	if (locked <= most || session->unlimited)
		return 0;
	jb_session_unlock_pages(session, pages);
	return -ENOMEM;
}

/* Counts a request in, or fails with EAGAIN (a limit of the session) or ENOMEM (of the user). */
int jb_session_charge(struct jb_session *session, u64 bytes, unsigned int pages)
{
	int error = jb_session_lock_pages(session, pages);

	if (error)
		return error;
	spin_lock_irq(&session->lock);
	error = charge_locked(session, bytes);
	spin_unlock_irq(&session->lock);
	if (error)
		jb_session_unlock_pages(session, pages);
	return error;
}

/* The same, waiting for other requests to end. */
int jb_session_charge_wait(struct jb_session *session, u64 bytes, unsigned int pages)
{
	int error;
	int interrupted = wait_event_killable(session->credit,
			(error = jb_session_charge(session, bytes, pages)) != -EAGAIN);

	return interrupted ? -EINTR : error;
}

/*
 * Counts a request out and, for one of the ring, posts its completion. The
 * session may be freed as soon as its lock is given back.
 */
void jb_session_uncharge(struct jb_session *session, u64 bytes, unsigned int pages,
			 const struct jbcachefs_completion *ring_entry)
{
	unsigned long flags;

	jb_session_unlock_pages(session, pages);
	spin_lock_irqsave(&session->lock, flags);
	if (ring_entry)
		jb_ring_post(session, ring_entry);
	session->inflight--;
	session->inflight_bytes -= bytes;
	/* Who waits looks at the counters under this lock, after it has queued up. */
	if (waitqueue_active(&session->credit))
		wake_up(&session->credit);
	spin_unlock_irqrestore(&session->lock, flags);
}

/* -- open and release -- */

/* The file mode alone would let an unprivileged root of a container in. */
static bool may_open(const struct inode *inode)
{
	if (capable(CAP_SYS_ADMIN))
		return true;
	return (inode->i_mode & 0060) == 0060 && in_egroup_p(inode->i_gid);
}

static int shim_open(struct inode *inode, struct file *file)
{
	struct jb_session *session;

	if (!may_open(inode))
		return -EPERM;
	session = kzalloc(sizeof(*session), GFP_KERNEL_ACCOUNT);
	if (!session)
		return -ENOMEM;
	mutex_init(&session->setup_lock);
	spin_lock_init(&session->lock);
	init_waitqueue_head(&session->wait);
	init_waitqueue_head(&session->credit);
	INIT_LIST_HEAD(&session->open_claims);
	INIT_LIST_HEAD(&session->events);
	xa_init_flags(&session->claims, XA_FLAGS_ALLOC1);
	xa_init_flags(&session->buffers, XA_FLAGS_ALLOC1);
	INIT_DELAYED_WORK(&session->watch, jb_event_watch);
	session->opener = get_current_cred();
	session->unlimited = capable(CAP_IPC_LOCK);
	file->private_data = session;
	return stream_open(inode, file);
}

static bool is_idle(struct jb_session *session)
{
	bool idle;

	spin_lock_irq(&session->lock);
	idle = !session->inflight && list_empty(&session->open_claims);
	spin_unlock_irq(&session->lock);
	return idle;
}

static int shim_release(struct inode *inode, struct file *file)
{
	struct jb_session *session = file->private_data;

	jb_unregister(session);
	cancel_delayed_work_sync(&session->watch);
	jb_claims_release_all(session);
	wait_event(session->credit, is_idle(session));
	jb_ring_free(session);
	jb_buffers_free(session);
	xa_destroy(&session->claims);
	put_cred(session->opener);
	kfree(session);
	return 0;
}

/* -- ioctls -- */

static int shim_info(struct jbcachefs_info *info)
{
	memset(info, 0, sizeof(*info));
	info->features = JBCACHEFS_FEATURE_BUFFERS;
	if (JB_HAS_DEATH_NOTICE)
		info->features |= JBCACHEFS_FEATURE_DEATH_NOTICE;
	if (JB_CAN_RESTRICT_WRITES)
		info->features |= JBCACHEFS_FEATURE_RESTRICT;
	if (JB_HAS_URING)
		info->features |= JBCACHEFS_FEATURE_URING;
	strscpy(info->version, JB_VERSION, sizeof(info->version));
	return 0;
}

/* Room for the argument of any command. */
union argument {
	struct jbcachefs_info info;
	struct jbcachefs_claim claim;
	struct jbcachefs_release release;
	struct jbcachefs_geometry geometry;
	struct jbcachefs_claim_entry claim_entry;
	struct jbcachefs_batch batch;
	struct jbcachefs_ring ring;
	struct jbcachefs_buffer buffer;
	struct jbcachefs_release_buffer release_buffer;
	struct jbcachefs_register registration;
	struct jbcachefs_filesystem filesystem;
	struct jbcachefs_call call;
	struct jbcachefs_receive receive;
	struct jbcachefs_reply reply;
};

static const unsigned int commands[] = {
	JBCACHEFS_IOC_INFO, JBCACHEFS_IOC_CLAIM, JBCACHEFS_IOC_RELEASE, JBCACHEFS_IOC_GEOMETRY,
	JBCACHEFS_IOC_NEXT_CLAIM, JBCACHEFS_IOC_IO, JBCACHEFS_IOC_SUBMIT, JBCACHEFS_IOC_RING,
	JBCACHEFS_IOC_BUFFER, JBCACHEFS_IOC_RELEASE_BUFFER,
	JBCACHEFS_IOC_REGISTER, JBCACHEFS_IOC_UNREGISTER, JBCACHEFS_IOC_NEXT_FILESYSTEM,
	JBCACHEFS_IOC_CALL, JBCACHEFS_IOC_RECEIVE, JBCACHEFS_IOC_REPLY,
};

/* The command as this module knows it: the caller's may have another size. */
static unsigned int known_command(unsigned int given)
{
	const unsigned int size_bits = _IOC_SIZEMASK << _IOC_SIZESHIFT;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(commands); i++) {
		if ((commands[i] & ~size_bits) == (given & ~size_bits))
			return commands[i];
	}
	return 0;
}

static int run_command(struct file *file, unsigned int command, union argument *argument)
{
	struct jb_session *session = file->private_data;
	bool nonblock = file->f_flags & O_NONBLOCK;

	switch (command) {
	case JBCACHEFS_IOC_INFO:
		return shim_info(&argument->info);
	case JBCACHEFS_IOC_CLAIM:
		return jb_claim(session, &argument->claim);
	case JBCACHEFS_IOC_RELEASE:
		return jb_release(session, &argument->release);
	case JBCACHEFS_IOC_GEOMETRY:
		return jb_geometry(session, &argument->geometry);
	case JBCACHEFS_IOC_NEXT_CLAIM:
		return jb_next_claim(&argument->claim_entry);
	case JBCACHEFS_IOC_IO:
		return jb_io(session, &argument->batch);
	case JBCACHEFS_IOC_SUBMIT:
		return jb_submit(session, &argument->batch);
	case JBCACHEFS_IOC_RING:
		return jb_ring_setup(session, &argument->ring);
	case JBCACHEFS_IOC_BUFFER:
		return jb_buffer_add(session, &argument->buffer);
	case JBCACHEFS_IOC_RELEASE_BUFFER:
		return jb_buffer_remove(session, &argument->release_buffer);
	case JBCACHEFS_IOC_REGISTER:
		return jb_register(session, &argument->registration);
	case JBCACHEFS_IOC_UNREGISTER:
		return jb_unregister(session);
	case JBCACHEFS_IOC_NEXT_FILESYSTEM:
		return jb_next_filesystem(&argument->filesystem);
	case JBCACHEFS_IOC_CALL:
		return jb_call(&argument->call);
	case JBCACHEFS_IOC_RECEIVE:
		return jb_receive(session, &argument->receive, nonblock);
	default:
		return jb_reply(session, &argument->reply);
	}
}

static long shim_ioctl(struct file *file, unsigned int given, unsigned long address)
{
	void __user *user = (void __user *)address;
	unsigned int command = known_command(given);
	size_t given_size = _IOC_SIZE(given), size = _IOC_SIZE(command);
	union argument argument;
	int error;

	if (!command)
		return -ENOTTY;
	memset(&argument, 0, sizeof(argument));
	if (_IOC_DIR(command) & _IOC_WRITE) {
		error = copy_struct_from_user(&argument, size, user, given_size);
		if (error)
			return error;
	}
	error = run_command(file, command, &argument);
	if (_IOC_DIR(command) & _IOC_READ) {
		if (copy_to_user(user, &argument, min(size, given_size)))
			return -EFAULT;
	}
	return error;
}

/* -- the other file operations -- */

static ssize_t shim_read(struct file *file, char __user *buffer, size_t size, loff_t *position)
{
	return jb_event_read(file->private_data, buffer, size, file->f_flags & O_NONBLOCK);
}

static __poll_t shim_poll(struct file *file, poll_table *table)
{
	struct jb_session *session = file->private_data;
	__poll_t ready = 0;

	poll_wait(file, &session->wait, table);
	if (jb_event_pending(session) || jb_call_pending(session))
		ready |= EPOLLIN | EPOLLRDNORM;
	if (jb_ring_ready(session))
		ready |= EPOLLRDBAND;
	return ready;
}

static int shim_mmap(struct file *file, struct vm_area_struct *vma)
{
	return jb_ring_map(file->private_data, vma);
}

static const struct file_operations shim_operations = {
	.owner = THIS_MODULE,
	.open = shim_open,
	.release = shim_release,
	.read = shim_read,
	.poll = shim_poll,
	.mmap = shim_mmap,
	.unlocked_ioctl = shim_ioctl,
	.compat_ioctl = compat_ptr_ioctl,
	.uring_cmd = JB_URING_OPERATION,
};

static struct miscdevice shim_device = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "jbcachefs",
	.mode = 0600,
	.fops = &shim_operations,
};

static int __init shim_init(void)
{
	int error;

	jb_workqueue = alloc_workqueue("jbcachefs", WQ_MEM_RECLAIM | WQ_UNBOUND, 0);
	if (!jb_workqueue)
		return -ENOMEM;
	error = jb_request_init();
	if (error)
		goto no_requests;
	error = misc_register(&shim_device);
	if (error)
		goto no_device;
	return 0;

no_device:
	jb_request_exit();
no_requests:
	destroy_workqueue(jb_workqueue);
	return error;
}

static void __exit shim_exit(void)
{
	misc_deregister(&shim_device);
	jb_request_exit();
	destroy_workqueue(jb_workqueue);
}

module_init(shim_init);
module_exit(shim_exit);

MODULE_DESCRIPTION("Exclusive block I/O and a control channel for jbcachefs");
MODULE_AUTHOR("The jbcachefs authors");
MODULE_LICENSE("GPL");
MODULE_VERSION(JB_VERSION);
MODULE_ALIAS("devname:jbcachefs");
