// SPDX-License-Identifier: GPL-2.0-or-later
/**
 * The lists of background work against the extents, stripes and nodes that need it, and these
 * against what options want. Lists and what asks for them are compared by sums of hashes; only if
 * these differ is anything looked up. What options want is worked out here anew, and not as those
 * who write do.
 */
package org.jbcachefs.engine.check.reconcile;
