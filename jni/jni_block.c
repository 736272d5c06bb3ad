// SPDX-License-Identifier: GPL-2.0-or-later
/* Numbers from Java in, numbers out; see BlockNative.java for what each one means. */
#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <unistd.h>

#include "block.h"
#include "org_jbcachefs_block_direct_BlockNative.h"
#include "org_jbcachefs_block_direct_SlotLayout.h"

#define SLOT(name) org_jbcachefs_block_direct_SlotLayout_##name
#define SLOT_FIELD(name, field) _Static_assert(SLOT(name) == offsetof(struct block_slot, field), #field)

SLOT_FIELD(ADDRESS, address);
SLOT_FIELD(BYTES, bytes);
SLOT_FIELD(FLAGS, flags);
SLOT_FIELD(OPERATION, operation);
SLOT_FIELD(COPIES, copies);
SLOT_FIELD(BUFFER, buffer);
SLOT_FIELD(FAILED, failed);
SLOT_FIELD(TARGETS, targets);
_Static_assert(SLOT(SLOT_BYTES) == sizeof(struct block_slot), "the slots");
_Static_assert(SLOT(TARGET_BYTES) == sizeof(struct block_target), "the targets");
_Static_assert(SLOT(TARGET_DEVICE) == offsetof(struct block_target, device), "device");
_Static_assert(SLOT(TARGET_RESULT) == offsetof(struct block_target, result), "result");
_Static_assert(SLOT(ON_BLOCK_NODE) == (jint)BLOCK_ON_NODE, "on a block node");
_Static_assert(SLOT(OPERATION_READ) == BLOCK_READ && SLOT(OPERATION_WRITE) == BLOCK_WRITE_DATA &&
	       SLOT(OPERATION_FLUSH) == BLOCK_FLUSH && SLOT(OPERATION_DISCARD) == BLOCK_DISCARD &&
	       SLOT(OPERATION_WRITE_ZEROES) == BLOCK_WRITE_ZEROES, "the operations");
_Static_assert(org_jbcachefs_block_direct_BlockNative_OPEN_WRITE == BLOCK_WRITE &&
	       org_jbcachefs_block_direct_BlockNative_OPEN_DIRECT == BLOCK_DIRECT, "how to open");

#define METHOD(type, name) JNIEXPORT type JNICALL Java_org_jbcachefs_block_direct_BlockNative_##name

static void *address(jlong value)
{
	return (void *)(intptr_t)value;
}

METHOD(jint, open)(JNIEnv *env, jclass type, jlong path, jint flags)
{
	(void)env;
	(void)type;
	return block_open(address(path), (unsigned int)flags);
}

METHOD(jint, describe)(JNIEnv *env, jclass type, jint fd, jboolean direct, jlong description)
{
	(void)env;
	(void)type;
	return block_describe(fd, direct, address(description));
}

METHOD(jint, lock)(JNIEnv *env, jclass type, jint fd)
{
	(void)env;
	(void)type;
	return block_lock(fd);
}

METHOD(jint, close)(JNIEnv *env, jclass type, jint fd)
{
	(void)env;
	(void)type;
	return close(fd) < 0 ? -errno : 0;
}

METHOD(jint, read)(JNIEnv *env, jclass type, jint fd, jlong offset, jlong into, jlong bytes)
{
	(void)env;
	(void)type;
	return block_read(fd, (uint64_t)offset, address(into), (size_t)bytes);
}

METHOD(jint, write)(JNIEnv *env, jclass type, jint fd, jlong offset, jlong from, jlong bytes, jboolean durable)
{
	(void)env;
	(void)type;
	return block_write(fd, (uint64_t)offset, address(from), (size_t)bytes, durable);
}

METHOD(jint, flush)(JNIEnv *env, jclass type, jint fd)
{
	(void)env;
	(void)type;
	return block_flush(fd);
}

METHOD(jint, discard)(JNIEnv *env, jclass type, jint fd, jlong offset, jlong bytes)
{
	(void)env;
	(void)type;
	return block_discard(fd, (uint64_t)offset, (uint64_t)bytes);
}

METHOD(jint, writeZeroes)(JNIEnv *env, jclass type, jint fd, jlong offset, jlong bytes)
{
	(void)env;
	(void)type;
	return block_write_zeroes(fd, (uint64_t)offset, (uint64_t)bytes);
}

static jlong opened(int error, struct block_queue *queue)
{
	return error ? error : (jlong)(intptr_t)queue;
}

static struct block_queue_memory memory_of(jlong slots, jlong prepared, jlong done, jint capacity)
{
	return (struct block_queue_memory){ address(slots), address(prepared), address(done), (uint32_t)capacity };
}

METHOD(jlong, openUring)(JNIEnv *env, jclass type, jlong slots, jlong prepared, jlong done, jint capacity)
{
	struct block_queue_memory memory = memory_of(slots, prepared, done, capacity);
	struct block_queue *queue = NULL;
	int error = block_queue_open_uring(&memory, &queue);

	(void)env;
	(void)type;
	return opened(error, queue);
}

METHOD(jlong, openShim)(JNIEnv *env, jclass type, jlong slots, jlong prepared, jlong done, jint capacity, jint shim,
			jint way)
{
	struct block_queue_memory memory = memory_of(slots, prepared, done, capacity);
	struct block_queue *queue = NULL;
	int error;

	(void)env;
	(void)type;
	switch (way) {
	case org_jbcachefs_block_direct_BlockNative_BY_URING:
		error = block_queue_open_shim(&memory, shim, &queue);
		break;
	case org_jbcachefs_block_direct_BlockNative_BY_RING:
		error = block_queue_open_shim_ring(&memory, shim, &queue);
		break;
	default:
		error = block_queue_open_shim_batch(&memory, shim, &queue);
	}
	return opened(error, queue);
}

METHOD(jint, registerDevices)(JNIEnv *env, jclass type, jlong queue, jlong devices, jint count)
{
	(void)env;
	(void)type;
	return block_queue_register_devices(address(queue), address(devices), (unsigned int)count);
}

METHOD(jint, registerBuffers)(JNIEnv *env, jclass type, jlong queue, jlong addresses, jlong bytes, jint count)
{
	(void)env;
	(void)type;
	return block_queue_register_buffers(address(queue), address(addresses), address(bytes), (unsigned int)count);
}

METHOD(jint, exchange)(JNIEnv *env, jclass type, jlong queue, jint count, jint wait_for)
{
	(void)env;
	(void)type;
	return block_queue_exchange(address(queue), (unsigned int)count, (unsigned int)wait_for);
}

METHOD(void, closeQueue)(JNIEnv *env, jclass type, jlong queue)
{
	(void)env;
	(void)type;
	block_queue_close(address(queue));
}
