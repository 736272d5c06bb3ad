// SPDX-License-Identifier: GPL-2.0-or-later
/**
 * The {@code verify} command: shows what {@link org.jbcachefs.engine.data.Verify} finds, as text or
 * JSON.
 */
package org.jbcachefs.cli.verify;
