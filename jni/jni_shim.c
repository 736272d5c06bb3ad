// SPDX-License-Identifier: GPL-2.0-or-later
/* Numbers from Java in, numbers out; see ShimNative.java for what each one means. */
#include <errno.h>
#include <fcntl.h>
#include <linux/jbcachefs.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "block.h"
#include "waker.h"
#include "org_jbcachefs_block_shim_ShimLayout.h"
#include "org_jbcachefs_block_shim_ShimNative.h"

#define METHOD(type, name) JNIEXPORT type JNICALL Java_org_jbcachefs_block_shim_ShimNative_##name

/* What Java knows of the structures, held against the header. */
#define JAVA(name) org_jbcachefs_block_shim_ShimLayout_##name
#define BYTES_OF(name, type) _Static_assert(JAVA(name##_BYTES) == sizeof(struct type), #type)
#define FIELD(name, type, field) _Static_assert(JAVA(name) == offsetof(struct type, field), #type "." #field)
#define NUMBER(name, value) _Static_assert(JAVA(name) == (value), #name)

BYTES_OF(INFO, jbcachefs_info);
FIELD(INFO_FEATURES, jbcachefs_info, features);
FIELD(INFO_VERSION, jbcachefs_info, version);
NUMBER(INFO_VERSION_BYTES, sizeof(((struct jbcachefs_info *)0)->version));
BYTES_OF(CLAIM, jbcachefs_claim);
FIELD(CLAIM_FD, jbcachefs_claim, fd);
FIELD(CLAIM_FLAGS, jbcachefs_claim, flags);
FIELD(CLAIM_CLAIM, jbcachefs_claim, claim);
NUMBER(CLAIM_WRITE, JBCACHEFS_CLAIM_WRITE);
NUMBER(CLAIM_RESTRICT_WRITES, JBCACHEFS_CLAIM_RESTRICT_WRITES);
BYTES_OF(RELEASE, jbcachefs_release);
FIELD(RELEASE_CLAIM, jbcachefs_release, claim);
BYTES_OF(GEOMETRY, jbcachefs_geometry);
FIELD(GEOMETRY_CLAIM, jbcachefs_geometry, claim);
FIELD(GEOMETRY_FLAGS, jbcachefs_geometry, flags);
FIELD(GEOMETRY_SIZE, jbcachefs_geometry, size);
FIELD(GEOMETRY_LOGICAL_BLOCK, jbcachefs_geometry, logical_block);
FIELD(GEOMETRY_PHYSICAL_BLOCK, jbcachefs_geometry, physical_block);
FIELD(GEOMETRY_IO_MIN, jbcachefs_geometry, io_min);
FIELD(GEOMETRY_IO_OPTIMAL, jbcachefs_geometry, io_optimal);
FIELD(GEOMETRY_DMA_ALIGNMENT, jbcachefs_geometry, dma_alignment);
FIELD(GEOMETRY_DISCARD_GRANULARITY, jbcachefs_geometry, discard_granularity);
FIELD(GEOMETRY_MAX_DISCARD, jbcachefs_geometry, max_discard);
FIELD(GEOMETRY_MAX_WRITE_ZEROES, jbcachefs_geometry, max_write_zeroes);
FIELD(GEOMETRY_MAJOR, jbcachefs_geometry, major);
FIELD(GEOMETRY_MINOR, jbcachefs_geometry, minor);
FIELD(GEOMETRY_NAME, jbcachefs_geometry, name);
NUMBER(NAME_BYTES, sizeof(((struct jbcachefs_geometry *)0)->name));
BYTES_OF(CLAIM_ENTRY, jbcachefs_claim_entry);
FIELD(CLAIM_ENTRY_SERIAL, jbcachefs_claim_entry, serial);
FIELD(CLAIM_ENTRY_MAJOR, jbcachefs_claim_entry, major);
FIELD(CLAIM_ENTRY_MINOR, jbcachefs_claim_entry, minor);
FIELD(CLAIM_ENTRY_FLAGS, jbcachefs_claim_entry, flags);
FIELD(CLAIM_ENTRY_PID, jbcachefs_claim_entry, pid);
FIELD(CLAIM_ENTRY_INFLIGHT, jbcachefs_claim_entry, inflight);
FIELD(CLAIM_ENTRY_NAME, jbcachefs_claim_entry, name);
FIELD(CLAIM_ENTRY_COMM, jbcachefs_claim_entry, comm);
NUMBER(COMM_BYTES, sizeof(((struct jbcachefs_claim_entry *)0)->comm));
BYTES_OF(FILESYSTEM, jbcachefs_filesystem);
FIELD(FILESYSTEM_SERIAL, jbcachefs_filesystem, serial);
FIELD(FILESYSTEM_UUID, jbcachefs_filesystem, uuid);
FIELD(FILESYSTEM_LABEL, jbcachefs_filesystem, label);
NUMBER(LABEL_BYTES, sizeof(((struct jbcachefs_filesystem *)0)->label));
FIELD(FILESYSTEM_MEMBERS, jbcachefs_filesystem, members);
FIELD(FILESYSTEM_MEMBERS_SIZE, jbcachefs_filesystem, members_size);
FIELD(FILESYSTEM_MEMBERS_LENGTH, jbcachefs_filesystem, members_length);
FIELD(FILESYSTEM_PID, jbcachefs_filesystem, pid);
FIELD(FILESYSTEM_CALLS, jbcachefs_filesystem, calls);
FIELD(FILESYSTEM_COMM, jbcachefs_filesystem, comm);
BYTES_OF(REGISTER, jbcachefs_register);
FIELD(REGISTER_UUID, jbcachefs_register, uuid);
FIELD(REGISTER_LABEL, jbcachefs_register, label);
FIELD(REGISTER_MEMBERS, jbcachefs_register, members);
FIELD(REGISTER_MEMBERS_LENGTH, jbcachefs_register, members_length);
BYTES_OF(CALL, jbcachefs_call);
FIELD(CALL_UUID, jbcachefs_call, uuid);
FIELD(CALL_OPERATION, jbcachefs_call, operation);
FIELD(CALL_TIMEOUT_MS, jbcachefs_call, timeout_ms);
FIELD(CALL_REQUEST, jbcachefs_call, request);
FIELD(CALL_REPLY, jbcachefs_call, reply);
FIELD(CALL_REQUEST_LENGTH, jbcachefs_call, request_length);
FIELD(CALL_REPLY_SIZE, jbcachefs_call, reply_size);
FIELD(CALL_REPLY_LENGTH, jbcachefs_call, reply_length);
FIELD(CALL_STATUS, jbcachefs_call, status);
NUMBER(MAX_MESSAGE_BYTES, JBCACHEFS_MAX_MESSAGE);
BYTES_OF(RECEIVE, jbcachefs_receive);
FIELD(RECEIVE_ID, jbcachefs_receive, id);
FIELD(RECEIVE_BUFFER, jbcachefs_receive, buffer);
FIELD(RECEIVE_SIZE, jbcachefs_receive, size);
FIELD(RECEIVE_LENGTH, jbcachefs_receive, length);
FIELD(RECEIVE_OPERATION, jbcachefs_receive, operation);
FIELD(RECEIVE_PID, jbcachefs_receive, pid);
FIELD(RECEIVE_UID, jbcachefs_receive, uid);
BYTES_OF(REPLY, jbcachefs_reply);
FIELD(REPLY_ID, jbcachefs_reply, id);
FIELD(REPLY_BUFFER, jbcachefs_reply, buffer);
FIELD(REPLY_LENGTH, jbcachefs_reply, length);
FIELD(REPLY_STATUS, jbcachefs_reply, status);
BYTES_OF(EVENT, jbcachefs_event);
FIELD(EVENT_TYPE, jbcachefs_event, type);
FIELD(EVENT_CLAIM, jbcachefs_event, claim);
FIELD(EVENT_VALUE, jbcachefs_event, value);
NUMBER(EVENT_DEAD, JBCACHEFS_EVENT_DEAD);
NUMBER(EVENT_RESIZED, JBCACHEFS_EVENT_RESIZED);
NUMBER(EVENT_READ_ONLY, JBCACHEFS_EVENT_READ_ONLY);
NUMBER(MAX_MEMBERS_BYTES, JBCACHEFS_MAX_MEMBERS);
NUMBER(FLAG_WRITE, JBCACHEFS_GEOMETRY_WRITE);
NUMBER(FLAG_READ_ONLY, JBCACHEFS_GEOMETRY_READ_ONLY);
NUMBER(FLAG_ROTATIONAL, JBCACHEFS_GEOMETRY_ROTATIONAL);
NUMBER(FLAG_WRITE_CACHE, JBCACHEFS_GEOMETRY_WRITE_CACHE);
NUMBER(FLAG_FUA, JBCACHEFS_GEOMETRY_FUA);
NUMBER(FLAG_STABLE, JBCACHEFS_GEOMETRY_STABLE);
NUMBER(FLAG_DEAD, JBCACHEFS_GEOMETRY_DEAD);
NUMBER(IOC_INFO, JBCACHEFS_IOC_INFO);
NUMBER(IOC_CLAIM, JBCACHEFS_IOC_CLAIM);
NUMBER(IOC_RELEASE, JBCACHEFS_IOC_RELEASE);
NUMBER(IOC_GEOMETRY, JBCACHEFS_IOC_GEOMETRY);
NUMBER(IOC_NEXT_CLAIM, JBCACHEFS_IOC_NEXT_CLAIM);
NUMBER(IOC_NEXT_FILESYSTEM, JBCACHEFS_IOC_NEXT_FILESYSTEM);
NUMBER(IOC_REGISTER, JBCACHEFS_IOC_REGISTER);
NUMBER(IOC_UNREGISTER, JBCACHEFS_IOC_UNREGISTER);
NUMBER(IOC_CALL, JBCACHEFS_IOC_CALL);
NUMBER(IOC_RECEIVE, JBCACHEFS_IOC_RECEIVE);
NUMBER(IOC_REPLY, JBCACHEFS_IOC_REPLY);

_Static_assert(org_jbcachefs_block_shim_ShimNative_READY == WAIT_READY &&
	       org_jbcachefs_block_shim_ShimNative_WOKEN == WAIT_WOKEN, "what waits answer with");

static void *address(jlong value)
{
	return (void *)(intptr_t)value;
}

METHOD(jint, openNode)(JNIEnv *env, jclass type, jlong path, jboolean non_blocking)
{
	int fd = open(address(path), O_RDWR | O_CLOEXEC | (non_blocking ? O_NONBLOCK : 0));

	(void)env;
	(void)type;
	return fd < 0 ? -errno : fd;
}

METHOD(jint, openDevice)(JNIEnv *env, jclass type, jlong path)
{
	(void)env;
	(void)type;
	return block_open(address(path), 0);
}

METHOD(jint, close)(JNIEnv *env, jclass type, jint fd)
{
	(void)env;
	(void)type;
	return close(fd) < 0 ? -errno : 0;
}

METHOD(jint, control)(JNIEnv *env, jclass type, jint fd, jlong command, jlong argument)
{
	int result = ioctl(fd, (unsigned long)command, address(argument));

	(void)env;
	(void)type;
	return result < 0 ? -errno : result;
}

METHOD(jint, read)(JNIEnv *env, jclass type, jint fd, jlong into, jint bytes)
{
	ssize_t got = read(fd, address(into), (size_t)bytes);

	(void)env;
	(void)type;
	return got < 0 ? -errno : (jint)got;
}

METHOD(jint, openWaker)(JNIEnv *env, jclass type)
{
	(void)env;
	(void)type;
	return waker_open();
}

METHOD(jint, wake)(JNIEnv *env, jclass type, jint waker)
{
	(void)env;
	(void)type;
	return waker_wake(waker);
}

METHOD(jint, await)(JNIEnv *env, jclass type, jint fd, jint waker)
{
	(void)env;
	(void)type;
	return waker_wait(fd, waker);
}

METHOD(jint, request)(JNIEnv *env, jclass type, jint shim, jint claim, jint operation, jint flags, jlong offset,
		      jlong buffer, jlong bytes)
{
	(void)env;
	(void)type;
	return shim_request(shim, (uint32_t)claim, (uint8_t)operation, (uint32_t)flags, (uint64_t)offset,
			    address(buffer), (uint64_t)bytes);
}
