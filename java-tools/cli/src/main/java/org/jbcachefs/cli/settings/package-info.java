// SPDX-License-Identifier: GPL-2.0-or-later
/**
 * Commands that change options: those that the superblocks of a filesystem keep while nothing has
 * it open, and those of files of a mounted one.
 */
package org.jbcachefs.cli.settings;
