// SPDX-License-Identifier: GPL-2.0-or-later
/* Numbers from Java in, numbers out; see KernelNative.java for what each one means. */
#include "kernels.h"
#include "org_jbcachefs_block_kernel_KernelNative.h"

#define METHOD(type, name) JNIEXPORT type JNICALL Java_org_jbcachefs_block_kernel_KernelNative_##name

static void *address(jlong value)
{
	return (void *)(intptr_t)value;
}

METHOD(jlong, crc64)(JNIEnv *env, jclass type, jlong crc, jlong from, jlong bytes)
{
	(void)env;
	(void)type;
	return (jlong)kernels_best()->crc64((uint64_t)crc, address(from), (size_t)bytes);
}

METHOD(void, add)(JNIEnv *env, jclass type, jlong to, jlong from, jlong bytes)
{
	(void)env;
	(void)type;
	kernels_best()->add(address(to), address(from), (size_t)bytes);
}

METHOD(void, addToBoth)(JNIEnv *env, jclass type, jlong p, jlong q, jlong block, jlong bytes)
{
	(void)env;
	(void)type;
	kernels_best()->add_to_both(address(p), address(q), address(block), (size_t)bytes);
}

METHOD(void, timesGenerator)(JNIEnv *env, jclass type, jlong to, jlong bytes)
{
	(void)env;
	(void)type;
	kernels_best()->times_generator(address(to), (size_t)bytes);
}

METHOD(void, times)(JNIEnv *env, jclass type, jint factor, jlong to, jlong bytes)
{
	(void)env;
	(void)type;
	kernels_best()->times((uint8_t)factor, address(to), (size_t)bytes);
}
