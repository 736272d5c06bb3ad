/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Waiting for a descriptor in a way that another thread can end. */
#ifndef JBCACHEFS_WAKER_H
#define JBCACHEFS_WAKER_H

enum waker_answer {
	WAIT_READY = 1,
	WAIT_WOKEN = 2,
};

/* A descriptor for the functions below; close(2) it when nobody waits any more. Negative: an errno. */
int waker_open(void);

/* Ends every wait with it, those to come as well. From any thread. */
int waker_wake(int waker);

/* Waits until the descriptor can be read from, or has failed (ready as well), or for waker_wake, which counts first. */
int waker_wait(int fd, int waker);

#endif
