// SPDX-License-Identifier: GPL-2.0-or-later
/** A filesystem in memory, to test and measure the mount without any on-disk format. */
package org.jbcachefs.fuse.testing;
