// SPDX-License-Identifier: GPL-2.0-or-later
/**
 * The device set: superblocks found, chosen, checked; members assembled. It also knows how its
 * devices behave ({@link org.jbcachefs.engine.sb.MemberHealth}) and counts what is done with them
 * ({@link org.jbcachefs.engine.sb.Activity}), for all who read and write through it.
 */
package org.jbcachefs.engine.sb;
