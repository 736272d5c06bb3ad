// SPDX-License-Identifier: GPL-2.0-or-later
/**
 * The format's registers: versions, features, recovery passes, counters, error ids, options, and
 * the small enumerations that several structures share.
 *
 * <p>Everything here is a name and a number that must never change, with what belongs to it.
 * Unknown numbers are no error here: lookups return null, and texts say "unknown".
 */
package org.jbcachefs.format.tables;
