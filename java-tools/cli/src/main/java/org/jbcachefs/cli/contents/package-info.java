// SPDX-License-Identifier: GPL-2.0-or-later
/**
 * Commands that change what is in files of a mounted filesystem in ways that FUSE cannot carry.
 * They run in the daemon; the kernel, which keeps sizes of files itself, is told the new size
 * afterwards by whoever typed the command.
 */
package org.jbcachefs.cli.contents;
