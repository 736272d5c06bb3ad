/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Short names for what tests do with /dev/jbcachefs. Whatever has to succeed is checked here. */
#ifndef SHIM_CLIENT_H
#define SHIM_CLIENT_H

#include "check.h"

#include <linux/jbcachefs.h>
#include <stdint.h>

/* Disks of the guest, by name. */
#define DISK_A "/dev/disk/a"
#define DISK_B "/dev/disk/b"
#define DISK_C "/dev/disk/c"

/* Opens the node; every test closes it, or checks what happens when its process ends. */
int shim_open(void);

/* Claims a device and returns the claim's number; -1 with errno. */
int shim_try_claim(int shim, const char *path, uint32_t flags);
uint32_t shim_claim(int shim, const char *path);
int shim_release(int shim, uint32_t claim);
struct jbcachefs_geometry shim_geometry(int shim, uint32_t claim);

/* A request with one target and one segment. */
struct jbcachefs_io shim_request(uint8_t opcode, uint32_t claim, uint64_t offset, void *buffer, uint64_t length);

/* Registers memory and returns the buffer's number. */
uint32_t shim_register(int shim, void *memory, uint64_t bytes);

/* Does one request and waits; gives its completion. */
struct jbcachefs_completion shim_do(int shim, struct jbcachefs_io io);
/* The same, for a request that must succeed. */
void shim_must(int shim, struct jbcachefs_io io);

/* A mapped completion ring. */
struct shim_ring {
	struct jbcachefs_ring_head *head;
	struct jbcachefs_completion *completions;
	uint32_t entries;
	uint64_t bytes;
};

struct shim_ring shim_ring(int shim, uint32_t entries, int eventfd);
/* Submits; returns how many were taken, or -1 with errno. */
int shim_submit(int shim, struct jbcachefs_io *requests, uint32_t count, uint32_t wait);
/* Takes the next completion if there is one. */
int shim_reap(struct shim_ring *ring, struct jbcachefs_completion *completion);

/* Page-aligned memory, filled from a seed. */
void *aligned_memory(size_t bytes);
void fill_memory(void *memory, size_t bytes, uint64_t seed);

/* Finds the disk of scsi_debug; returns the path that it put there. */
const char *scsi_disk(char path[32]);

/* Reads or writes through the plain node, past its page cache. */
void plain_read(const char *path, uint64_t offset, void *into, size_t bytes);
void plain_write(const char *path, uint64_t offset, const void *from, size_t bytes);

/* The number in a one-line file like those of sysfs; -1 if there is none. */
long long number_in(const char *path);
void write_text(const char *path, const char *text);
uint64_t milliseconds(void);

#endif
