// SPDX-License-Identifier: GPL-2.0-or-later
/**
 * Filesystems damaged at random, given to our checker and to another one: whatever the other one
 * objects to, ours objects to as well.
 */
package org.jbcachefs.engine.check.agreement;
