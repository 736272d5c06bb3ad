// SPDX-License-Identifier: GPL-2.0-or-later
/**
 * Superblocks as text and as JSON.
 *
 * <p>The text agrees line by line with what the reference prints, so that eyes and scripts that
 * know it keep working; what is only in newer versions of the format is in the JSON. Everything
 * here renders what it is given and reads no device.
 */
package org.jbcachefs.cli.show;
