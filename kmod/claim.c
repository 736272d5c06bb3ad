// SPDX-License-Identifier: GPL-2.0-or-later
/* Claims: block devices that a session holds exclusively. */

#include <linux/file.h>
#include <linux/pagemap.h>
#include <linux/slab.h>
#include "shim.h"

/* Every claim, in the order in which they were made. */
static DEFINE_MUTEX(claims_lock);
static LIST_HEAD(all_claims);
static u64 last_serial;

static void claimed_device_died(void *holder, bool surprise)
{
	struct jb_claim *claim = holder;

	set_bit(JB_CLAIM_DEAD, &claim->state);
	jb_event_post(claim, JBCACHEFS_EVENT_DEAD, surprise);
}

JB_DEFINE_HOLDER_OPS(claim_holder_ops, claimed_device_died);

static void list_claim(struct jb_claim *claim)
{
	mutex_lock(&claims_lock);
	claim->serial = ++last_serial;
	list_add_tail(&claim->all_link, &all_claims);
	mutex_unlock(&claims_lock);
	spin_lock_irq(&claim->session->lock);
	list_add_tail(&claim->open_link, &claim->session->open_claims);
	spin_unlock_irq(&claim->session->lock);
}

static void close_claim(struct work_struct *work)
{
	struct jb_claim *claim = container_of(work, struct jb_claim, close_work);
	struct jb_session *session = claim->session;

	/* After this no notice of its death comes any more. */
	jb_bdev_close(&claim->bdev);
	mutex_lock(&claims_lock);
	list_del(&claim->all_link);
	mutex_unlock(&claims_lock);
	/* The session may be freed as soon as its lock is given back. */
	spin_lock_irq(&session->lock);
	list_del(&claim->open_link);
	list_del(&claim->event_link);
	wake_up(&session->credit);
	spin_unlock_irq(&session->lock);
	kfree_rcu(claim, rcu);
}

/* In any context: the device is closed by a worker. */
void jb_claim_put(struct jb_claim *claim)
{
	if (refcount_dec_and_test(&claim->refs))
		queue_work(jb_workqueue, &claim->close_work);
}

/* The session's claim of that number with a reference more, or NULL. */
struct jb_claim *jb_claim_get(struct jb_session *session, u32 id)
{
	struct jb_claim *claim;

	rcu_read_lock();
	claim = xa_load(&session->claims, id);
	if (claim && !refcount_inc_not_zero(&claim->refs))
		claim = NULL;
	rcu_read_unlock();
	return claim;
}

/* The device of an open file, if the caller may use it like that. */
static int device_of_file(int fd, bool write, dev_t *dev)
{
	struct file *file = fget(fd);
	int error = 0;

	if (!file)
		return -EBADF;
	if (!S_ISBLK(file_inode(file)->i_mode))
		error = -ENOTBLK;
	else if (!(file->f_mode & FMODE_READ))
		error = -EBADF;
	else if (write && !(file->f_mode & FMODE_WRITE))
		/* An open for writing would keep a restricting claim out: the right is enough. */
		error = file_permission(file, MAY_WRITE);
	if (!error)
		*dev = file_inode(file)->i_rdev;
	fput(file);
	return error;
}

static int open_device(struct jb_claim *claim, dev_t dev, u32 flags)
{
	struct block_device *bdev;
	int error = jb_bdev_open(&claim->bdev, dev, claim->writable,
				 flags & JBCACHEFS_CLAIM_RESTRICT_WRITES, claim, &claim_holder_ops);

	if (error)
		return error;
	bdev = claim->bdev.bdev;
	if (bdev_is_zoned(bdev)) {
		error = -EOPNOTSUPP;
	} else if (claim->writable && bdev_read_only(bdev)) {
		error = -EROFS;
	} else {
		/* What others wrote through the page cache shall be on the device. */
		error = sync_blockdev(bdev);
		invalidate_bdev(bdev);
	}
	if (error)
		jb_bdev_close(&claim->bdev);
	return error;
}

int jb_claim(struct jb_session *session, struct jbcachefs_claim *args)
{
	const u32 known = JBCACHEFS_CLAIM_WRITE | JBCACHEFS_CLAIM_RESTRICT_WRITES;
	struct jb_claim *claim;
	dev_t dev;
	int error;

	if (args->flags & ~known || args->claim || args->reserved0 ||
	    args->reserved[0] || args->reserved[1])
		return -EINVAL;
	error = device_of_file(args->fd, args->flags & JBCACHEFS_CLAIM_WRITE, &dev);
	if (error)
		return error;
	claim = kzalloc(sizeof(*claim), GFP_KERNEL_ACCOUNT);
	if (!claim)
		return -ENOMEM;
	claim->session = session;
	claim->writable = args->flags & JBCACHEFS_CLAIM_WRITE;
	claim->pid = task_tgid_nr(current);
	get_task_comm(claim->comm, current);
	refcount_set(&claim->refs, 1);
	INIT_LIST_HEAD(&claim->event_link);
	INIT_WORK(&claim->close_work, close_claim);
	error = open_device(claim, dev, args->flags);
	if (error) {
		kfree(claim);
		return error;
	}
	claim->known_size = bdev_nr_bytes(claim->bdev.bdev);
	claim->known_read_only = bdev_read_only(claim->bdev.bdev);
	list_claim(claim);

	mutex_lock(&session->setup_lock);
	error = xa_alloc(&session->claims, &claim->id, claim,
			 XA_LIMIT(1, JBCACHEFS_MAX_CLAIMS), GFP_KERNEL_ACCOUNT);
	if (!error)
		args->claim = claim->id;
	mutex_unlock(&session->setup_lock);
	if (error) {
		jb_claim_put(claim);
		return error == -EBUSY ? -ENOSPC : error;
	}
	mod_delayed_work(jb_workqueue, &session->watch, JB_WATCH_INTERVAL);
	return 0;
}

static bool is_closed(struct jb_session *session, u64 serial)
{
	struct jb_claim *claim;
	bool found = false;

	spin_lock_irq(&session->lock);
	list_for_each_entry(claim, &session->open_claims, open_link)
		found |= claim->serial == serial;
	spin_unlock_irq(&session->lock);
	return !found;
}

int jb_release(struct jb_session *session, const struct jbcachefs_release *args)
{
	struct jb_claim *claim;
	u64 serial;

	if (args->reserved)
		return -EINVAL;
	mutex_lock(&session->setup_lock);
	claim = xa_erase(&session->claims, args->claim);
	mutex_unlock(&session->setup_lock);
	if (!claim)
		return -EBADF;
	serial = claim->serial;
	jb_claim_put(claim);
	return wait_event_killable(session->credit, is_closed(session, serial)) ? -EINTR : 0;
}

void jb_claims_release_all(struct jb_session *session)
{
	struct jb_claim *claim;
	unsigned long id;

	xa_for_each(&session->claims, id, claim) {
		xa_erase(&session->claims, id);
		jb_claim_put(claim);
	}
}

/* Kernels without a notice of death mark the disk; looking at it is free. */
bool jb_claim_dead(struct jb_claim *claim)
{
	return test_bit(JB_CLAIM_DEAD, &claim->state) ||
	       test_bit(GD_DEAD, &claim->bdev.bdev->bd_disk->state);
}

/*
 * A mask of address bits that have to be zero. A page then holds whole blocks, or
 * a block whole pages, so that a request can be cut between pages.
 */
unsigned int jb_claim_alignment(struct jb_claim *claim)
{
	struct block_device *bdev = claim->bdev.bdev;

	unsigned int block = min_t(unsigned int, bdev_logical_block_size(bdev), PAGE_SIZE);

	return bdev_dma_alignment(bdev) | (block - 1);
}

/* -- the page cache of the node, which others may read through -- */

bool jb_claim_has_cache(struct jb_claim *claim)
{
	return READ_ONCE(jb_bdev_mapping(claim->bdev.bdev)->nrpages);
}

/* Makes others see what was written below the cache, as direct I/O through the node does. */
void jb_claim_drop_cache(struct jb_claim *claim, u64 offset, u64 length)
{
	struct address_space *mapping = jb_bdev_mapping(claim->bdev.bdev);

	if (length)
		invalidate_inode_pages2_range(mapping, offset >> PAGE_SHIFT,
					      (offset + length - 1) >> PAGE_SHIFT);
}

/* -- what is told about claims -- */

static u32 geometry_flags(struct jb_claim *claim)
{
	struct block_device *bdev = claim->bdev.bdev;
	u32 flags = 0;

	if (claim->writable)
		flags |= JBCACHEFS_GEOMETRY_WRITE;
	if (bdev_read_only(bdev))
		flags |= JBCACHEFS_GEOMETRY_READ_ONLY;
	if (jb_bdev_rotational(bdev))
		flags |= JBCACHEFS_GEOMETRY_ROTATIONAL;
	if (bdev_write_cache(bdev))
		flags |= JBCACHEFS_GEOMETRY_WRITE_CACHE;
	if (bdev_fua(bdev))
		flags |= JBCACHEFS_GEOMETRY_FUA;
	if (bdev_stable_writes(bdev))
		flags |= JBCACHEFS_GEOMETRY_STABLE;
	if (jb_claim_dead(claim))
		flags |= JBCACHEFS_GEOMETRY_DEAD;
	return flags;
}

int jb_geometry(struct jb_session *session, struct jbcachefs_geometry *args)
{
	struct block_device *bdev;
	struct jb_claim *claim;
	u32 id = args->claim;

	args->claim = 0;
	if (memchr_inv(args, 0, sizeof(*args)))
		return -EINVAL;
	claim = jb_claim_get(session, id);
	if (!claim)
		return -EBADF;
	bdev = claim->bdev.bdev;
	args->claim = id;
	args->flags = geometry_flags(claim);
	args->size = bdev_nr_bytes(bdev);
	args->logical_block = bdev_logical_block_size(bdev);
	args->physical_block = bdev_physical_block_size(bdev);
	args->io_min = bdev_io_min(bdev);
	args->io_optimal = bdev_io_opt(bdev);
	args->dma_alignment = jb_claim_alignment(claim) + 1;
	args->discard_granularity = bdev_discard_granularity(bdev);
	args->max_discard = (u64)bdev_max_discard_sectors(bdev) << SECTOR_SHIFT;
	args->max_write_zeroes = (u64)bdev_write_zeroes_sectors(bdev) << SECTOR_SHIFT;
	args->major = MAJOR(bdev->bd_dev);
	args->minor = MINOR(bdev->bd_dev);
	snprintf(args->name, sizeof(args->name), "%pg", bdev);
	jb_claim_put(claim);
	return 0;
}

static void describe_claim(struct jb_claim *claim, struct jbcachefs_claim_entry *entry)
{
	struct block_device *bdev = claim->bdev.bdev;

	entry->serial = claim->serial;
	entry->major = MAJOR(bdev->bd_dev);
	entry->minor = MINOR(bdev->bd_dev);
	entry->flags = geometry_flags(claim);
	entry->pid = claim->pid;
	/* One reference is the session's (until it gives the claim back), one is the lister's. */
	entry->inflight = max_t(int, refcount_read(&claim->refs) - 2, 0);
	snprintf(entry->name, sizeof(entry->name), "%pg", bdev);
	strscpy(entry->comm, claim->comm, sizeof(entry->comm));
}

int jb_next_claim(struct jbcachefs_claim_entry *args)
{
	u64 after = args->serial;
	struct jb_claim *claim;
	bool found = false;

	args->serial = 0;
	if (memchr_inv(args, 0, sizeof(*args)))
		return -EINVAL;
	mutex_lock(&claims_lock);
	list_for_each_entry(claim, &all_claims, all_link) {
		found = claim->serial > after && refcount_inc_not_zero(&claim->refs);
		if (found)
			break;
	}
	mutex_unlock(&claims_lock);
	if (!found)
		return -ENOENT;
	describe_claim(claim, args);
	jb_claim_put(claim);
	return 0;
}
