// SPDX-License-Identifier: GPL-2.0-or-later
/* 6.7: commands have a header of their own. Later probes of io_uring use the answer. */
#include <linux/io_uring/cmd.h>
