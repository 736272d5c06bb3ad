// SPDX-License-Identifier: GPL-2.0-or-later
/* Numbers from Java in, numbers out; see FuseNative.java for what each one means. */
#include <errno.h>
#include <stdint.h>
#include <unistd.h>

#include "native.h"
#include "org_jbcachefs_fuse_transport_FuseNative.h"

#define METHOD(type, name) JNIEXPORT type JNICALL Java_org_jbcachefs_fuse_transport_FuseNative_##name

static void *address(jlong value)
{
	return (void *)(intptr_t)value;
}

METHOD(jint, openDevice)(JNIEnv *env, jclass type)
{
	(void)env;
	(void)type;
	return fuse_device_open();
}

METHOD(jint, cloneDevice)(JNIEnv *env, jclass type, jint fd)
{
	(void)env;
	(void)type;
	return fuse_device_clone(fd);
}

METHOD(jint, receive)(JNIEnv *env, jclass type, jint fd, jlong buffer, jint length, jlong spin_nanos)
{
	(void)env;
	(void)type;
	return fuse_device_receive(fd, address(buffer), (size_t)length, spin_nanos);
}

METHOD(jint, reply)(JNIEnv *env, jclass type, jint fd, jlong buffer, jint length)
{
	(void)env;
	(void)type;
	return fuse_device_reply(fd, address(buffer), (size_t)length);
}

METHOD(jint, close)(JNIEnv *env, jclass type, jint fd)
{
	(void)env;
	(void)type;
	return close(fd) < 0 ? -errno : 0;
}

METHOD(jint, pinThread)(JNIEnv *env, jclass type, jint cpu)
{
	(void)env;
	(void)type;
	return pin_thread(cpu);
}

METHOD(jint, mountByHelper)(JNIEnv *env, jclass type, jlong helper, jlong options, jlong mountpoint)
{
	(void)env;
	(void)type;
	return fuse_mount_by_helper(address(helper), address(options), address(mountpoint));
}

METHOD(jlong, openRing)(JNIEnv *env, jclass type, jint fd)
{
	struct fuse_ring *ring;
	int error = fuse_ring_open(fd, &ring);

	(void)env;
	(void)type;
	return error ? error : (jlong)(intptr_t)ring;
}

METHOD(jint, registerEntries)(JNIEnv *env, jclass type, jlong ring, jint queue, jint first, jint entries, jlong headers,
			      jlong header_bytes, jlong payloads, jlong payload_bytes)
{
	(void)env;
	(void)type;
	return fuse_ring_register(address(ring), (unsigned int)queue, (uint32_t)first, (unsigned int)entries,
				  address(headers), (size_t)header_bytes, address(payloads), (size_t)payload_bytes);
}

METHOD(jint, exchange)(JNIEnv *env, jclass type, jlong ring, jlong commits, jint count, jint wait_for, jlong arrivals,
		       jint max)
{
	(void)env;
	(void)type;
	return fuse_ring_exchange(address(ring), address(commits), (unsigned int)count, (unsigned int)wait_for,
				  address(arrivals), (unsigned int)max);
}

METHOD(jint, wakeRing)(JNIEnv *env, jclass type, jlong ring)
{
	(void)env;
	(void)type;
	return fuse_ring_wake(address(ring));
}

METHOD(void, closeRing)(JNIEnv *env, jclass type, jlong ring)
{
	(void)env;
	(void)type;
	fuse_ring_close(address(ring));
}
