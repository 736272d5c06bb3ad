// SPDX-License-Identifier: GPL-2.0-or-later
/** Repairs of nodes and of the journal. */
package org.jbcachefs.engine.repair.btree;
