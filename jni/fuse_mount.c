// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "native.h"

/* The helper finds the socket that it answers on through this variable. */
static const char socket_variable[] = "_FUSE_COMMFD=";

static int receive_descriptor(int socket)
{
	char byte;
	struct iovec data = { .iov_base = &byte, .iov_len = 1 };
	union {
		struct cmsghdr header;
		char bytes[CMSG_SPACE(sizeof(int))];
	} control;
	struct msghdr message = {
		.msg_iov = &data,
		.msg_iovlen = 1,
		.msg_control = control.bytes,
		.msg_controllen = sizeof(control.bytes),
	};
	struct cmsghdr *header;
	ssize_t got;
	int fd;

	do {
		got = recvmsg(socket, &message, MSG_CMSG_CLOEXEC);
	} while (got < 0 && errno == EINTR);
	if (got < 0)
		return -errno;
	header = got > 0 ? CMSG_FIRSTHDR(&message) : NULL;
	if (!header || header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS ||
	    header->cmsg_len != CMSG_LEN(sizeof(int)))
		return -EPERM;
	memcpy(&fd, CMSG_DATA(header), sizeof(fd));
	return fd;
}

static int wait_for(pid_t child)
{
	int status;

	while (waitpid(child, &status, 0) < 0) {
		if (errno != EINTR)
			return -errno;
	}
	return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : -EPERM;
}

/* The caller's environment and the socket's number. */
static char **environment_with(char *variable)
{
	extern char **environ;
	size_t count = 0, kept = 0;
	char **copy;

	while (environ[count])
		count++;
	copy = calloc(count + 2, sizeof(*copy));
	if (!copy)
		return NULL;
	for (size_t i = 0; i < count; i++) {
		if (strncmp(environ[i], socket_variable, sizeof(socket_variable) - 1) != 0)
			copy[kept++] = environ[i];
	}
	copy[kept] = variable;
	return copy;
}

static int spawn_helper(const char *helper, const char *options, const char *mountpoint, int socket, pid_t *child)
{
	char variable[sizeof(socket_variable) + 12];
	char *argv[] = { (char *)helper, (char *)"-o", (char *)options, (char *)"--", (char *)mountpoint, NULL };
	char **environment;
	int error;

	snprintf(variable, sizeof(variable), "%s%d", socket_variable, socket);
	environment = environment_with(variable);
	if (!environment)
		return -ENOMEM;
	error = posix_spawnp(child, helper, NULL, NULL, argv, environment);
	free(environment);
	return -error;
}

int fuse_mount_by_helper(const char *helper, const char *options, const char *mountpoint)
{
	int sockets[2];
	pid_t child;
	int error, fd;

	if (socketpair(AF_UNIX, SOCK_STREAM, 0, sockets) < 0)
		return -errno;
	/* Only the helper's end is inherited. */
	if (fcntl(sockets[1], F_SETFD, FD_CLOEXEC) < 0) {
		error = -errno;
		close(sockets[0]);
		close(sockets[1]);
		return error;
	}
	error = spawn_helper(helper, options, mountpoint, sockets[0], &child);
	close(sockets[0]);
	if (error) {
		close(sockets[1]);
		return error;
	}
	fd = receive_descriptor(sockets[1]);
	close(sockets[1]);
	error = wait_for(child);
	if (error && fd >= 0) {
		close(fd);
		return error;
	}
	return fd;
}
