// SPDX-License-Identifier: GPL-2.0-or-later
/**
 * The filesystem engine; its rooms carry the names that anyone who knows bcachefs expects. Knows
 * neither FUSE nor the command line.
 */
package org.jbcachefs.engine;
