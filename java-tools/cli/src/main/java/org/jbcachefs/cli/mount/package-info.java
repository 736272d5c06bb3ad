// SPDX-License-Identifier: GPL-2.0-or-later
/**
 * {@code mount} and {@code umount}: from words to an open filesystem that the {@code fuse} module
 * serves.
 */
package org.jbcachefs.cli.mount;
