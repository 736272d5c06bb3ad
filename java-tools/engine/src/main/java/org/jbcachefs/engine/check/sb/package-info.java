// SPDX-License-Identifier: GPL-2.0-or-later
/** Superblocks: their copies, and their sections against each other and the devices. */
package org.jbcachefs.engine.check.sb;
