// SPDX-License-Identifier: GPL-2.0-or-later
/**
 * The {@code fsck} command: shows what {@link org.jbcachefs.engine.check.Check} finds, as text or
 * JSON, in bounded length, and answers with the exit codes of fsck(8).
 */
package org.jbcachefs.cli.fsck;
