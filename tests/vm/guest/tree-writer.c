/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tree-writer ROOT SEED OPERATIONS: lets the kernel's filesystem do that many random things below ROOT.
 *
 * What it does is a function of the seed and of what the filesystem answers. It keeps the list of the paths it made, as
 * the only state; what became of them is read from the filesystem afterwards. Every kind of operation is
 * counted, "done/tried", on standard output; an error that a healthy filesystem does not return ends it.
 */
#define _GNU_SOURCE
#include "random.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/falloc.h>
#include <linux/fs.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

#define PATH_MOST 4096
#define FILE_MOST (1 << 20)
#define CHUNK_MOST (256 << 10)
#define PATHS_MOST 20000
#define PRIVATE_ERRORS 2048

/* bcachefs' ioctls on a folder; fs/bcachefs_ioctl.h of bcachefs-tools, struct bch_ioctl_subvolume */
struct subvolume_request {
	uint32_t flags;
	uint32_t dirfd;
	uint16_t mode;
	uint16_t pad[3];
	uint64_t target;
	uint64_t source;
};
#define SUBVOLUME_CREATE _IOW(0xbc, 16, struct subvolume_request)
#define SUBVOLUME_DESTROY _IOW(0xbc, 17, struct subvolume_request)
#define SUBVOLUME_SNAPSHOT 1u
#define SUBVOLUME_READ_ONLY 2u

enum kind { FOLDER, FILE_KIND, OTHER, KINDS };

struct entry {
	char *path;
	enum kind kind;
	/* root of a subvolume or snapshot */
	int subvolume;
};

static struct random seeded;
static struct entry entries[PATHS_MOST];
static size_t entry_count;
static unsigned long name_counter;
static const char *root;
static int root_fd;
static char chunk[CHUNK_MOST] __attribute__((aligned(4096)));

static uint64_t below(uint64_t bound)
{
	return random_below(&seeded, bound);
}

static int one_in(uint64_t bound)
{
	return below(bound) == 0;
}

/* -- the paths that exist -- */

static void remember(const char *path, enum kind kind, int subvolume)
{
	if (entry_count < PATHS_MOST)
		entries[entry_count++] = (struct entry){ strdup(path), kind, subvolume };
}

static int is_inside(const char *path, const char *folder)
{
	size_t length = strlen(folder);

	return !strncmp(path, folder, length) && (path[length] == '/' || !path[length]);
}

static void forget_inside(const char *folder)
{
	size_t kept = 0;

	for (size_t i = 0; i < entry_count; i++) {
		if (is_inside(entries[i].path, folder))
			free(entries[i].path);
		else
			entries[kept++] = entries[i];
	}
	entry_count = kept;
}

static void move_path(struct entry *entry, const char *from, const char *to)
{
	char *moved;

	if (!is_inside(entry->path, from))
		return;
	if (asprintf(&moved, "%s%s", to, entry->path + strlen(from)) < 0)
		exit(1);
	free(entry->path);
	entry->path = moved;
}

/* Remembers some of what a new snapshot shows, so that it is written to as well. */
static void remember_copy(const char *source, const char *copy)
{
	size_t before = entry_count;
	char path[PATH_MOST];

	for (size_t i = 0; i < before; i++) {
		struct stat st;

		if (!is_inside(entries[i].path, source) || !strcmp(entries[i].path, source) || !one_in(4))
			continue;
		if (snprintf(path, sizeof(path), "%s%s", copy, entries[i].path + strlen(source)) < (int)sizeof(path) &&
		    !lstat(path, &st))
			remember(path, entries[i].kind, 0);
	}
}

/* A random entry of that kind, or NULL; KINDS stands for any. */
static struct entry *pick(enum kind kind)
{
	for (int tries = 0; entry_count && tries < 50; tries++) {
		struct entry *entry = &entries[below(entry_count)];

		if (kind == KINDS || entry->kind == kind)
			return entry;
	}
	return NULL;
}

static void append_name(char *path, size_t room)
{
	static const char *const stems[] = { "file", "Übergröße", "日本語", "a b", "x\xff\xfe", "back\\slash", "\"q\"", ".hidden", "\xf0\x9f\x98\x80" };
	const char *stem = stems[below(sizeof(stems) / sizeof(*stems))];
	size_t length = strlen(path);
	int pad = one_in(12) ? (int)below(230) : 0;

	snprintf(path + length, room - length, "/%s-%lu%s%.*s", stem, name_counter++, pad ? "-" : "", pad,
		 "nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn"
		 "nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn");
}

/* A name that is not taken, in a random folder. 0 if none fits. */
static int new_path(char path[PATH_MOST])
{
	struct entry *folder = one_in(5) ? NULL : pick(FOLDER);

	snprintf(path, PATH_MOST, "%s", folder ? folder->path : root);
	if (strlen(path) > PATH_MOST - 600)
		return 0;
	append_name(path, PATH_MOST);
	return 1;
}

/* A name that is not taken: mostly beside the entry (so in its subvolume), else in a random folder. */
static int new_path_for(const struct entry *entry, char path[PATH_MOST])
{
	if (one_in(4))
		return new_path(path);
	snprintf(path, PATH_MOST, "%s", entry->path);
	*strrchr(path, '/') = 0;
	if (strlen(path) > PATH_MOST - 600)
		return 0;
	append_name(path, PATH_MOST);
	return 1;
}

/* -- data -- */

static int nearly_full(void)
{
	struct statvfs st;

	return statvfs(root, &st) || st.f_bavail * 3 < st.f_blocks;
}

static void fill_chunk(size_t length)
{
	switch (below(4)) {
	case 0:
		random_fill(&seeded, chunk, length);
		break;
	case 1:
		memset(chunk, one_in(2) ? 0 : (int)below(256), length);
		break;
	default: {
		char text[64];
		size_t step = 1 + below(60);

		random_fill(&seeded, text, sizeof(text));
		for (size_t at = 0; at < length; at++)
			chunk[at] = text[at % step] ^ (at >> 9);
	}
	}
}

static int write_at(const char *path, int flags, off_t offset, size_t length)
{
	int fd, saved, result = 0;

	if (nearly_full())
		return errno = ENOSPC, -1;
	fd = open(path, O_WRONLY | O_CREAT | flags, 0600 + below(0200));
	if (fd < 0)
		return -1;
	while (length && !result) {
		size_t part = length < CHUNK_MOST ? length : CHUNK_MOST;

		fill_chunk(part);
		if (pwrite(fd, chunk, part, offset) != (ssize_t)part)
			result = -1;
		offset += part;
		length -= part;
	}
	if (!result && one_in(20))
		result = fsync(fd);
	saved = errno;
	close(fd);
	errno = saved;
	return result;
}

static off_t size_of(const char *path)
{
	struct stat st;

	return lstat(path, &st) ? 0 : st.st_size;
}

static off_t random_offset(const char *path)
{
	off_t offset = below(size_of(path) + 8192);

	return one_in(2) ? offset & ~4095LL : offset;
}

/*
 * Where a new file's data begins: mostly near its start, now and then far beyond. Sizes between are avoided, since the
 * manifest hashes files of up to 256 MiB as a whole, holes included.
 */
static off_t first_offset(void)
{
	if (!one_in(6))
		return 0;
	return one_in(4) ? (1LL << 29) + (off_t)random_scaled(&seeded, 1ULL << 36) : (off_t)random_scaled(&seeded, 1 << 22);
}

static uint64_t shorter_size(const char *path)
{
	off_t size = size_of(path);

	return below(size < 4 * FILE_MOST ? size + 1 : 4 * FILE_MOST);
}

/* -- operations: 0 done, 1 nothing to do it to, -1 with errno -- */

static int op_create(void)
{
	char path[PATH_MOST];
	size_t size = one_in(8) ? 0 : random_scaled(&seeded, FILE_MOST);

	if (!new_path(path))
		return 1;
	if (write_at(path, O_EXCL, first_offset(), size))
		return -1;
	remember(path, FILE_KIND, 0);
	return 0;
}

static int op_overwrite(void)
{
	struct entry *file = pick(FILE_KIND);

	return file ? write_at(file->path, 0, random_offset(file->path), 1 + random_scaled(&seeded, 128 << 10)) : 1;
}

static int op_append(void)
{
	struct entry *file = pick(FILE_KIND);

	return file ? write_at(file->path, 0, size_of(file->path), 1 + random_scaled(&seeded, 64 << 10)) : 1;
}

static int op_direct(void)
{
	struct entry *file = pick(FILE_KIND);

	return file ? write_at(file->path, O_DIRECT, random_offset(file->path) & ~4095LL, 4096 * (1 + below(32))) : 1;
}

static int op_truncate(void)
{
	struct entry *file = pick(FILE_KIND);

	return file ? truncate(file->path, one_in(4) ? below(4 * FILE_MOST) : shorter_size(file->path)) : 1;
}

static int fallocate_some(int mode)
{
	struct entry *file = pick(FILE_KIND);
	off_t offset, length;
	int fd, result, saved;

	if (!file)
		return 1;
	if (nearly_full())
		return errno = ENOSPC, -1;
	offset = random_offset(file->path);
	length = 1 + random_scaled(&seeded, 256 << 10);
	fd = open(file->path, O_RDWR);
	if (fd < 0)
		return -1;
	result = fallocate(fd, mode, offset, length);
	saved = errno;
	close(fd);
	errno = saved;
	return result;
}

static int op_allocate(void)
{
	return fallocate_some(one_in(3) ? FALLOC_FL_KEEP_SIZE : 0);
}

static int op_punch(void)
{
	return fallocate_some(FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE);
}

static int op_zero_range(void)
{
	return fallocate_some(FALLOC_FL_ZERO_RANGE | (one_in(2) ? FALLOC_FL_KEEP_SIZE : 0));
}

/*
 * FALLOC_FL_COLLAPSE_RANGE and FALLOC_FL_INSERT_RANGE are left out: kernel 6.16 splits an extent there without a
 * reservation, or moves one to where it cannot be, and goes read-only.
 */

static int op_clone(void)
{
	struct entry *file = pick(FILE_KIND);
	char path[PATH_MOST];
	int from, to, result = -1, saved;

	if (!file || !new_path(path))
		return 1;
	from = open(file->path, O_RDONLY);
	if (from < 0)
		return -1;
	to = open(path, O_WRONLY | O_CREAT | O_EXCL, 0644);
	if (to >= 0) {
		remember(path, FILE_KIND, 0);
		result = ioctl(to, FICLONE, from);
		saved = errno;
		close(to);
		errno = saved;
	}
	saved = errno;
	close(from);
	errno = saved;
	return result;
}

static int op_clone_range(void)
{
	struct entry *file = pick(FILE_KIND), *other = pick(FILE_KIND);
	struct file_clone_range range = { 0 };
	int from, to, result = -1, saved;

	if (!file || !other || file == other)
		return 1;
	from = open(file->path, O_RDONLY);
	to = open(other->path, O_WRONLY);
	if (from >= 0 && to >= 0) {
		range.src_fd = from;
		range.src_offset = below(size_of(file->path) / 4096 + 1) * 4096;
		range.src_length = (1 + below(32)) * 4096;
		range.dest_offset = below(size_of(other->path) / 4096 + 8) * 4096;
		if (range.src_offset + range.src_length > (uint64_t)size_of(file->path))
			range.src_length = 0;
		result = ioctl(to, FICLONERANGE, &range);
	}
	saved = errno;
	close(from);
	close(to);
	errno = saved;
	return result;
}

static int op_link(void)
{
	struct entry *file = pick(one_in(6) ? OTHER : FILE_KIND);
	char path[PATH_MOST];

	if (!file || !new_path_for(file, path))
		return 1;
	if (link(file->path, path))
		return -1;
	remember(path, file->kind, 0);
	return 0;
}

static int op_symlink(void)
{
	char path[PATH_MOST], target[3000];
	size_t length = 1 + random_scaled(&seeded, sizeof(target) - 2);

	if (!new_path(path))
		return 1;
	for (size_t i = 0; i < length; i++)
		target[i] = "abcdefgh/./.._\xc3\xa9"[below(16)];
	target[length] = 0;
	if (symlink(target, path))
		return -1;
	remember(path, OTHER, 0);
	return 0;
}

static int op_mkdir(void)
{
	char path[PATH_MOST];

	if (!new_path(path))
		return 1;
	if (mkdir(path, 0700 + below(0100)))
		return -1;
	remember(path, FOLDER, 0);
	return 0;
}

static int op_mknod(void)
{
	static const mode_t types[] = { S_IFIFO, S_IFSOCK, S_IFCHR, S_IFBLK };
	char path[PATH_MOST];

	if (!new_path(path))
		return 1;
	if (mknod(path, types[below(4)] | 0600 | below(0200), makedev(below(4096), below(1 << 20))))
		return -1;
	remember(path, OTHER, 0);
	return 0;
}

static int op_rename(void)
{
	struct entry *entry = pick(KINDS);
	char path[PATH_MOST], from[PATH_MOST];

	if (!entry || !new_path_for(entry, path) || is_inside(path, entry->path))
		return 1;
	snprintf(from, sizeof(from), "%s", entry->path);
	if (rename(from, path))
		return -1;
	for (size_t i = 0; i < entry_count; i++)
		move_path(&entries[i], from, path);
	return 0;
}

static int op_rename_over(void)
{
	struct entry *entry = pick(FILE_KIND), *other = pick(FILE_KIND);
	char from[PATH_MOST], to[PATH_MOST];
	struct stat one, two;

	if (!entry || !other || lstat(entry->path, &one) || lstat(other->path, &two))
		return 1;
	if (one.st_ino == two.st_ino)
		return 1;
	snprintf(from, sizeof(from), "%s", entry->path);
	snprintf(to, sizeof(to), "%s", other->path);
	if (rename(from, to))
		return -1;
	forget_inside(from);
	return 0;
}

static int op_exchange(void)
{
	struct entry *entry = pick(KINDS), *other = pick(KINDS);
	char from[PATH_MOST], to[PATH_MOST];

	if (!entry || !other || is_inside(entry->path, other->path) || is_inside(other->path, entry->path))
		return 1;
	snprintf(from, sizeof(from), "%s", entry->path);
	snprintf(to, sizeof(to), "%s", other->path);
	if (renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_EXCHANGE))
		return -1;
	for (size_t i = 0; i < entry_count; i++) {
		if (is_inside(entries[i].path, from))
			move_path(&entries[i], from, to);
		else
			move_path(&entries[i], to, from);
	}
	return 0;
}

static int op_unlink(void)
{
	struct entry *entry = pick(one_in(4) ? OTHER : FILE_KIND);
	char path[PATH_MOST];

	if (!entry)
		return 1;
	snprintf(path, sizeof(path), "%s", entry->path);
	if (unlink(path))
		return -1;
	forget_inside(path);
	return 0;
}

static int op_rmdir(void)
{
	struct entry *entry = pick(FOLDER);
	char path[PATH_MOST];

	if (!entry || entry->subvolume)
		return 1;
	snprintf(path, sizeof(path), "%s", entry->path);
	if (rmdir(path))
		return -1;
	forget_inside(path);
	return 0;
}

static void xattr_name(char name[64], struct entry *entry)
{
	static const char *const spaces[] = { "user", "trusted", "security" };

	snprintf(name, 64, "%s.name-%d", spaces[entry->kind == OTHER ? 1 + below(2) : below(3)], (int)below(6));
}

static int op_setxattr(void)
{
	struct entry *entry = pick(KINDS);
	char name[64], value[3000];
	size_t length = random_scaled(&seeded, sizeof(value));

	if (!entry)
		return 1;
	xattr_name(name, entry);
	random_fill(&seeded, value, length);
	return lsetxattr(entry->path, name, value, length, 0);
}

static int op_removexattr(void)
{
	struct entry *entry = pick(KINDS);
	char names[4096];

	if (!entry || llistxattr(entry->path, names, sizeof(names)) <= 0)
		return 1;
	return lremovexattr(entry->path, names);
}

struct acl_entry {
	uint16_t tag;
	uint16_t permissions;
	uint32_t id;
};

static int op_acl(void)
{
	/* user::rwx, user:ID:..., group::r-x, mask::rwx, other::... ; tags of linux/posix_acl.h */
	struct {
		uint32_t version;
		struct acl_entry entries[5];
	} acl = { 2, { { 1, below(8), -1 }, { 2, below(8), below(70000) }, { 4, below(8), -1 }, { 16, below(8), -1 }, { 32, below(8), -1 } } };
	struct entry *entry = pick(one_in(2) ? FOLDER : FILE_KIND);
	int fallback;

	if (!entry)
		return 1;
	fallback = entry->kind == FOLDER && one_in(2);
	return setxattr(entry->path, fallback ? "system.posix_acl_default" : "system.posix_acl_access", &acl, sizeof(acl), 0);
}

static int op_option(void)
{
	static const char *const options[][2] = {
		{ "bcachefs.compression", "lz4" }, { "bcachefs.compression", "zstd:9" }, { "bcachefs.compression", "gzip" },
		{ "bcachefs.compression", "none" }, { "bcachefs.data_checksum", "none" }, { "bcachefs.data_checksum", "crc64" },
		{ "bcachefs.data_checksum", "xxhash" }, { "bcachefs.background_compression", "lz4" }, { "bcachefs.data_replicas", "1" },
	};
	const char *const *option = options[below(sizeof(options) / sizeof(*options))];
	struct entry *entry = pick(one_in(2) ? FOLDER : FILE_KIND);

	return entry ? setxattr(entry->path, option[0], option[1], strlen(option[1]), 0) : 1;
}

static int op_chmod(void)
{
	struct entry *entry = pick(one_in(2) ? FOLDER : FILE_KIND);

	return entry ? chmod(entry->path, below(010000)) : 1;
}

static int op_chown(void)
{
	struct entry *entry = pick(KINDS);

	return entry ? lchown(entry->path, random_scaled(&seeded, 0xfffffffe), random_scaled(&seeded, 0xfffffffe)) : 1;
}

static int op_times(void)
{
	struct entry *entry = pick(KINDS);
	struct timespec times[2];

	for (int i = 0; i < 2; i++) {
		times[i].tv_sec = (int64_t)below(6000000000ULL) - 1000000000LL;
		times[i].tv_nsec = below(1000000000);
	}
	return entry ? utimensat(AT_FDCWD, entry->path, times, AT_SYMLINK_NOFOLLOW) : 1;
}

static int op_subvolume(void)
{
	struct subvolume_request request = { .dirfd = root_fd, .mode = 0755 };
	char path[PATH_MOST];

	if (!new_path(path))
		return 1;
	request.target = (uint64_t)path;
	if (ioctl(root_fd, SUBVOLUME_CREATE, &request))
		return -1;
	remember(path, FOLDER, 1);
	return 0;
}

static struct entry *pick_subvolume(void)
{
	for (int tries = 0; entry_count && tries < 300; tries++) {
		struct entry *entry = &entries[below(entry_count)];

		if (entry->subvolume)
			return entry;
	}
	return NULL;
}

static int op_snapshot(void)
{
	struct entry *source = one_in(6) ? NULL : pick_subvolume();
	int read_only = one_in(3);
	struct subvolume_request request = {
		.flags = SUBVOLUME_SNAPSHOT | (read_only ? SUBVOLUME_READ_ONLY : 0), .dirfd = root_fd, .mode = 0755,
	};
	char path[PATH_MOST], from[PATH_MOST];

	snprintf(path, sizeof(path), "%s", root);
	append_name(path, sizeof(path));
	snprintf(from, sizeof(from), "%s", source ? source->path : root);
	request.target = (uint64_t)path;
	request.source = (uint64_t)from;
	if (ioctl(root_fd, SUBVOLUME_CREATE, &request))
		return -1;
	remember(path, FOLDER, 1);
	if (!read_only)
		remember_copy(from, path);
	return 0;
}

static int op_destroy(void)
{
	struct entry *entry = pick_subvolume();
	struct subvolume_request request = { .dirfd = root_fd };
	char path[PATH_MOST];

	if (!entry)
		return 1;
	snprintf(path, sizeof(path), "%s", entry->path);
	request.target = (uint64_t)path;
	if (ioctl(root_fd, SUBVOLUME_DESTROY, &request))
		return -1;
	forget_inside(path);
	return 0;
}

static int op_sync(void)
{
	return syncfs(root_fd);
}

struct operation {
	const char *name;
	int (*run)(void);
	unsigned int weight;
	unsigned long tried, done;
};

static struct operation operations[] = {
	{ "create", op_create, 120, 0, 0 },	{ "overwrite", op_overwrite, 80, 0, 0 },
	{ "append", op_append, 40, 0, 0 },	{ "direct", op_direct, 30, 0, 0 },
	{ "truncate", op_truncate, 30, 0, 0 },	{ "allocate", op_allocate, 25, 0, 0 },
	{ "punch", op_punch, 25, 0, 0 },	{ "zero_range", op_zero_range, 12, 0, 0 },
	{ "clone", op_clone, 25, 0, 0 },	{ "clone_range", op_clone_range, 25, 0, 0 },
	{ "link", op_link, 30, 0, 0 },		{ "symlink", op_symlink, 30, 0, 0 },
	{ "mkdir", op_mkdir, 45, 0, 0 },	{ "mknod", op_mknod, 12, 0, 0 },
	{ "rename", op_rename, 40, 0, 0 },	{ "rename_over", op_rename_over, 10, 0, 0 },
	{ "exchange", op_exchange, 12, 0, 0 },	{ "unlink", op_unlink, 45, 0, 0 },
	{ "rmdir", op_rmdir, 15, 0, 0 },	{ "setxattr", op_setxattr, 45, 0, 0 },
	{ "removexattr", op_removexattr, 30, 0, 0 }, { "acl", op_acl, 25, 0, 0 },
	{ "option", op_option, 20, 0, 0 },	{ "chmod", op_chmod, 15, 0, 0 },
	{ "chown", op_chown, 20, 0, 0 },	{ "times", op_times, 30, 0, 0 },
	{ "subvolume", op_subvolume, 3, 0, 0 },	{ "snapshot", op_snapshot, 3, 0, 0 },
	{ "destroy", op_destroy, 2, 0, 0 },	{ "sync", op_sync, 4, 0, 0 },
};
#define OPERATIONS (sizeof(operations) / sizeof(*operations))

/* What a filesystem may answer to something random that makes no sense, or to a read-only snapshot. */
static int is_refusal(int error)
{
	/* bcachefs lets some of its private numbers through, for instance for an ACL in a read-only snapshot. */
	if (error >= PRIVATE_ERRORS)
		return 1;
	switch (error) {
	case EINVAL: case ENOSPC: case EROFS: case ENOENT: case ENOTEMPTY: case EEXIST: case EXDEV: case ENODATA:
	case EPERM: case ENAMETOOLONG: case EBUSY: case ENOTDIR: case EISDIR: case EFBIG: case EMLINK: case EOPNOTSUPP: case ERANGE:
	case ENXIO: case ELOOP:
	/* Through FUSE there are no subvolumes. */
	case ENOTTY:
		return 1;
	}
	return 0;
}

static struct operation *choose(void)
{
	unsigned int total = 0, at;

	for (size_t i = 0; i < OPERATIONS; i++)
		total += operations[i].weight;
	at = below(total);
	for (size_t i = 0;; i++) {
		if (at < operations[i].weight)
			return &operations[i];
		at -= operations[i].weight;
	}
}

int main(int argc, char **argv)
{
	if (argc != 4)
		return 2;
	root = argv[1];
	seeded.state = strtoull(argv[2], NULL, 0);
	root_fd = open(root, O_RDONLY | O_DIRECTORY);
	if (root_fd < 0)
		return perror(root), 1;
	umask(0);
	for (unsigned long left = strtoul(argv[3], NULL, 0); left; left--) {
		struct operation *operation = choose();
		int result = operation->run();

		operation->tried += result <= 0;
		operation->done += result == 0;
		if (result < 0 && !is_refusal(errno)) {
			printf("tree-writer: %s failed: %s\n", operation->name, strerror(errno));
			return 1;
		}
	}
	for (size_t i = 0; i < OPERATIONS; i++)
		printf("%s %lu/%lu\n", operations[i].name, operations[i].done, operations[i].tried);
	return 0;
}
