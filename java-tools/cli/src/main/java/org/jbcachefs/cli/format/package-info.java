// SPDX-License-Identifier: GPL-2.0-or-later
/**
 * The command that makes filesystems: its words, whose order counts, and what it looks at before it
 * overwrites a device. What is chosen for whoever did not say is {@code
 * org.jbcachefs.engine.recovery.FormatPlan}'s matter.
 */
package org.jbcachefs.cli.format;
