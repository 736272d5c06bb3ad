// SPDX-License-Identifier: GPL-2.0-or-later
/**
 * What is kept about space, made anew of all other keys: one look over them ({@link
 * org.jbcachefs.engine.repair.alloc.SpaceRebuild}), and what differs is written.
 */
package org.jbcachefs.engine.repair.alloc;
