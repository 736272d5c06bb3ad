// SPDX-License-Identifier: GPL-2.0-or-later
/** The device set: superblocks found, chosen, checked; members assembled. */
package org.jbcachefs.engine.sb;
