// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * without-io-uring ERRNO COMMAND...: runs it where io_uring fails with that number, as container runtimes have it: 1 (EPERM) as
 * kernel.io_uring_disabled does, 38 (ENOSYS) as a kernel does that has none. Needs no rights.
 */
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#define IS_SYSTEM_CALL(number) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (number), 0, 1)

static int forbid(unsigned int error)
{
	const unsigned int fails = SECCOMP_RET_ERRNO | (error & SECCOMP_RET_DATA);
	struct sock_filter filter[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		IS_SYSTEM_CALL(SYS_io_uring_setup),
		BPF_STMT(BPF_RET | BPF_K, fails),
		IS_SYSTEM_CALL(SYS_io_uring_enter),
		BPF_STMT(BPF_RET | BPF_K, fails),
		IS_SYSTEM_CALL(SYS_io_uring_register),
		BPF_STMT(BPF_RET | BPF_K, fails),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = { sizeof(filter) / sizeof(*filter), filter };

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 || prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) < 0)
		return -errno;
	return 0;
}

int main(int count, char **words)
{
	int error;

	if (count < 3) {
		fprintf(stderr, "usage: %s ERRNO COMMAND...\n", words[0]);
		return 2;
	}
	error = forbid((unsigned int)atoi(words[1]));
	if (error) {
		fprintf(stderr, "%s: no filter of system calls: %s\n", words[0], strerror(-error));
		return 77;
	}
	execvp(words[2], words + 2);
	perror(words[2]);
	return 127;
}
