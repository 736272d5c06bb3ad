// SPDX-License-Identifier: GPL-2.0-or-later
/**
 * The switches with which a test breaks a rule of the write path, to see that what judges the
 * result is able to notice. In production every rule holds.
 */
package org.jbcachefs.engine.rules;
