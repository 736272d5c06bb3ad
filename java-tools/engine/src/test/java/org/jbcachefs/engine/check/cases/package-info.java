// SPDX-License-Identifier: GPL-2.0-or-later
/**
 * Runs the cases of {@code tests/fsck}: a golden filesystem, statements that damage it, and all
 * that the checker must then find; and holds them against every error id that the code can report.
 */
package org.jbcachefs.engine.check.cases;
