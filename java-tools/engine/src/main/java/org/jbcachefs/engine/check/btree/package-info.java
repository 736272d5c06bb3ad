// SPDX-License-Identifier: GPL-2.0-or-later
/** The check of the btrees themselves: every node can be read, and neighbours meet. */
package org.jbcachefs.engine.check.btree;
