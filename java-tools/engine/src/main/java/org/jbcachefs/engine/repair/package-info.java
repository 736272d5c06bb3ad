// SPDX-License-Identifier: GPL-2.0-or-later
/**
 * Repairs: what is done about what the checker finds. The passes of {@code engine.check} only
 * report; {@link org.jbcachefs.engine.repair.RepairTable} has one {@link
 * org.jbcachefs.engine.repair.Repair} for an error id, and {@link
 * org.jbcachefs.engine.repair.RepairRun} checks, repairs and checks again. Everything is changed by
 * the transactions, triggers and journal of a mount.
 */
package org.jbcachefs.engine.repair;
