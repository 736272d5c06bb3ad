// SPDX-License-Identifier: GPL-2.0-or-later
/** Directories of this machine, copied into filesystems. Used by commands that make filesystems. */
package org.jbcachefs.cli.source;
