// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.fuzz;

/** A key of a btree at a level. */
record KeySample(int btree, int level, Sample sample) {}
