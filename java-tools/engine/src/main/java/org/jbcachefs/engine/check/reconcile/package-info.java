// SPDX-License-Identifier: GPL-2.0-or-later
/**
 * The lists of background work against the extents, stripes and nodes that need it. Lists and what
 * asks for them are compared by sums of hashes; only if these differ is anything looked up.
 */
package org.jbcachefs.engine.check.reconcile;
